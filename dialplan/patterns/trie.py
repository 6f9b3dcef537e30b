"""Tries whose edges are characters or sets of them: many texts and wildcards, walked at once.

They are nondeterministic: several edges of a node may take the same character, some nodes take more
without being left, and a number list is a trie of its own that is entered and left again. Nodes are
made by one thread, and only read once they are shared.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Final, TypeAlias

Chars: TypeAlias = frozenset[str] | None
"""Which characters are taken; None is any character there is."""

_NOTHING: Final[frozenset[str]] = frozenset()


class Node:
    """A place in a trie."""

    __slots__ = ("ends", "exact", "lists", "loops", "lowest", "sets", "stays")

    def __init__(self, lowest: int, stays: Chars = _NOTHING) -> None:
        """Make the node of the pattern *lowest* and later ones, which *stays* do not leave."""
        self.lowest: Final = lowest
        self.stays: Final = stays
        self.ends: tuple[int, ...] = ()
        """The patterns whose texts may end here, ascending; in a number list (0,)."""
        # None where there are none: a plan has many nodes, and an empty dictionary is not small.
        self.exact: dict[str, Node] | None = None
        self.sets: dict[Chars, Node] | None = None
        self.loops: dict[Chars, Node] | None = None
        """Nodes that are reached without a character, by what stays there."""
        self.lists: dict[Node, Node] | None = None
        """Number lists that begin here, and where each goes on."""

    def on(self, char: str, index: int) -> Node:
        """The node behind *char*, made for the pattern *index* where there is none."""
        if self.exact is None:
            self.exact = {}
        return self.exact.get(char) or self.exact.setdefault(char, Node(index))

    def on_any(self, chars: Chars, index: int) -> Node:
        """The node behind any of *chars*."""
        if self.sets is None:
            self.sets = {}
        return self.sets.get(chars) or self.sets.setdefault(chars, Node(index))

    def staying(self, chars: Chars, index: int) -> Node:
        """The node behind any number of *chars*, none included."""
        if self.loops is None:
            self.loops = {}
        return self.loops.get(chars) or self.loops.setdefault(chars, Node(index, chars))

    def behind_list(self, root: Node, index: int) -> Node:
        """The node behind an entry of the number list whose trie begins at *root*."""
        if self.lists is None:
            self.lists = {}
        return self.lists.get(root) or self.lists.setdefault(root, Node(index))

    def taking(self, char: str) -> Iterator[Node]:
        """The nodes behind *char*."""
        if self.exact is not None and (node := self.exact.get(char)):
            yield node
        if self.sets is not None:
            yield from (node for chars, node in self.sets.items() if chars is None or char in chars)
        if self.stays is None or char in self.stays:
            yield self

    def chars(self) -> Chars:
        """All characters that something is behind."""
        kinds: list[Chars] = [frozenset(self.exact or ()), self.stays, *(self.sets or ())]
        every = [chars for chars in kinds if chars is not None]
        return None if len(every) < len(kinds) else frozenset().union(*every)


Place: TypeAlias = tuple[Node, Node | None]
"""A node, and where it goes on behind the number list that it belongs to; None outside of one."""


def begin(root: Node) -> set[Place]:
    """Say where a walk may be before its first character."""
    return _with_free_moves([(root, None)])


def step(places: Iterable[Place], char: str) -> set[Place]:
    """Say where a walk that may be at *places* may be behind *char*."""
    return _with_free_moves([(then, back) for node, back in places for then in node.taking(char)])


def _with_free_moves(places: list[Place]) -> set[Place]:
    """Give *places* and all that is reached from there without a character; empties *places*.

    What only leads on without one is left out, so that no state has it for a difference.
    """
    found: set[Place] = set()
    while places:
        place = node, back = places.pop()
        if place in found:
            continue
        if node.exact or node.sets or node.stays != _NOTHING or (node.ends and back is None):
            found.add(place)
        if node.loops is not None:
            places.extend((loop, back) for loop in node.loops.values())
        if node.lists is not None:
            places.extend(node.lists.items())
        if back is not None and node.ends:
            places.append((back, None))
    return found


def only_way(node: Node) -> tuple[Hashable, ...] | None:
    """What is still to come from *node*, alike for all nodes alike; None where ways part."""
    way: list[Hashable] = []
    while True:
        ways = [
            (kind, key, then)
            for kind, edges in enumerate((node.exact, node.sets, node.loops, node.lists))
            for key, then in (edges or {}).items()
        ]
        if len(ways) + bool(node.ends) > 1:
            return None
        way.append(node.stays)
        if not ways:
            return tuple(way)
        kind, key, node = ways[0]
        way.append((kind, key))
