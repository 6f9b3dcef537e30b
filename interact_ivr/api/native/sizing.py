"""How large a pool should be, over the native API: measured, or for figures that are given."""

from datetime import date
from typing import Annotated, Literal

import msgspec
from aiohttp import web
from msgspec import Meta

from interact_ivr.api.native.asking import Asked, Says, Time, Within, answer, given, native
from interact_ivr.api.routes import Needs, Route
from interact_ivr.domain.sizing import (
    DAYS,
    LEAST_TARGET,
    MOST_ARRIVALS,
    MOST_DAYS,
    MOST_HOLD_SECONDS,
    MOST_NUMBERS,
    SizeQuestion,
)
from interact_ivr.service.sizing import PoolSizing


class AskSize(Within, frozen=True, kw_only=True):
    """By which figures."""

    target: (
        Annotated[
            float,
            Meta(
                ge=LEAST_TARGET,
                lt=1,
                description="the share that may be refused; none: as it is configured, and 0.001 "
                "for figures that are given",
            ),
        ]
        | None
    ) = None
    days: Annotated[
        int, Meta(ge=1, le=MOST_DAYS, description="whole days measured, before today")
    ] = DAYS
    group: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    arrivals_per_hour: (
        Annotated[
            float,
            Meta(ge=0, le=MOST_ARRIVALS, description="given, with `hold_seconds`: not measured"),
        ]
        | None
    ) = None
    hold_seconds: (
        Annotated[
            float, Meta(ge=0, le=MOST_HOLD_SECONDS, description="how long each takes a number")
        ]
        | None
    ) = None
    numbers: (
        Annotated[int, Meta(ge=0, le=MOST_NUMBERS, description="with these: how many there are")]
        | None
    ) = None


class ShownSize(msgspec.Struct, frozen=True):
    """What arrivals and holding times ask of a pool."""

    arrivals_per_hour: float
    taken_seconds: float
    """How long each takes a number: held, and rested where that is strict."""
    erlangs: float
    target: float
    needed: int
    """The fewest numbers that refuse no more than the target."""
    numbers: int | None
    blocking: float | None
    """The share of arrivals that these refuse."""
    bears_erlangs: float | None
    """The load of which these refuse the target's share."""


class ShownDay(msgspec.Struct, frozen=True):
    """The busiest hour of a day, in UTC."""

    date: date
    arrivals: int
    erlangs: float


class ShownForecast(msgspec.Struct, frozen=True):
    """When the pool gets too small."""

    outlook: Literal["too few days", "does not surely grow", "grows", "more than the pool bears"]
    days: float | None
    """After the last one measured; null: it is not in sight."""
    erlangs_a_day: float | None


class ShownHoldAdvice(msgspec.Struct, frozen=True):
    """How long a hold should be, by how long callers take to dial."""

    hold_seconds: float
    enough_seconds: float | None
    """With 95 percent confidence enough for 99 in 100 of those who called; null: too few did."""
    retrieved: int
    expired: int
    fewest: int
    """So many must have called before anything is said."""


class ShownMeasured(msgspec.Struct, frozen=True):
    """Where the figures come from, and where they go."""

    since: Time
    allocations: int
    busiest_hour: Time | None
    days: list[ShownDay]
    forecast: ShownForecast
    hold: ShownHoldAdvice


class ShownSizing(msgspec.Struct, frozen=True):
    """How large the pool should be."""

    size: ShownSize | None
    """null: nothing was lent in that time."""
    measured: ShownMeasured | None
    """null: the figures were given."""


class SizingRoutes(msgspec.Struct, frozen=True):
    """Serves it."""

    sizing: PoolSizing

    def routes(self) -> list[Route]:
        """Give what is served."""
        return [
            native(
                "GET", "/sizing", Needs.VIEWER, self._size, AskSize,
                Says("size_pool", "How many numbers the pool needs, and until when it is enough"),
                answer(200, "its size, and where the figures come from", ShownSizing),
            )
        ]  # fmt: skip

    async def _size(self, asked: Asked[AskSize]) -> web.Response:
        what = asked.what
        question = SizeQuestion(
            *(asked.application, what.group, what.days, what.target),
            *(what.arrivals_per_hour, what.hold_seconds, what.numbers),
        )
        sizing = await self.sizing.answer(asked.environment, question)
        return given(msgspec.convert(msgspec.to_builtins(sizing), ShownSizing))
