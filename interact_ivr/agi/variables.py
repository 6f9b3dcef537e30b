"""The names of the channel variables a call gets. ``asterisk-config`` empties the same list."""

from datetime import timedelta
from enum import StrEnum

from interact_ivr.domain.values import FreeStatus, Retrieval, Status


class Variable(StrEnum):
    """What a retrieval sets, in the order it is set: the status last."""

    ID = "INTERACT_ID"
    GROUP = "INTERACT_GROUP"
    ALLOCATION = "INTERACT_ALLOCATION"
    WAITED = "INTERACT_WAITED"
    CALLER_MATCH = "INTERACT_CALLER_MATCH"
    CANDIDATE_1 = "INTERACT_CANDIDATE_1"
    CANDIDATE_2 = "INTERACT_CANDIDATE_2"
    LAST_ID = "INTERACT_LAST_ID"
    LAST_END = "INTERACT_LAST_END"
    DNIS = "INTERACT_DNIS"
    ANI = "INTERACT_ANI"
    STATUS = "INTERACT_STATUS"

    @property
    def meaning(self) -> str:
        """Say what the variable holds."""
        return _MEANINGS[self]


_MEANINGS = {
    Variable.ID: "the interaction's unique id, when `FOUND` or `REDIAL`",
    Variable.GROUP: "the group of its number, if that has one",
    Variable.ALLOCATION: "the allocation's own id, as the journal names it",
    Variable.WAITED: "whole seconds from the allocation to this call",
    Variable.CALLER_MATCH: "1 or 0: the caller is the one the app expected; empty if it told none",
    Variable.CANDIDATE_1: "`AMBIGUOUS`: the interaction the number is allocated to",
    Variable.CANDIDATE_2: "`AMBIGUOUS`: the interaction this caller redials for",
    Variable.LAST_ID: "`LATE`: whose the number was last; never in `INTERACT_ID`",
    Variable.LAST_END: "`LATE`: how that ended, `expired` or `retrieved`",
    Variable.DNIS: "the dialed number, normalized, when it is one of ours",
    Variable.ANI: "the calling number, normalized, unless it is withheld",
    Variable.STATUS: "how the look-up ended; set last",
}


FREE_STATUS = "INTERACT_FREE_STATUS"
"""What `free_number` sets, and all it sets: a retrieval's variables stay as they are."""
HEALTH = "INTERACT_HEALTH"
"""What `health` sets: READY, or UNAVAILABLE."""

_LONGEST_NUMBER = 128
"""Bytes. A caller chooses what they call themselves; the longest names must still fit beside it."""
_INHERITED = "__"
"""Asterisk's prefix for variables that queue, Local and agent legs have too."""
_RETRIEVALS = tuple(_INHERITED + variable.value for variable in Variable)


def of_retrieval(retrieval: Retrieval) -> dict[str, str]:
    """Give every channel variable of a retrieval, in the order they are set.

    What is not known is set empty, so that nothing of an earlier look-up stays on the channel.
    """
    candidate_1, candidate_2, *_ = (*retrieval.candidates, None, None)
    match = retrieval.caller_match
    known = (
        retrieval.interaction,
        retrieval.group,
        retrieval.allocation,
        _seconds(retrieval.waited),
        None if match is None else str(int(match)),
        candidate_1,
        candidate_2,
        retrieval.last_interaction,
        retrieval.last_end,
        _fitting(retrieval.number),
        _fitting(retrieval.ani),
        retrieval.status.value,
    )
    return {name: value or "" for name, value in zip(_RETRIEVALS, known, strict=True)}


def of_free(status: FreeStatus) -> dict[str, str]:
    """Give the channel variable that says what became of freeing a number."""
    return {_INHERITED + FREE_STATUS: status.value}


def of_health(*, ready: bool) -> dict[str, str]:
    """Give the channel variable that says whether a call could be answered."""
    return {HEALTH: "READY" if ready else Status.UNAVAILABLE.value}


def _fitting(number: str | None) -> str | None:
    return number if number and len(number.encode()) <= _LONGEST_NUMBER else None


def _seconds(waited: timedelta | None) -> str | None:
    return None if waited is None else str(int(waited.total_seconds()))
