"""``retrieve_interaction[,dnis[,interaction]]``: whose call is this? Then it is free."""

from interact_ivr.agi.session import GoneError, Session
from interact_ivr.agi.variables import of_retrieval
from interact_ivr.domain.errors import Refusal
from interact_ivr.domain.names import CallRef
from interact_ivr.domain.values import Retrieval, Status
from interact_ivr.service.allocations import Allocations

_POSITIONAL = 2
_NOT_DIALED = {"s", "h", "i", "t", ""}
"""Extensions that the Asterisk dialplan goes to by itself; never a number anyone dialed."""


async def retrieve_interaction(session: Session, allocations: Allocations) -> None:
    """Look the dialed number up, free it, and tell the call; on any failure, UNAVAILABLE."""
    environment = session.query.get("environment", "")
    call = CallRef(session.query.get("pbx", ""), session.call.get("uniqueid"))
    try:
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
        return [given]
    known = (
        session.named(_POSITIONAL).get("exten", ""),
        session.call.get("extension"),
        session.call.get("dnid"),
    )
    return [number for number in dict.fromkeys(known) if number not in _NOT_DIALED]


def _caller(session: Session) -> str | None:
    """Give the calling number, unless the caller withholds it (Q.931 presentation bits)."""
    presentation = session.call.get("callingpres")
    allowed = not presentation.isdecimal() or int(presentation) & 0x60 == 0
    return session.call.get("callerid") if allowed else None
