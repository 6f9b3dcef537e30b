"""The pattern languages once more, as plainly as they can be said: a reading of their definitions.

It shares nothing with the package: no parser, no index. A pattern is a list of ways to take
something off the front of a text, tried in order, every one of them.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

Numbers = Mapping[str, Sequence[str]]
"""Number lists, each with all of its numbers."""
Way = Callable[[str], Iterator[int]]
"""Says how many characters may be taken off the front of a text."""


def matches(source: str, syntax: str, numbers: Numbers, text: str) -> bool:
    """Whether the pattern takes all of *text*."""
    if syntax == "regex":
        return len(text) <= 256 and bool(re.fullmatch(source, text, re.DOTALL | re.ASCII))
    ways = list(_vendor(source, numbers) if syntax == "vendor" else _asterisk(source))
    return _takes(ways, text)


def _takes(ways: Sequence[Way], text: str) -> bool:
    if not ways:
        return not text
    return any(_takes(ways[1:], text[count:]) for count in ways[0](text))


def _vendor(source: str, numbers: Numbers) -> Iterator[Way]:
    for token in re.findall(r'"[^"]*"|\$[^$]*\$|.', source):
        match token.upper():
            case "X":
                yield _one_of("0123456789")
            case "Y":
                yield _one_of("123456789")
            case "N":
                yield _one_of("23456789")
            case "?":
                yield _many_of("0123456789#*,")
            case "Z":
                yield lambda text: iter([len(text)])
            case _ if token[0] == "$":
                yield _any_text(numbers[token.strip("$")])
            case _:
                yield _any_text([token.strip('"')])


def _asterisk(source: str) -> Iterator[Way]:
    if source[0] != "_":
        yield _any_text([source.replace("-", "")])
        return
    for token in re.findall(r"\[[^]]*\]|.", source[1:]):
        match token.upper():
            case "X":
                yield _one_of("0123456789")
            case "Z":
                yield _one_of("123456789")
            case "N":
                yield _one_of("23456789")
            case ".":
                yield lambda text: iter([len(text)] if text else [])
            case "!":
                yield lambda text: iter([len(text)])
            case "-":
                pass
            case _ if token[0] == "[":
                yield _one_of([char for char in map(chr, range(128)) if re.match(token, char)])
            case _:
                yield _any_text([token])


def _one_of(chars: Sequence[str]) -> Way:
    return lambda text: iter([1] if text and text[0] in chars else [])


def _many_of(chars: str) -> Way:
    return lambda text: iter(range(len(text) - len(text.lstrip(chars)) + 1))


def _any_text(texts: Sequence[str]) -> Way:
    return lambda text: (len(each) for each in texts if text.startswith(each))
