"""The calls that are on agents' phones, as a screen is told of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from interact_ivr.domain.names import (
    AllocationId,
    Ani,
    EnvironmentId,
    Group,
    InteractionId,
    NumberKey,
)
from interact_ivr.domain.values import Status


class PhoneState(StrEnum):
    """What a phone does with a call."""

    RINGING = "ringing"
    TALKING = "talking"
    HELD = "held"
    """This phone has put the other side on hold."""


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody on a call: an agent's phone, a customer, or whoever else."""

    uniqueid: str
    """Of the channel."""
    extension: str = ""
    """Whose phone it is; empty: nobody's that is known."""
    number: str = ""
    """The number it shows, where that may be seen; of an own phone its extension's."""
    name: str = ""
    """The name it shows."""


@dataclass(frozen=True, slots=True)
class PhoneCall:
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
    environment: str | None = None
    """Of the inbound context by which one of *others* came in; None: none did."""
    dialed: str = ""
    """What that one dialed, as the PBX was told it."""


@dataclass(frozen=True, slots=True)
class Told:
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


@dataclass(frozen=True, slots=True)
class AgentCall:
    """A call on an agent's phone, with what is known of the customer: what a screen shows."""

    phone: PhoneCall
    told: Told | None
    """None: nobody on the call has asked whose call it is."""
    ended: datetime | None = None
    """None: it is on the phone now."""
