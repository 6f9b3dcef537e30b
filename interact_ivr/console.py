"""The console, put together from the configuration and the services."""

from interact_ivr.api.acting import HttpActs
from interact_ivr.api.console.applications import ApplicationPages
from interact_ivr.api.console.asking import Desk
from interact_ivr.api.console.audit import AuditPages
from interact_ivr.api.console.console import Console
from interact_ivr.api.console.entrance import Entrance
from interact_ivr.api.console.explaining import ExplainPages
from interact_ivr.api.console.importing import ImportPages
from interact_ivr.api.console.journal import JournalPages
from interact_ivr.api.console.live import LivePages
from interact_ivr.api.console.matching import MatchingPages
from interact_ivr.api.console.pages import ConsolePages
from interact_ivr.api.console.people import PeoplePages
from interact_ivr.api.console.pool import PoolPages
from interact_ivr.api.console.service import ServicePages
from interact_ivr.api.console.sessions import Limits, Sessions
from interact_ivr.api.console.sizing import SizingPages
from interact_ivr.api.event_streams import EventStreams
from interact_ivr.api.health import Health
from interact_ivr.api.signing_in import SignIn
from interact_ivr.api.sources import Sources
from interact_ivr.app import Parts
from interact_ivr.config_console import ConsoleConfig


def console_of(
    config: ConsoleConfig,
    parts: Parts,
    sign_in: SignIn,
    sources: Sources,
    streams: EventStreams,
    health: Health,
    recording: HttpActs,
) -> Console:
    """Build it."""
    desk = Desk(ConsolePages(), sources, parts.administration)
    sessions = Sessions(parts.access.user, limits_of(config))
    service = ServicePages(desk, health, parts.cluster.nodes)
    strained = parts.pool_watch.strained
    return Console(
        desk,
        sessions,
        service,
        [
            Entrance(desk, sessions, sign_in, parts.access, recording),
            PoolPages(desk, parts.numbers, parts.pools, strained),
            MatchingPages(desk, parts.numbers),
            SizingPages(desk, parts.sizing, parts.pools, strained),
            ImportPages(desk, parts.imports),
            JournalPages(desk, parts.journal, parts.clock),
            ExplainPages(desk, parts.numbers, parts.plans, parts.activation),
            LivePages(desk, parts.journal, parts.environments, parts.stream, streams, strained),
            ApplicationPages(desk, parts.administration),
            AuditPages(desk, parts.acts),
            PeoplePages(desk, parts.administration, parts.tokens),
            service,
        ],
    )


def limits_of(config: ConsoleConfig) -> Limits:
    """Give what a session's limits are set to."""
    return Limits(config.idle_seconds, config.session_seconds)
