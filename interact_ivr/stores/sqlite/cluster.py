"""The nodes on SQLite: the one process that has the file. What it says of itself is not written."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from interact_ivr.domain.cluster import Incarnation, Look, Node, Presence
from interact_ivr.ports import Clock


class LoneNode:
    """The `ClusterStore` of the embedded store: nobody else changes it, nobody shares a duty."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since = clock.now()
        self._seen: tuple[Presence, datetime, timedelta] | None = None

    async def look(self) -> Look:
        """Say that nobody else has done anything."""
        return Look(directory_revision=0, import_left=False)

    async def beat(self, presence: Presence, alive_for: timedelta) -> None:
        """Take note of what the process says of itself."""
        self._seen = presence, self._clock.now(), alive_for

    async def nodes(self) -> Sequence[Node]:
        """Give the process as a node, if it has said that it is one."""
        if self._seen is None:
            return ()
        presence, seen_at, alive_for = self._seen
        node = Node(presence, self._since, timedelta(), alive_for)
        return (node.later(self._clock.now() - seen_at),)

    async def leave(self, _incarnation: Incarnation, _deadline: float) -> None:
        """Let the process be no node any more."""
        self._seen = None

    async def take(self, _duty: str, _incarnation: Incarnation, _lasts: timedelta) -> bool:
        """Have a duty: whatever is to be done here, nobody else does it."""
        return True
