"""What a page says of a call, in words: no markup, and no clock; *now* is an argument."""

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote

import msgspec

from interact_ivr.api.native.agent_calls import Showing, ShownAgentCall, caller_of, lasted
from interact_ivr.domain.phone_calls import AgentCall, PhoneState
from interact_ivr.domain.values import Status

PLACE = "{interaction}"
_STEPS = (".", "..")
"""In a path they are not names: the record of something else would be opened."""
WORDS = {
    PhoneState.RINGING: "Ringing",
    PhoneState.TALKING: "Talking",
    PhoneState.HELD: "On hold",
}
NOTES = {
    None: "Nobody on this call has been looked up.",
    Status.FOUND: "",
    Status.REDIAL: "Called again: this is the interaction of their call before.",
    Status.LATE: "Called too late: the number was another's, or the wait was over.",
    Status.AMBIGUOUS: "May call for either of two interactions. Ask which.",
    Status.NOT_ALLOCATED: "Nobody was awaited on the number that was dialed.",
    Status.UNKNOWN: "The number that was dialed is not one of the pool.",
    Status.UNAVAILABLE: "The look-up did not answer in time.",
}
"""What an agent is to know of how the look-up ended."""


class PastLine(msgspec.Struct, frozen=True):
    """One of the last calls."""

    call: ShownAgentCall
    missed: bool
    origin: str
    """Who it was."""
    seconds: int
    """From when it began to ring to its end."""
    record: str


class Board(msgspec.Struct, frozen=True):
    """All that is on a page beside its frame."""

    call: ShownAgentCall | None
    calls: Sequence[PastLine]
    name: str = ""
    """That the caller shows."""
    word: str = ""
    note: str = ""
    summary: str = ""
    """The call in a line."""
    seconds: int = 0
    """How long it has been in its state."""
    record: str = ""
    """Where the customer's record is; empty: nowhere that is known."""
    others: Sequence[str] = ()
    """Who is on the call beside the caller."""


class Boards(msgspec.Struct, frozen=True):
    """Makes them."""

    showing: Showing

    def of(
        self,
        environment: str,
        call: AgentCall | None,
        past: Sequence[AgentCall],
        now: datetime,
        customer_url: str,
    ) -> Board:
        """Make the board of a phone."""
        calls = [self._past(environment, each, customer_url) for each in past]
        if call is None:
            return Board(None, calls)
        shown, caller = self.showing.call(environment, call), caller_of(call)
        word = WORDS[shown.state]
        whose = shown.interaction or ("no interaction" if shown.status else "")
        return Board(
            shown,
            calls,
            name=caller.name if caller else "",
            word=word,
            note=NOTES[shown.status],
            summary=joined([word, whose, _origin(shown, call)]),
            seconds=lasted(shown, now),
            record=record_of(shown.interaction, customer_url),
            others=[
                joined([each.extension or each.number, each.name]) or "No number shown"
                for each in call.phone.others
                if caller is None or each.uniqueid != caller.uniqueid
            ],
        )

    def _past(self, environment: str, call: AgentCall, customer_url: str) -> PastLine:
        shown = self.showing.call(environment, call)
        until = (call.ended or call.phone.since).astimezone(UTC)
        return PastLine(
            shown,
            shown.state is PhoneState.RINGING,
            _origin(shown, call),
            max(0, int((until - shown.began).total_seconds())),
            record_of(shown.interaction, customer_url),
        )


def record_of(interaction: str | None, customer_url: str) -> str:
    """Give the address of the customer's record; empty where there is none."""
    if not customer_url or interaction is None or interaction in _STEPS:
        return ""
    return customer_url.replace(PLACE, quote(interaction, safe=""))


def joined(texts: Sequence[str | None]) -> str:
    """Give what there is of *texts* in one line, each once."""
    return " \u00b7 ".join(dict.fromkeys(filter(None, texts)))


def clock(seconds: int) -> str:
    """Write a time as a clock that counts: ``2:05``, ``1:02:05``."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def span(seconds: int) -> str:
    """Write how long something took, to people: ``2 min 5 s``."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def time_of_day(at: datetime) -> str:
    """Write when, for who has no script that knows the place's time."""
    return at.astimezone(UTC).strftime("%H:%M")


def _origin(shown: ShownAgentCall, call: AgentCall) -> str:
    caller = caller_of(call)
    number = shown.caller.display_text if shown.caller else ""
    return joined([number, caller.name if caller else ""]) or "No number shown"
