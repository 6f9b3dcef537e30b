"""``health``: would a call be answered now? Goes the whole way to the store and back."""

from interact_ivr.agi.session import Session
from interact_ivr.agi.variables import of_health
from interact_ivr.domain.errors import Refusal
from interact_ivr.service.allocations import Allocations


async def health(session: Session, allocations: Allocations) -> None:
    """Tell the call whether a look-up would be answered."""
    try:
        await allocations.probe(session.deadline)
    except Refusal:
        await session.set(of_health(ready=False))
        raise
    await session.set(of_health(ready=True))
