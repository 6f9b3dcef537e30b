"""The configuration's keys: each with its type, its default, and what it is and expects.

Where the file is read, and what its faults are called, is `interact_ivr.config`.
"""

from datetime import timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from interact_ivr.config_agi import AgiConfig
from interact_ivr.config_console import ConsoleConfig
from interact_ivr.config_http import HttpConfig
from interact_ivr.config_icws import IcwsConfig
from interact_ivr.config_node import NodeConfig
from interact_ivr.config_pbx import PbxConfig
from interact_ivr.config_screen import ScreenConfig
from interact_ivr.config_store import StoreConfig
from interact_ivr.domain.lifecycle import Policy
from interact_ivr.domain.settings import MOST_QUOTA, QUOTAS
from interact_ivr.domain.times import SPANS


class ControlConfig(msgspec.Struct, frozen=True):
    """Where the command line reaches the running service."""

    socket: Annotated[
        str,
        Meta(
            pattern=r"^[^\0]{1,100}$",
            title="a Unix socket",
            description="a path of at most 100 characters",
        ),
    ] = "/run/interact-ivr/control.sock"


class EnvironmentConfig(msgspec.Struct, frozen=True):
    """Where a call or a command belongs that names no environment."""

    default: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9\-_.]{1,64}/[A-Za-z0-9\-_.]{1,64}$",
            title="which is meant where none is named",
            description="tenant/environment",
        ),
    ] = "default/default"


class PoolConfig(msgspec.Struct, frozen=True):
    """How long things last in a pool."""

    hold_for_seconds: Annotated[
        float,
        Meta(
            title="how long an allocation may wait",
            description=SPANS["hold_for_seconds"].expected,
        ),
    ] = 900.0
    rest_for_seconds: Annotated[
        float,
        Meta(
            title="how long a number rests before it is lent again",
            description=SPANS["rest_for_seconds"].expected,
        ),
    ] = 300.0
    resting: Annotated[
        Literal["lend_early", "strict"],
        Meta(
            title="what happens when no number is idle",
            description="lend_early, or strict to refuse",
        ),
    ] = "lend_early"
    redial_for_seconds: Annotated[
        float,
        Meta(
            title="how long a caller who was handed an interaction gets it again",
            description=SPANS["redial_for_seconds"].expected,
        ),
    ] = 300.0
    late_for_seconds: Annotated[
        float,
        Meta(
            title="how long a later caller is told that the number was somebody's",
            description=SPANS["late_for_seconds"].expected,
        ),
    ] = 3600.0
    late_reveals_id: Annotated[
        bool,
        Meta(
            title="tell a late caller's Asterisk dialplan whose it was",
            description="true or false",
        ),
    ] = True
    on_repeat: Annotated[
        Literal["renew", "replace"],
        Meta(
            title="what the same interaction asking again gets",
            description="renew (the same number) or replace (another one, if there is one)",
        ),
    ] = "renew"
    ringing_for_seconds: Annotated[
        float,
        Meta(
            ge=1,
            le=86_400,
            title="how long a call may keep its number from being lent, and from expiring",
            description="1 to 86400",
        ),
    ] = 120.0
    shared_callers: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^\+?[0-9][0-9 ()./-]{5,30}$")], ...],
        Meta(
            title="calling numbers that many people share, such as a switchboard's",
            description="a list of numbers",
        ),
    ] = ()

    blocking_target: Annotated[
        float,
        Meta(
            ge=1e-6,
            lt=1,
            title="which share of interactions may be refused, before it is warned of",
            description="0.000001 to below 1",
        ),
    ] = 0.001
    most_allocations: Annotated[
        int,
        Meta(
            ge=0,
            le=MOST_QUOTA,
            title="how many allocations an application may have open at once",
            description=QUOTAS["most_allocations"],
        ),
    ] = 0
    most_allocations_per_minute: Annotated[
        int,
        Meta(
            ge=0,
            le=MOST_QUOTA,
            title="how often a minute an application's programs may allocate, on one node",
            description=QUOTAS["most_allocations_per_minute"],
        ),
    ] = 0

    @property
    def ringing_for(self) -> timedelta:
        """How long a call may keep its number, as a time."""
        return timedelta(seconds=self.ringing_for_seconds)

    @property
    def policy(self) -> Policy:
        """The same as the domain has it."""
        return Policy(
            timedelta(seconds=self.hold_for_seconds),
            timedelta(seconds=self.rest_for_seconds),
            strict_rest=self.resting == "strict",
            redial_for=timedelta(seconds=self.redial_for_seconds),
            late_for=timedelta(seconds=self.late_for_seconds),
            replace=self.on_repeat == "replace",
            late_reveals_id=self.late_reveals_id,
            most_open=self.most_allocations,
            most_a_minute=self.most_allocations_per_minute,
        )


class JournalConfig(msgspec.Struct, frozen=True):
    """What the journal keeps, and how long."""

    days: Annotated[
        int,
        Meta(
            ge=0,
            le=36_500,
            title="how many days an ended allocation stays on record",
            description="0 to 36500, where 0 is for ever",
        ),
    ] = 400
    ani: Annotated[
        Literal["plain", "hash", "none"],
        Meta(
            title="what is kept of a calling number",
            description="plain, hash (with a key of this store's) or none",
        ),
    ] = "plain"

    @property
    def keep_for(self) -> timedelta | None:
        """The same as a time; None: for ever."""
        return timedelta(days=self.days) or None


class InteractionConfig(msgspec.Struct, frozen=True):
    """What an interaction's id and a group may look like."""

    alphabet: Annotated[
        Literal["safe", "printable"],
        Meta(
            title="which characters may stand in one",
            description="safe, or printable (then guard your own Asterisk expressions)",
        ),
    ] = "safe"


class DialPlanConfig(msgspec.Struct, frozen=True):
    """How numbers are normalized."""

    plan: Annotated[
        str,
        Meta(
            pattern=r"^[^\0]+$",
            title="which dial plan",
            description="a shipped plan (e164, nanp, example, extensions), as e164:GB seen from a "
            "country, or the path of a file",
        ),
    ] = "e164"


class LogConfig(msgspec.Struct, frozen=True):
    """What goes to standard error."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(title="from which level on", description="debug, info, warning or error"),
    ] = "info"


class Config(msgspec.Struct, frozen=True):
    """All of it, one table a section; of [[pbx]] as many as there are PBXes."""

    store: StoreConfig = StoreConfig()
    node: NodeConfig = NodeConfig()
    agi: AgiConfig = AgiConfig()
    http: HttpConfig = HttpConfig()
    icws: IcwsConfig = IcwsConfig()
    screen: ScreenConfig = ScreenConfig()
    console: ConsoleConfig = ConsoleConfig()
    control: ControlConfig = ControlConfig()
    environment: EnvironmentConfig = EnvironmentConfig()
    pool: PoolConfig = PoolConfig()
    journal: JournalConfig = JournalConfig()
    interaction: InteractionConfig = InteractionConfig()
    dial_plan: DialPlanConfig = DialPlanConfig()
    log: LogConfig = LogConfig()
    pbx: tuple[PbxConfig, ...] = ()
