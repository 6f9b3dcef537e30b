"""What is shown of a call on an agent's phone: to programs as JSON, to pages as the same values."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from dialplan import Details
from interact_ivr.api.native.asking import Time, instant
from interact_ivr.api.native.explaining import NumberDetails
from interact_ivr.domain.errors import BadInput
from interact_ivr.domain.phone_calls import AgentCall, KnownCall, Party, PhoneState, Told
from interact_ivr.domain.values import Status
from interact_ivr.service.numbers import Numbers


class ShownParty(msgspec.Struct, frozen=True):
    """Somebody else on the call."""

    uniqueid: str
    """Of the channel."""
    extension: str | None
    """Whose phone it is, if it is one."""
    number: str | None
    """null: it is withheld, or there is none."""
    name: str | None

    @classmethod
    def of(cls, party: Party) -> "ShownParty":
        """Show *party*."""
        return cls(
            party.uniqueid, party.extension or None, party.number or None, party.name or None
        )


class _OfCustomer(msgspec.Struct, frozen=True, kw_only=True):
    interaction: str | None
    """null: there is none, or nobody on the call has asked."""
    status: Status | None
    """What the look-up of the customer's call said; null: it has not asked."""
    waited_seconds: int | None
    """From the allocation to the look-up."""
    group: str | None
    allocation: str | None
    caller: NumberDetails | None
    """null: withheld, or no number."""
    dialed: NumberDetails | None


class ShownAgentCall(_OfCustomer, frozen=True, kw_only=True):
    """The call on a phone, and whose interaction the customer has."""

    state: PhoneState
    """Of an ended call, its last one; of one that was not answered, `ringing`."""
    since: Time
    """When it came to this state."""
    began: Time
    """When it began to ring."""
    extension: str
    pbx: str
    uniqueid: str
    """Of the phone's own channel."""
    others: Sequence[ShownParty]
    """Who else is on the call; those whom the phone talks to come first."""


class ShownPastCall(ShownAgentCall, frozen=True, kw_only=True):
    """A call that is, or was, on a phone."""

    ended_at: Time | None
    """null: it is there now."""


class PastCalls(msgspec.Struct, frozen=True):
    """The last calls of a phone, the last one first."""

    calls: Sequence[ShownPastCall]


class ShownKnownCall(_OfCustomer, frozen=True, kw_only=True):
    """What is known of a call by its own channel's uniqueid, a customer's or a phone's."""

    uniqueid: str
    pbx: str
    asked_at: Time | None
    """When it asked whose it is."""
    phones: Sequence[ShownPastCall]
    """The phones it is on, and then those it was on, the last one first."""


class Showing(msgspec.Struct, frozen=True):
    """Shows calls, each number with its details by the dial plan of who looks."""

    numbers: Numbers

    def call(self, environment: str, call: AgentCall) -> ShownAgentCall:
        """Show the call that is on a phone now."""
        return ShownAgentCall(**self._of(environment, call))

    def past(self, environment: str, call: AgentCall) -> ShownPastCall:
        """Show one that may be over."""
        ended = None if call.ended is None else instant(call.ended)
        return ShownPastCall(**self._of(environment, call), ended_at=ended)

    def known(self, environment: str, known: KnownCall) -> ShownKnownCall:
        """Show what is known of a channel."""
        told = known.told
        phones = [self.past(environment, each) for each in known.phones]
        caller, dialed = (told.ani, told.number) if told else (None, None)
        of_phone = (phones[0].caller, phones[0].dialed) if phones else (None, None)
        return ShownKnownCall(
            **_told(told),
            caller=self._details(environment, caller) or of_phone[0],
            dialed=self._details(environment, dialed) or of_phone[1],
            uniqueid=known.uniqueid,
            pbx=known.pbx,
            asked_at=None if told is None else instant(told.at),
            phones=phones,
        )

    def _of(self, environment: str, call: AgentCall) -> dict[str, Any]:
        phone, told = call.phone, call.told
        caller = caller_of(call)
        dialed = (told and told.number) or phone.dialed
        return {
            **_told(told),
            "caller": self._details(environment, caller.number if caller else None),
            "dialed": self._details(environment, dialed),
            "state": phone.state,
            "since": instant(phone.since),
            "began": instant(phone.began),
            "extension": phone.extension,
            "pbx": phone.pbx,
            "uniqueid": phone.uniqueid,
            "others": [ShownParty.of(each) for each in phone.others],
        }

    def _details(self, environment: str, number: str | None) -> NumberDetails | None:
        """Say what *number* is; None: it is none, such as a name that somebody has dialed."""
        if not number:
            return None
        try:
            return _plain(self.numbers.details(environment, number))
        except BadInput:
            return None


def caller_of(call: AgentCall) -> Party | None:
    """Give the customer of *call*: who asked, else who came in, else with whom the phone talks."""
    others = call.phone.others
    asked = call.told.uniqueid if call.told else None
    found = next((each for each in others if each.uniqueid == asked), None)
    return found or call.phone.customer or next(iter(others), None)


def _told(told: Told | None) -> dict[str, Any]:
    waited = told.waited if told else None
    return {
        "interaction": told.interaction if told else None,
        "status": told.status if told else None,
        "waited_seconds": None if waited is None else int(waited.total_seconds()),
        "group": told.group if told else None,
        "allocation": told.allocation if told else None,
    }


def _plain(details: Details) -> NumberDetails:
    fields = {name: getattr(details, name) for name in NumberDetails.__struct_fields__}
    fields["queue_type"] = details.queue_type.name.lower()
    fields["classifications"] = list(details.classifications)
    return NumberDetails(**fields)


def lasted(call: ShownAgentCall, until: datetime) -> int:
    """Say for how many whole seconds *call* has been in its state; a clock set back counts as 0."""
    return max(0, int((until - call.since).total_seconds()))
