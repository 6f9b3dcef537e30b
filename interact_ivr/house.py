"""The HTTP house, put together from the configuration and the services."""

import re
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Self

import msgspec
from aiohttp import web

from interact_ivr import __version__
from interact_ivr.api.acting import HttpActs
from interact_ivr.api.answering import Answering, Speech
from interact_ivr.api.console.console import Console
from interact_ivr.api.console.guarding import ConsoleGuard
from interact_ivr.api.cors import Cors
from interact_ivr.api.credentials import Credentials
from interact_ivr.api.dnis import Dnis
from interact_ivr.api.event_streams import EventStreams
from interact_ivr.api.foreign import ForeignNumbers
from interact_ivr.api.guessing import Guessing
from interact_ivr.api.health import NO_CHECKS, Check, Health
from interact_ivr.api.icws.faults import IcwsDialect
from interact_ivr.api.icws.paths import OURS, in_lower_case
from interact_ivr.api.native.agent_calls import Showing
from interact_ivr.api.native.agents import AgentRoutes
from interact_ivr.api.native.allocations import AllocationRoutes
from interact_ivr.api.native.audit import AuditRoutes
from interact_ivr.api.native.explaining import ExplainRoutes
from interact_ivr.api.native.journal import JournalRoutes
from interact_ivr.api.native.numbers import NumberRoutes
from interact_ivr.api.native.problems import NativeDialect
from interact_ivr.api.native.sizing import SizingRoutes
from interact_ivr.api.native.tokens import TokenRoutes
from interact_ivr.api.openapi import with_document
from interact_ivr.api.registry import Registry
from interact_ivr.api.rest import Rest, RestDialect
from interact_ivr.api.routes import Route, application_of
from interact_ivr.api.screen.board import Boards
from interact_ivr.api.screen.dialect import ROOTS as SCREEN_ROOTS
from interact_ivr.api.screen.dialect import ScreenDialect
from interact_ivr.api.screen.pages import Pages
from interact_ivr.api.screen.screens import BASE as SCREEN
from interact_ivr.api.screen.screens import ScreenRoutes
from interact_ivr.api.server import Certificate, HttpServer
from interact_ivr.api.signing_in import SignIn
from interact_ivr.api.soap.service import Soap, SoapDialect
from interact_ivr.api.sources import Sources
from interact_ivr.app import Parts
from interact_ivr.config_http import HttpConfig
from interact_ivr.config_keys import Config
from interact_ivr.console import console_of
from interact_ivr.domain.errors import (
    NoSuchApplication,
    NoSuchEnvironment,
    StoreUnavailable,
    TooLate,
)
from interact_ivr.domain.networks import networks
from interact_ivr.icws import Icws
from interact_ivr.metrics import CONTENT_TYPE, Metrics
from interact_ivr.service.guesses import Guesses

_PROBE_SECONDS = 1.5


class House(msgspec.Struct, frozen=True):
    """The HTTP server, and what of it others need to reach."""

    server: HttpServer
    application: web.Application
    routes: Sequence[Route]
    """All that *application* serves."""
    health: Health
    icws: Icws
    screen: ScreenRoutes
    console: Console
    streams: EventStreams
    certificate: Certificate | None

    def read_certificate(self) -> ssl.SSLContext | None:
        """Read the certificate as its files have it now; OSError where it cannot be used."""
        return None if self.certificate is None else self.certificate.read()

    def use_certificate(self, read: ssl.SSLContext | None) -> None:
        """Show new connections what was read."""
        if self.certificate is not None and read is not None:
            self.certificate.use(read)

    @classmethod
    @asynccontextmanager
    async def of(
        cls,
        config: Config,
        parts: Parts,
        metrics: Metrics,
        calls: Callable[[], int],
        required: Mapping[str, Check] = NO_CHECKS,
        degrading: Mapping[str, Check] = NO_CHECKS,
    ) -> AsyncIterator[Self]:
        """Build it; it does not listen yet. *calls* says how many are being answered.

        `/readyz` looks at what is *required*, too, and names what is *degrading*.
        """
        http = config.http
        async with AsyncExitStack() as stack:
            registry = None
            if http.interaction_registry:
                registry = await stack.enter_async_context(Registry(http.interaction_registry))
            certificate = _certificate(http)
            public = http.public_url.rstrip("/")
            sources = Sources(networks(http.trusted_proxies), public)
            health = Health(
                {
                    "store": partial(_store_missing, parts),
                    "environment.default": partial(_environment_missing, parts),
                    **required,
                },
                partial(_metrics_text, parts, metrics),
                CONTENT_TYPE,
                degrading,
            )
            foreign = ForeignNumbers.of(http.free_guesses, metrics.foreign_number)
            dnis = Dnis(parts.allocations, parts.numbers, registry, http.get_consumes, foreign)
            sign_in = SignIn(parts.logins.check, sources, metrics.login_failed)
            icws = Icws.of(config.icws, parts, sign_in, sources, lambda: health.stopping)
            metrics.gauge("icws_sessions", "Sessions of ICWS", lambda: len(icws.sessions))
            operators = networks(http.operators)
            streams, showing, pages = (
                EventStreams(http.most_streams),
                Showing(parts.numbers),
                Pages(),
            )
            recording = HttpActs(parts.acts, sources)
            console = console_of(
                *(config.console, parts, sign_in, sources, streams, health, recording)
            )
            metrics.gauge("console_sessions", "Sessions of people", lambda: len(console.sessions))
            guarding = ConsoleGuard(console.sessions, parts.access)
            credentials = Credentials(
                *(parts.access, sign_in, icws.check, guarding.check),
                Guessing(Guesses(http.free_guesses), sources, metrics.secret_failed),
                *(sources, operators),
            )
            guard = credentials.check
            metrics.gauge("event_streams", "Agents' screens that are open", lambda: len(streams))
            screen = ScreenRoutes(
                *(parts.agents, Boards(showing), pages, streams, credentials.bearer, sources),
                parts.clock,
                config.screen.customer_url,
            )
            soap = Soap(dnis, guard, lambda request: public or sources.base(request), recording)
            routes = with_document(
                [
                    *_native_routes(parts, dnis),
                    *AgentRoutes(parts.agents, showing, streams).routes(),
                    *Rest(dnis).routes(http.application_name),
                    *soap.routes(http.application_name),
                    *icws.routes,
                    *screen.routes(),
                    *console.routes(),
                    *health.routes(),
                ],
                __version__,
                public,
            )
            vendor = f"/{http.application_name}/version/"
            answering = Answering(
                [
                    Speech(re.compile(f"{re.escape(vendor)}[^/]*/[^/]*/soap"), SoapDialect()),
                    Speech(re.compile(re.escape(vendor)), RestDialect(http.support_url)),
                    Speech(OURS, IcwsDialect(icws.alternate_hosts), icws.absent),
                    *(
                        Speech(re.compile(f"{SCREEN}{path}"), ScreenDialect(pages, root))
                        for path, root in SCREEN_ROOTS
                    ),
                    console.speech,
                    Speech(re.compile(""), NativeDialect()),
                ],
                sources,
                http.body_limit_bytes,
                metrics.answered,
                calls,
                log_all=http.log_requests == "all",
            )
            application = application_of(
                *(routes, guard, answering.middleware, http.body_limit_bytes, http.body_seconds),
                recording,
            )
            application.on_cleanup.append(answering.close)
            if http.cors_origins:
                Cors(frozenset(http.cors_origins)).let_into(application)
            server = HttpServer(
                application,
                answering.refused,
                certificate,
                reading=in_lower_case,
                most_connections=http.most_connections,
                idle_seconds=http.idle_seconds,
            )
            yield cls(
                server, application, routes, health, icws, screen, console, streams, certificate
            )


def _native_routes(parts: Parts, dnis: Dnis) -> Iterator[Route]:
    yield from ExplainRoutes(parts.numbers).routes()
    yield from NumberRoutes(parts.numbers, parts.imports, parts.pools).routes()
    yield from AllocationRoutes(dnis, parts.pools).routes()
    yield from JournalRoutes(parts.journal, parts.clock).routes()
    yield from SizingRoutes(parts.sizing).routes()
    yield from TokenRoutes(parts.tokens).routes()
    yield from AuditRoutes(parts.acts).routes()


async def _store_missing(parts: Parts) -> str | None:
    try:
        await parts.allocations.probe(time.monotonic() + _PROBE_SECONDS)
    except TooLate:
        return f"no answer within {_PROBE_SECONDS:g} seconds"
    except StoreUnavailable as error:
        return str(error)
    return None


async def _environment_missing(parts: Parts) -> str | None:
    if parts.administration.has_default:
        return None
    return f"there is no {parts.administration.default!r} yet"


async def _metrics_text(parts: Parts, metrics: Metrics) -> bytes:
    """Write the metrics, the pools counted as they stand now; on a broken store, without these."""
    counts: dict[tuple[str, str, str], int] = {}
    for environment, application in [*parts.environments.pools()]:
        with suppress(StoreUnavailable, NoSuchEnvironment, NoSuchApplication):  # it has just gone
            by_state = await parts.numbers.counts(environment, application)
            counts |= {(environment, application, state.value): n for state, n in by_state.items()}
    metrics.numbers(counts)
    nodes = sorted(parts.cluster.standing(), key=lambda node: node.age, reverse=True)
    ages = {node.presence.name: node.age.total_seconds() for node in nodes}
    metrics.nodes(sum(node.is_alive for node in nodes), ages)
    return metrics.text()


def _certificate(http: HttpConfig) -> Certificate | None:
    if not http.tls_certificate:
        return None
    key = Path(http.tls_key) if http.tls_key else None
    return Certificate(Path(http.tls_certificate), key)
