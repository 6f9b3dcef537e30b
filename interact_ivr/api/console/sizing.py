"""How large a pool should be: by what was measured, or by figures that are typed in; in a picture.

The picture is made of its address alone, so that it shows what stands on the page beside it.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from math import isfinite
from typing import Annotated, Any, Final

import msgspec
from aiohttp import web
from msgspec import Meta

from interact_ivr.api.console.asking import Asked, Desk, asked, must_have, page
from interact_ivr.api.console.frames import query_of
from interact_ivr.api.console.pages import GUARDED
from interact_ivr.api.routes import Needs, Route, Who
from interact_ivr.domain.erlang import numbers_needed
from interact_ivr.domain.errors import BadInput
from interact_ivr.domain.sizing import (
    DAYS,
    LEAST_TARGET,
    MOST_ARRIVALS,
    MOST_DAYS,
    MOST_HOLD_SECONDS,
    MOST_NUMBERS,
    SizeQuestion,
    Sizing,
    given_size,
)
from interact_ivr.domain.traffic import Day
from interact_ivr.plotting import STYLE
from interact_ivr.service.pool_watch import Standing
from interact_ivr.service.pools import Pools
from interact_ivr.service.sizing import PoolSizing
from interact_ivr.sizing_charts import said_of, sizing_svg
from interact_ivr.sizing_words import ahead

Strained = Callable[[str], Sequence[Standing]]
"""Gives the pools of an environment that are warned of."""
Text = Annotated[str, Meta(max_length=64)]

_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
PICTURE_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of a picture: its own style, and nothing else."""
TARGETS: Final = (0.1, 0.05, 0.02, 0.01, 0.001, 0.0001)
"""For each of these the page says how many numbers are needed."""


class SizingAsked(Asked, frozen=True):
    """What the forms have: text, as it is shown again as it was typed."""

    group: Text = ""
    days: Text = ""
    target: Text = ""
    arrivals_per_hour: Text = ""
    hold_seconds: Text = ""
    numbers: Text = ""


class Figure(msgspec.Struct, frozen=True):
    """A figure that may be typed in: how it is read, and from where to where it may be."""

    read: type[int] | type[float]
    low: float
    high: float
    expected: str

    def of(self, name: str, text: str) -> Any:
        """Read *text*, or raise `BadInput`."""
        try:
            value = self.read(text)
        except ValueError:
            value = float("nan")
        if self.low <= value <= self.high:
            return value
        raise BadInput(name, self.expected, f"{text!r}")


FIGURES: Final = {
    "days": Figure(int, 1, MOST_DAYS, f"a whole number from 1 to {MOST_DAYS}"),
    "target": Figure(
        *(float, LEAST_TARGET, 1 - 1e-12),
        f"a share from {LEAST_TARGET:f} to below 1, as 0.001",
    ),
    "arrivals_per_hour": Figure(float, 0, MOST_ARRIVALS, f"a number from 0 to {MOST_ARRIVALS}"),
    "hold_seconds": Figure(float, 0, MOST_HOLD_SECONDS, f"seconds, from 0 to {MOST_HOLD_SECONDS}"),
    "numbers": Figure(int, 0, MOST_NUMBERS, f"a whole number from 0 to {MOST_NUMBERS}"),
}


class Pictured(msgspec.Struct, frozen=True):
    """What a picture is made of."""

    arrivals_per_hour: float
    hold_seconds: float
    target: float
    numbers: int | None = None
    first: date | None = None
    """Whose load is the first one of *loads*."""
    loads: Annotated[str, Meta(max_length=2000)] = ""
    """Erlangs of the days' busiest hours, with commas; nothing for a day without arrivals."""

    def days(self) -> list[Day]:
        """Give the days, or raise `BadInput`."""
        if self.first is None or not self.loads:
            return []
        texts = self.loads.split(",")
        try:
            loads = [(at, float(text)) for at, text in enumerate(texts) if text]
            days = [Day(self.first + timedelta(days=at), 0, load) for at, load in loads]
        except (ValueError, OverflowError):
            days = []
        if not days or not all(isfinite(day.erlangs) and day.erlangs >= 0 for day in days):
            raise BadInput("loads", "numbers from 0 on, with commas", "something else")
        return days


class Answered(msgspec.Struct, frozen=True):
    """What became of a question."""

    sizing: Sizing | None = None
    """None: it was none."""
    needed: Sequence[tuple[float, int]] = ()
    """How many numbers each of the targets needs."""
    faults: Mapping[str, str] = msgspec.field(default_factory=dict)
    """What is wrong with a field."""


class SizingPages(msgspec.Struct, frozen=True):
    """Serves it."""

    desk: Desk
    sizing: PoolSizing
    pools: Pools
    strained: Strained

    def routes(self) -> list[Route]:
        """Give what is served."""
        return [
            page("sizing", Needs.CONSOLE_VIEWER, self._show),
            page("sizing-picture", Needs.CONSOLE_VIEWER, self._picture),
        ]

    async def _show(self, request: web.Request, who: Who) -> web.Response:
        what = asked(request, SizingAsked)
        here = must_have(who)
        groups = await self.pools.group_names(here, what.application)
        answered = await self._answered(here, what)
        size = answered.sizing.size if answered.sizing else None
        return self.desk.show(
            *(request, who, "sizing.html", 400 if answered.faults else 200),
            what=what,
            groups=groups,
            applications=self.desk.applications(who),
            strained=self.strained(here),
            answered=answered,
            size=size,
            measured=answered.sizing.measured if answered.sizing else None,
            picture=_picture_of(answered.sizing) if answered.sizing else "",
            said=said_of(size) if size else "",
            ahead=ahead,
            days=DAYS,
        )

    async def _answered(self, environment: str, what: SizingAsked) -> Answered:
        values, faults = _read(what)
        if faults:
            return Answered(faults=faults)
        try:
            question = SizeQuestion(what.application, what.group or None, **values)
            sizing = await self.sizing.answer(environment, question)
        except BadInput as error:
            return Answered(faults={error.field: str(error)})
        if sizing.size is None:
            return Answered(sizing)
        load = sizing.size.erlangs
        needed = await self.sizing.calculate(
            environment, lambda: [(target, numbers_needed(load, target)) for target in TARGETS]
        )
        return Answered(sizing, needed)

    async def _picture(self, request: web.Request, who: Who) -> web.Response:
        what = asked(request, Pictured)
        question = SizeQuestion(
            target=what.target,
            arrivals_per_hour=what.arrivals_per_hour,
            hold_seconds=what.hold_seconds,
            numbers=what.numbers,
        )
        days = what.days()

        def drawn() -> str:
            size = given_size(question).size
            return "" if size is None else sizing_svg(size, days)

        text = await self.sizing.calculate(must_have(who), drawn)
        headers = {**GUARDED, "Content-Security-Policy": PICTURE_POLICY}
        return web.Response(text=text, content_type="image/svg+xml", headers=headers)


def _read(what: SizingAsked) -> tuple[dict[str, Any], dict[str, str]]:
    """Give the figures that were typed in, and what is wrong with the others."""
    values, faults = dict[str, Any](), dict[str, str]()
    for name, figure in FIGURES.items():
        if text := getattr(what, name).strip():
            try:
                values[name] = figure.of(name, text)
            except BadInput as error:
                faults[name] = str(error)
    return values, faults


def _picture_of(sizing: Sizing) -> str:
    """Give the address of the picture; nothing where there is nothing to draw."""
    size, measured = sizing.size, sizing.measured
    if size is None:
        return ""
    days = {day.date: day for day in measured.days} if measured else {}
    first, last = min(days, default=date.min), max(days, default=date.min)
    span = [first + timedelta(days=at) for at in range((last - first).days + 1)]
    loads = ",".join(f"{days[at].erlangs:.4g}" if at in days else "" for at in span)
    query = query_of(
        {
            "arrivals_per_hour": size.arrivals_per_hour,
            "hold_seconds": size.taken_seconds,
            "target": size.target,
            "numbers": size.numbers,
            "first": first.isoformat() if days else None,
            "loads": loads,
        }
    )
    return f"sizing-picture{query}"
