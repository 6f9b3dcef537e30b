"""All patterns of a plan as one index: the first that matches, without looking at the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias, assert_never

from dialplan.patterns.elements import Element, Entry, Many, Rest, Run, Text, Wildcards
from dialplan.patterns.memo import Memo
from dialplan.patterns.regex import Expression
from dialplan.patterns.trie import Node, begin, step

Pattern: TypeAlias = Wildcards | Expression

MEMORY: Final = 400_000
"""Places and successors that are kept: some 35 MB. A plan of a hundred rules needs a hundredth."""


class Matcher:
    """Patterns in their order. Safe to share between threads.

    Wildcards are one trie, and a text is read once however many there are. Regular expressions are
    tried one by one, those only that come before what the trie has found.
    """

    def __init__(self, patterns: Sequence[Pattern], memory: int = MEMORY) -> None:
        """Index *patterns*; *memory* bounds what is kept of texts that were looked up."""
        self._root: Final = Node(0)
        self.alphabet: Final[set[str]] = set()
        """The characters that the trie tells apart."""
        self._expressions: Final[list[tuple[int, Expression]]] = []
        for index, pattern in enumerate(patterns):
            if isinstance(pattern, Expression):
                self._expressions.append((index, pattern))
            else:
                self._add(pattern.elements, index)
        self.memo: Final = Memo(self._root, self.alphabet, memory)

    def first(self, text: str) -> int | None:
        """The index of the first pattern that matches *text*."""
        found = self.first_by_wildcards(text)
        for index, expression in self._expressions:
            if found is not None and index > found:
                break
            if expression.groups(text) is not None:
                return index
        return found

    def all(self, text: str) -> tuple[int, ...]:
        """The indices of all patterns that match *text*, ascending. Takes longer, keeps nothing."""
        places = begin(self._root)
        for char in text:
            places = step(places, char)
        found = {index for node, back in places if back is None for index in node.ends}
        found.update(index for index, each in self._expressions if each.groups(text) is not None)
        return tuple(sorted(found))

    def first_by_wildcards(self, text: str) -> int | None:
        """As `first`, were there no regular expressions."""
        chars, state = iter(text), self.memo.start
        for char in chars:
            state = state[char]
            if state.is_settled:
                break
        tail = state.tail
        if tail is None:
            return state.first
        for char in chars:
            tail = tail[char]
            if tail.is_over:
                break
        return None if tail.first is None else state.only

    def _add(self, elements: Sequence[Element], index: int) -> None:
        node = self._root
        for element in elements:
            node = self._grow(node, element, index)
        node.ends += (index,)

    def _grow(self, node: Node, element: Element, index: int) -> Node:
        """Give the node behind *element*."""
        match element:
            case Text(text):
                self.alphabet.update(text)
                for char in text:
                    node = node.on(char, index)
            case Run(_, chars, count):
                self.alphabet.update(chars)
                for _ in range(count):
                    node = node.on_any(chars, index)
            case Many(_, chars):
                self.alphabet.update(chars)
                node = node.staying(chars, index)
            case Rest(_, least):
                for _ in range(least):
                    node = node.on_any(None, index)
                node = node.staying(None, index)
            case Entry(numbers):
                self.alphabet.update(numbers.alphabet)
                node = node.behind_list(numbers.root, index)
            case _:
                assert_never(element)
        return node
