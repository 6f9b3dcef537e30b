"""The calls that are on agents' phones, as a screen is told of them."""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from interact_ivr.domain.names import (
    AllocationId,
    Ani,
    EnvironmentId,
    Group,
    InteractionId,
    NumberKey,
)
from interact_ivr.domain.values import Retrieval, Status


class PhoneState(StrEnum):
    """What a phone does with a call."""

    RINGING = "ringing"
    TALKING = "talking"
    HELD = "held"
    """This phone has put the other side on hold."""


class Party(msgspec.Struct, frozen=True):
    """Somebody on a call: an agent's phone, a customer, or whoever else."""

    uniqueid: str
    """Of the channel."""
    extension: str = ""
    """Whose phone it is; empty: nobody's that is known."""
    number: str = ""
    """The number it shows, where that may be seen; of an own phone its extension, if it is one."""
    name: str = ""
    """The name it shows, where that may be seen."""
    environment: str | None = None
    """Of the inbound context by which it came in, as the configuration names it; None: by none."""
    dialed: str = ""
    """What it dialed when it came in so, as the PBX was told it."""
    near: bool = False
    """It is in the phone's own bridge, and not merely connected with it."""


class PhoneCall(msgspec.Struct, frozen=True):
    """A call on a phone at an instant, as the PBX shows it: one channel of an extension."""

    pbx: str
    uniqueid: str
    """Of the phone's own channel."""
    extension: str
    state: PhoneState
    began: datetime
    """When it began to ring, by the service's clock."""
    since: datetime
    """When it came to this state."""
    others: tuple[Party, ...]
    """Who else is on the call; those whom the phone talks to come first."""

    @property
    def customer(self) -> Party | None:
        """The first of *others* who came in by an inbound context; None: none did."""
        return next((each for each in self.others if each.environment is not None), None)

    @property
    def dialed(self) -> str:
        """What that one dialed, as the PBX was told it; empty: nobody came in so."""
        return self.customer.dialed if self.customer else ""


class Told(msgspec.Struct, frozen=True):
    """What a customer's call was told by the last retrieval of an interaction, and when."""

    environment: EnvironmentId
    uniqueid: str
    at: datetime
    status: Status
    number: NumberKey | None
    """The dialed number, as stored; None: none of ours."""
    ani: Ani | None
    """Who called, where that may be seen."""
    interaction: InteractionId | None
    """None: LATE, NOT_ALLOCATED and the like."""
    group: Group | None
    allocation: AllocationId | None
    waited: timedelta | None
    """From the allocation to the retrieval."""

    @classmethod
    def by(
        cls, retrieval: Retrieval, environment: EnvironmentId, uniqueid: str, at: datetime
    ) -> "Told":
        """Say what a call of *environment* was told by *retrieval*."""
        return cls(
            environment=environment,
            uniqueid=uniqueid,
            at=at,
            status=retrieval.status,
            number=retrieval.number,
            ani=retrieval.ani,
            interaction=retrieval.interaction,
            group=retrieval.group,
            allocation=retrieval.allocation,
            waited=retrieval.waited,
        )


class AgentCall(msgspec.Struct, frozen=True):
    """A call on an agent's phone, with what is known of the customer: what a screen shows."""

    phone: PhoneCall
    told: Told | None
    """None: nobody on the call has asked whose call it is."""
    ended: datetime | None = None
    """None: it is on the phone now."""


class KnownCall(msgspec.Struct, frozen=True):
    """What is known of one channel: what it was told, and the phones that it is or was on."""

    pbx: str
    uniqueid: str
    told: Told | None
    phones: tuple[AgentCall, ...]
    """Those that are on it now come first, then those that were, the last one first."""
