"""How the service is: whether it would answer, its PBXes, and its other facts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from interact_ivr.api.console.asking import Asked, Desk, asked, page
from interact_ivr.api.console.frames import SERVICE
from interact_ivr.api.console.guarding import SESSION
from interact_ivr.api.health import Health
from interact_ivr.api.routes import Needs, Route, Who
from interact_ivr.domain.directory import tenant_of
from interact_ivr.domain.errors import NotPermitted

_TABLES = ("pbx", "directories")
"""The facts that have a table of their own."""


@dataclass(slots=True)
class ServicePages:
    """Serves it, to the default environment's tenant: the service is everybody's."""

    desk: Desk
    health: Health
    facts: Callable[[], Mapping[str, Any]] = dict
    """What `interact-ivr status` says; set once the service has any."""

    def routes(self) -> list[Route]:
        """Give what is served."""
        return [page(SERVICE, Needs.CONSOLE_VIEWER, self._show)]

    async def _show(self, request: web.Request, who: Who) -> web.Response:
        asked(request, Asked)
        if request[SESSION].user.tenant != tenant_of(self.desk.administration.default):
            raise NotPermitted
        readiness = await self.health.readiness()
        facts = self.facts()
        return self.desk.show(
            request,
            who,
            "service.html",
            readiness=readiness,
            facts=[*_plain(facts)],
            warnings=facts.get("warnings", ()),
            tables=[(name, _table(facts[name])) for name in _TABLES if facts.get(name)],
        )


def _plain(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in facts.items():
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            yield name.replace("_", " "), str(value)


def _table(rows: Any) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    """Lay *rows*, mappings by name or one after the other, out as headings and cells."""
    named = (
        [{"name": name, **each} for name, each in rows.items()]
        if isinstance(rows, Mapping)
        else [*rows]
    )
    headings = list(dict.fromkeys(key for row in named for key in row))
    return headings, [[_cell(row.get(key)) for key in headings] for row in named]


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Mapping():
            return ", ".join(f"{key}: {_cell(each)}" for key, each in value.items())
        case list() | tuple():
            return ", ".join(map(_cell, value))
        case _:
            return str(value)
