"""The deterministic states of a trie, made as texts ask for them and kept within a bound.

A state is all places where a walk may be, less those whose patterns come behind one that is certain
to match already. After a while a text costs one look into a dictionary for each character, however
many patterns there are.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable
from collections.abc import Set as AbstractSet
from typing import Final

from dialplan.patterns.trie import Node, Place, begin, only_way, step

OTHER: Final = ""
"""Stands for every character that no pattern names."""
_STATE_COST: Final = 4
"""Of a state itself, in units of one place or one successor: some hundred bytes."""


class State(dict[str, "State"]):
    """A state: its successors by character, found when they are first asked for."""

    __slots__ = ("_memo", "first", "is_over", "is_settled", "only", "places", "tail")

    def __init__(self, memo: Memo, places: frozenset[Place]) -> None:
        self._memo: Final = memo
        self.places: Final = places
        self.first: Final = min(
            (node.ends[0] for node, back in places if back is None and node.ends), default=None
        )
        """The first pattern that matches when the text ends here."""
        self.is_over: Final = not places or all(
            node.stays is None and len(places) == 1 for node, _ in places
        )
        """Whether `first` stays what it is, whatever follows."""
        self.only: int | None = None
        """The only pattern that can still match, where it is known that there is one."""
        self.tail: State | None = None
        """Where to go on to see whether `only` does: shared by all that go on alike."""
        self.is_settled = self.is_over
        """Whether it is over, or there is a tail."""

    def __missing__(self, char: str) -> State:
        return self._memo.successor(self, char)


class Memo:
    """The states of one trie. Safe to share between threads."""

    def __init__(self, root: Node, alphabet: AbstractSet[str], bound: int) -> None:
        """Keep states up to *bound*, counting their places and successors; then begin anew.

        *alphabet* has all characters that the trie tells apart.
        """
        self._root: Final = root
        self._alphabet: Final = frozenset(alphabet)
        self._bound: Final = bound
        self._lock: Final = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """Forget all states; whoever is on one of them goes on."""
        self.held = 0
        self._states: dict[frozenset[Place], State] = {}
        self._tails: dict[Hashable, State] = {}
        self.start = self._state(frozenset(begin(self._root)))
        """Where every text begins."""

    def successor(self, state: State, char: str) -> State:
        """Give the state behind *char*."""
        if char not in self._alphabet:
            char = OTHER  # not kept by itself: there are a million of them
            if char in state:
                return state[char]
        with self._lock:
            if self.held > self._bound:
                self.forget()
            found = self._state(_that_can_be_first(step(state.places, char)))
            state[char] = found
            self.held += 1
            return found

    def _state(self, places: frozenset[Place]) -> State:
        found = self._states.get(places)
        if found is None:
            found = self._states[places] = State(self, places)
            self.held += len(places) + _STATE_COST
            if len(places) == 1 and not found.is_over:
                self._settle(found)
        return found

    def _settle(self, state: State) -> None:
        """Find out whether one pattern is left in *state*."""
        ((node, back),) = state.places
        way = only_way(node) if back is None else None
        if way is not None:
            state.is_settled = True
            state.only = node.lowest  # it has made the whole way
            state.tail = self._tails.setdefault(way, state)
            self.held += len(way)


def _that_can_be_first(places: set[Place]) -> frozenset[Place]:
    """Leave out what comes behind a pattern that matches whatever follows."""
    certain = [node.ends[0] for node, _ in places if node.stays is None and node.ends]
    if not certain:
        return frozenset(places)
    first = min(certain)
    return frozenset(
        (node, back) for node, back in places if (node if back is None else back).lowest <= first
    )
