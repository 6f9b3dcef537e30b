"""Whether we live, whether we are ready, and what is counted: for what watches over us."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

import msgspec
from aiohttp import web

from interact_ivr.api.describing import JSON, Answer, Content, Description
from interact_ivr.api.native.problems import REFUSING
from interact_ivr.api.routes import Needs, Route, Who

Check = Callable[[], Awaitable[str | None]]
"""Says what is missing, in the administrator's words; None: nothing."""

NO_CHECKS: Mapping[str, Check] = MappingProxyType({})
_WITHIN_SECONDS = 2.0


class Readiness(msgspec.Struct, frozen=True):
    """Whether requests and calls would be answered."""

    ready: bool
    missing: dict[str, str]
    """What is missing, by name."""
    degraded: dict[str, str]
    """What is missing and does not hinder an answer, by name."""


_TEXT = Content("text/plain")
_HEALTHZ = Description("healthz", "Whether it lives", (Answer(200, "`ok`", _TEXT),), REFUSING)
_READYZ = Description(
    "readyz",
    "Whether requests and calls would be answered",
    (
        Answer(200, "they would", Content(JSON, Readiness)),
        Answer(503, "they would not", Content(JSON, Readiness)),
    ),
    REFUSING,
)
_METRICS = Description(
    "metrics", "What is counted, for Prometheus", (Answer(200, "the metrics", _TEXT),), REFUSING
)


class Health:
    """The three paths a supervisor, a load balancer and Prometheus ask."""

    def __init__(
        self,
        checks: Mapping[str, Check],
        metrics: Callable[[], Awaitable[bytes]],
        metrics_type: str,
        degrading: Mapping[str, Check] = NO_CHECKS,
    ) -> None:
        """*checks* are done at each `/readyz`, by the name of what they look at.

        So are *degrading* ones: what they miss is told, and we are ready all the same.
        """
        self.stopping = False
        self._checks = checks
        self._degrading = degrading
        self._metrics = metrics
        self._metrics_type = metrics_type

    def routes(self) -> list[Route]:
        """Give what is served."""
        return [
            Route("GET", "/healthz", Needs.NOTHING, self._healthz, _HEALTHZ),
            Route("GET", "/readyz", Needs.NOTHING, self._readyz, _READYZ),
            Route("GET", "/metrics", Needs.OPERATOR, self._show_metrics, _METRICS),
        ]

    async def _healthz(self, _: web.Request, __: Who) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, _: web.Request, __: Who) -> web.Response:
        answer = await self.readiness()
        return web.Response(
            status=200 if answer.ready else 503,
            body=msgspec.json.encode(answer),
            content_type=JSON,
        )

    async def readiness(self) -> Readiness:
        """Say whether requests and calls would be answered, by checks that are done now."""
        missing = {"service": "it is stopping"} if self.stopping else await _missing(self._checks)
        return Readiness(not missing, missing, await _missing(self._degrading))

    async def _show_metrics(self, _: web.Request, __: Who) -> web.Response:
        return web.Response(
            body=await self._metrics(), headers={"Content-Type": self._metrics_type}
        )


async def _missing(checks: Mapping[str, Check]) -> dict[str, str]:
    found = await asyncio.gather(*(_within(check) for check in checks.values()))
    return {name: what for name, what in zip(checks, found, strict=True) if what}


async def _within(check: Check) -> str | None:
    try:
        async with asyncio.timeout(_WITHIN_SECONDS):
            return await check()
    except TimeoutError:
        return f"no answer within {_WITHIN_SECONDS:g} seconds"
