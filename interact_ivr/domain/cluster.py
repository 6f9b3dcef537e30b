"""The nodes that share a store, as each of them sees the others. Nothing here reads a clock."""

from datetime import datetime, timedelta
from typing import NewType, Self

import msgspec
from msgspec.structs import replace

Incarnation = NewType("Incarnation", str)
"""One process of a node, told apart from the one before and from another of the same name."""


class Presence(msgspec.Struct, frozen=True):
    """What a node says of itself."""

    incarnation: Incarnation
    name: str
    version: str
    address: str
    """Where its HTTP is."""
    facts: str
    """A JSON object: how it stands with it, as its status has that."""


class Node(msgspec.Struct, frozen=True):
    """A node as the store has it, by the store's own clock."""

    presence: Presence
    since: datetime
    age: timedelta
    """How long ago it was seen."""
    left: timedelta
    """How long it may still be unseen; below nothing, it is silent."""

    @property
    def is_alive(self) -> bool:
        """Whether it was seen as lately as it has promised."""
        return self.left >= timedelta()

    def later(self, time: timedelta) -> Self:
        """Give the same node when *time* has passed, and it was not seen."""
        return replace(self, age=self.age + time, left=self.left - time)


class Look(msgspec.Struct, frozen=True):
    """What a node looks at every second of what the others do."""

    directory_revision: int
    """Another one than before: the directory was changed."""
    import_left: bool
    """A node has gone silent in the midst of an import."""
