"""Agents' screens without a PBX: two tenants on one, calls that are told by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dialplan import Engine, Owner, QueueType, StaticDirectory, load_plan
from interact_ivr.domain.directory import Change, Directory, KnownEnvironment, KnownTenant
from interact_ivr.domain.errors import StoreUnavailable
from interact_ivr.domain.names import (
    SAFE,
    AllocationId,
    Ani,
    CallRef,
    EnvironmentId,
    EnvironmentName,
    InteractionId,
    NumberKey,
)
from interact_ivr.domain.phone_calls import Party, PhoneCall, PhoneState, Told
from interact_ivr.domain.values import Status
from interact_ivr.service.agents import Agents
from interact_ivr.service.environments import Defaults, Environments
from interact_ivr.service.sites import Site
from tests.contract.stores import POLICY

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ACME, BOLT = EnvironmentName("acme/live"), EnvironmentName("bolt/live")
IDS = {ACME: EnvironmentId(1), BOLT: EnvironmentId(2)}
SHARED, OWN = "shared", "own"
"""PBXes: of both tenants, and of acme alone."""


class Tenants:
    """A directory of two environments."""

    async def read(self) -> Directory:
        """Give it."""
        known = tuple(KnownEnvironment(id_, name, None) for name, id_ in IDS.items())
        return Directory((KnownTenant("acme"), KnownTenant("bolt")), known, (), (), ())

    async def change(self, change: Change) -> None:
        """Change nothing."""
        raise NotImplementedError


class Record:
    """What calls were told, as the store keeps it."""

    def __init__(self) -> None:
        self.kept: dict[CallRef, Told] = {}
        self.asked: list[CallRef] = []
        self.failures = 0

    async def told(self, call: CallRef) -> Told | None:
        """Give it, or fail."""
        self.asked.append(call)
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("full")
        return self.kept.get(call)


class FrontDesk:
    """Agents of the two tenants; acme's 6929 is known to its own PBX."""

    def __init__(self, environments: Environments) -> None:
        self.record = Record()
        known = StaticDirectory([Owner("6929", QueueType.USER, "ann")])
        sites = [Site(SHARED, (ACME, BOLT)), Site(OWN, (ACME,), known)]
        self.agents = Agents(sites, environments, self.record)

    @classmethod
    async def opened(cls) -> FrontDesk:
        """Make one."""
        defaults = Defaults(ACME, Engine(load_plan("nanp")), POLICY, SAFE)
        environments = Environments(Tenants(), defaults, lambda _: Engine(load_plan("nanp")))
        await environments.reload()
        return cls(environments)


def customer(uniqueid: str = "c1", environment: str | None = ACME, **fields: object) -> Party:
    """Make somebody who came in by an inbound context."""
    return Party(uniqueid, environment=environment, dialed="0200", near=True, **fields)  # type: ignore[arg-type]


def on_phone(
    *others: Party,
    uniqueid: str = "p1",
    state: PhoneState = PhoneState.TALKING,
    extension: str = "6929",
    pbx: str = SHARED,
    began: datetime = NOON,
) -> PhoneCall:
    """Make a call on a phone."""
    return PhoneCall(pbx, uniqueid, extension, state, began, began, others)


def told(
    uniqueid: str = "c1",
    interaction: str | None = "case-1",
    environment: EnvironmentName = ACME,
    at: datetime = NOON,
    ani: str | None = "+15551234567",
) -> Told:
    """Make what a call was told."""
    return Told(
        environment=IDS[environment],
        uniqueid=uniqueid,
        at=at,
        status=Status.FOUND if interaction else Status.NOT_ALLOCATED,
        number=NumberKey("+15550000200"),
        ani=None if ani is None else Ani(ani),
        interaction=None if interaction is None else InteractionId(interaction),
        group=None,
        allocation=AllocationId("0" * 26) if interaction else None,
        waited=SECOND if interaction else None,
    )
