"""What the command line can ask of a pool's size: typed requests in, plain values out."""

from typing import Annotated

import msgspec
from msgspec import Meta

from interact_ivr.control.directory import Operation
from interact_ivr.domain.sizing import DAYS, MOST_DAYS, SizeQuestion
from interact_ivr.service.sizing import PoolSizing


class SizePool(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Say how large the pool should be, by what was measured of it."""

    target: Annotated[float, Meta(gt=0, lt=1)] | None = None
    """The share that may be refused; None: as it is configured."""
    days: Annotated[int, Meta(ge=1, le=MOST_DAYS)] = DAYS
    group: str | None = None
    environment: str = ""
    application: str = ""


class SizingOperations:
    """Carries them out."""

    def __init__(self, sizing: PoolSizing) -> None:
        self._sizing = sizing
        self.by_name: dict[str, tuple[type[msgspec.Struct], Operation]] = {
            "pool.size": (SizePool, self._size),
        }

    async def _size(self, request: SizePool) -> object:
        asked = SizeQuestion(request.application, request.group, request.days, request.target)
        return await self._sizing.answer(request.environment, asked)
