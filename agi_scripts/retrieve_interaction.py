"""``retrieve_interaction[,dnis[,interaction]]``: whose call is this? Then it is free."""

from interact_ivr.agi.session import GoneError, Session
from interact_ivr.agi.variables import of_retrieval
from interact_ivr.domain.errors import BadInput, Refusal
from interact_ivr.domain.names import CallRef
from interact_ivr.domain.values import Retrieval, Status
from interact_ivr.service.allocations import Allocations

_POSITIONAL = 2
_NOT_DIALED = {"s", "h", "i", "t", "unknown", ""}
"""Words of the Asterisk dialplan's own. A telephone's keys would spell them: ``s`` is 7."""
_SHOWN = {"", "0", "1", "2", "3"}
"""Values of ``agi_callingpres`` with which the caller lets the number be seen (Q.931)."""


async def retrieve_interaction(session: Session, allocations: Allocations) -> None:
    """Look the dialed number up, free it, and tell the call; on any failure, UNAVAILABLE."""
    environment = session.query.get("environment", "")
    call = CallRef(session.query.get("pbx", ""), session.call.get("uniqueid"))
    try:
        if not call.uniqueid:  # nothing tells two of them apart, and one must not get the other's
            raise BadInput("agi_uniqueid", "the call's id", "none")
        retrieval = await allocations.retrieve(
            environment, _dialed(session), call, _caller(session), session.deadline
        )
    except Refusal:
        await session.set(of_retrieval(Retrieval(Status.UNAVAILABLE)))
        raise
    session.facts |= {
        "status": retrieval.status.value,
        "dnis": retrieval.number,
        "allocation": retrieval.allocation,
        "repeated": retrieval.repeated,
    }
    try:
        await session.set(of_retrieval(retrieval))
    except GoneError:
        await allocations.undelivered(environment, retrieval, call)
        raise


def _dialed(session: Session) -> list[str]:
    """Give what was dialed: the argument alone, else what the channel knows, best first."""
    if given := session.argument(0):
        known = [given]
    else:
        exten = session.named(_POSITIONAL).get("exten", "")
        known = [exten, session.call.get("extension"), session.call.get("dnid")]
    return [number for number in dict.fromkeys(known) if number not in _NOT_DIALED]


def _caller(session: Session) -> str | None:
    """Give the calling number, unless the caller withholds it."""
    shown = session.call.get("callingpres") in _SHOWN
    return session.call.get("callerid") if shown else None
