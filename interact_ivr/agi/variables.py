"""The names of the channel variables a call gets. ``asterisk-config`` empties the same list."""

from datetime import timedelta
from enum import StrEnum

from interact_ivr.domain.values import FreeStatus, Retrieval, Status


class Variable(StrEnum):
    """What a retrieval sets, the status last. Contract, "A number's life" and "Call scripts"."""

    ID = "INTERACT_ID"
    """The interaction's unique id, when FOUND."""
    GROUP = "INTERACT_GROUP"
    ALLOCATION = "INTERACT_ALLOCATION"
    """The allocation's own id, as the journal names it."""
    WAITED = "INTERACT_WAITED"
    """Seconds from the allocation to the call."""
    CALLER_MATCH = "INTERACT_CALLER_MATCH"
    """1 or 0 where the app told which number the customer calls from, else empty."""
    CANDIDATE_1 = "INTERACT_CANDIDATE_1"
    CANDIDATE_2 = "INTERACT_CANDIDATE_2"
    LAST_ID = "INTERACT_LAST_ID"
    LAST_END = "INTERACT_LAST_END"
    DNIS = "INTERACT_DNIS"
    """The dialed number, normalized."""
    ANI = "INTERACT_ANI"
    """The calling number, normalized."""
    STATUS = "INTERACT_STATUS"
    """How the look-up ended; always set last."""


FREE_STATUS = "INTERACT_FREE_STATUS"
"""What `free_number` sets, and all it sets: a retrieval's variables stay as they are."""
HEALTH = "INTERACT_HEALTH"
"""What `health` sets: READY, or UNAVAILABLE."""

_INHERITED = "__"
"""Asterisk's prefix for variables that queue, Local and agent legs have too."""


def of_retrieval(retrieval: Retrieval) -> dict[str, str]:
    """Give every channel variable of a retrieval, in the order they are set.

    What is not known is set empty, so that nothing of an earlier look-up stays on the channel.
    """
    known = {
        Variable.ID: retrieval.interaction,
        Variable.GROUP: retrieval.group,
        Variable.ALLOCATION: retrieval.allocation,
        Variable.WAITED: _seconds(retrieval.waited),
        Variable.DNIS: retrieval.number,
        Variable.ANI: retrieval.ani,
        Variable.STATUS: retrieval.status,
    }
    return {_INHERITED + name: known.get(name) or "" for name in Variable}


def of_free(status: FreeStatus) -> dict[str, str]:
    """Give the channel variable that says what became of freeing a number."""
    return {_INHERITED + FREE_STATUS: status.value}


def of_health(*, ready: bool) -> dict[str, str]:
    """Give the channel variable that says whether a call could be answered."""
    return {HEALTH: "READY" if ready else Status.UNAVAILABLE.value}


def _seconds(waited: timedelta | None) -> str | None:
    return None if waited is None else str(int(waited.total_seconds()))
