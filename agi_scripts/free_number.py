"""``free_number,<number>[,allocation]``: end a number's allocation; with its id, only that one."""

from interact_ivr.agi.session import Session
from interact_ivr.agi.variables import of_free
from interact_ivr.domain.errors import Refusal
from interact_ivr.domain.values import FreeStatus
from interact_ivr.service.allocations import Allocations


async def free_number(session: Session, allocations: Allocations) -> None:
    """Free the number given as argument, and tell the call what became of it."""
    environment = session.query.get("environment", "")
    try:
        status = await allocations.free(
            environment, session.argument(0), session.argument(1) or None, session.deadline
        )
    except Refusal:
        await session.set(of_free(FreeStatus.UNAVAILABLE))
        raise
    session.facts |= {"status": status.value, "dnis": session.argument(0)}
    await session.set(of_free(status))
