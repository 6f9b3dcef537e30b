"""What is done once for all nodes that share a store, by whichever of them has the duty.

There is no election: a node has a duty until a time in the store, and takes it again before that.
One that has died lets it lapse. Two that do the work at once do no harm, it is only done twice.
"""

import time
from datetime import timedelta

from interact_ivr.domain.cluster import Incarnation
from interact_ivr.ports import ClusterStore

_OFTEN = 3
"""How often a duty is taken again before it would lapse."""


class Duty:
    """One node's part in a duty."""

    def __init__(
        self, store: ClusterStore, name: str, incarnation: Incarnation, lasts: timedelta
    ) -> None:
        self._store = store
        self._name = name
        self._incarnation = incarnation
        self._lasts = lasts
        self._mine_until = 0.0
        """The store need not be asked before (`time.monotonic`)."""

    async def is_mine(self) -> bool:
        """Take the duty if nobody else has it, or again in time; False: it is another node's.

        Raises:
            StoreUnavailable: that cannot be told.
        """
        asked = time.monotonic()
        if asked < self._mine_until:
            return True
        mine = await self._store.take(self._name, self._incarnation, self._lasts)
        self._mine_until = asked + self._lasts.total_seconds() / _OFTEN if mine else 0.0
        return mine


async def nobody_else() -> bool:
    """Say that a duty is ours: there is one process."""
    return True
