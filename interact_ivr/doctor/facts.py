"""What the checks look at: facts, gathered by others, so that a check is a function of values.

None is what was not found out; where it matters why, a text says so.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from interact_ivr.config_keys import Config
from interact_ivr.config_pbx import PbxConfig
from interact_ivr.doctor.asterisk_dialplan import AsteriskDialplan


class Secret(msgspec.Struct, frozen=True):
    """A secret that the configuration names, and whether it can be had."""

    key: str
    where: str
    fault: str = ""
    """Why it cannot be read."""
    exposed: bool = False
    """Others may read it."""


class Certificate(msgspec.Struct, frozen=True):
    """A certificate that the configuration names."""

    key: str
    file: str
    begins: datetime | None = None
    ends: datetime | None = None
    fault: str = ""


class StoreFacts(msgspec.Struct, frozen=True):
    """The store, looked at from outside."""

    file: str
    schema: int = 0
    latest: int = 0
    absent: bool = False
    read_only: bool = False
    exposed: bool = False
    newer: bool = False
    fault: str = ""
    """Why it cannot be looked at."""
    free_bytes: int | None = None
    """On its disk; None: not on this machine's."""


class Port(msgspec.Struct, frozen=True):
    """A port that we are to listen on."""

    key: str
    address: str
    port: int
    taken: bool
    """Nobody can listen there, and the service does not run."""


class PoolNumber(msgspec.Struct, frozen=True):
    """A number of a pool, by what a trunk may deliver of it."""

    entered: str
    digits: str
    """All of them, without a plus."""
    dnid: str = ""


class ServiceFacts(msgspec.Struct, frozen=True):
    """The running service, asked from outside."""

    running: bool
    fault: str = ""
    """Why it does not answer."""
    status: Mapping[str, object] = msgspec.field(default_factory=dict)
    """What ``interact-ivr status`` knows."""
    agi_fault: str | None = None
    """Why FastAGI does not answer a call's question; "" where it does."""
    agi_ready: bool = False
    http_fault: str | None = None
    missing: Mapping[str, str] = msgspec.field(default_factory=dict)
    """What `/readyz` misses."""
    numbers: Mapping[str, tuple[PoolNumber, ...]] | None = None
    """The enabled ones by environment, as contexts name it; "" is the default. None: unknown."""
    idle: int = 0
    """Those that could be lent now, early or not."""
    whole: bool = True
    """All numbers were read; of a large pool only the first are."""

    def pbx(self, name: str) -> Mapping[str, object]:
        """Give what the status says of a PBX's watching; empty: nothing."""
        listed = self.status.get("pbx", ())
        found = listed if isinstance(listed, list | tuple) else ()
        return next((each for each in found if each.get("name") == name), {})


class AriFacts(msgspec.Struct, frozen=True):
    """What ARI answered."""

    fault: str = ""
    status: int = 0
    """Of a refusing answer; 0: there was none."""
    registered: bool | None = None
    all_calls: bool = False
    ahead: timedelta | None = None
    """By how much the PBX's clock is ahead of ours."""


class AmiFacts(msgspec.Struct, frozen=True):
    """What AMI answered."""

    fault: str = ""
    refused: bool = False
    """It was reached, and the login refused."""
    may_not: tuple[str, ...] = ()
    """Actions that the user may not ask."""
    http: Mapping[str, str] | None = None
    """The [general] of http.conf, as its file has it."""
    ahead: timedelta | None = None


class FileFacts(msgspec.Struct, frozen=True):
    """What the PBX's files have, loaded or not."""

    dialplan: AsteriskDialplan | None = None
    """Of extensions.conf with what it includes: our contexts, and the inbound ones."""
    fault: str = ""
    """Why Asterisk cannot read it."""
    has_ours: bool = False
    """extensions_interact.conf is there, included or not."""


class PbxFacts(msgspec.Struct, frozen=True):
    """A PBX, asked over whatever answers."""

    config: PbxConfig
    ari: AriFacts | None = None
    """None: not configured, or its secret cannot be had."""
    ami: AmiFacts | None = None
    dialplan: AsteriskDialplan | None = None
    """What is loaded."""
    unseen: str = ""
    """Why that is not known."""
    files: FileFacts | None = None
    missing_modules: tuple[str, ...] | None = None
    address: str | None = None
    """The global INTERACT_AGI; "" where there is none."""
    http_bound: str = ""
    """Where http.conf binds Asterisk's HTTP server, if that is known."""

    @property
    def name(self) -> str:
        """The PBX's name."""
        return self.config.name


class Facts(msgspec.Struct, frozen=True):
    """All of it."""

    file: Path
    now: datetime
    config: Config | None = None
    faults: tuple[str, ...] = ()
    """Why the configuration cannot be used."""
    doubts: tuple[str, ...] = ()
    secrets: tuple[Secret, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    store: StoreFacts | None = None
    ports: tuple[Port, ...] = ()
    service: ServiceFacts | None = None
    pbxes: tuple[PbxFacts, ...] = ()
    gosubs: AsteriskDialplan = msgspec.field(default_factory=AsteriskDialplan)
    """The shipped ones."""
