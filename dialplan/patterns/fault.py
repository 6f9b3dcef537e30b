"""What is wrong with a pattern, an output or a number list's entry, and where."""

from typing import Final

LONGEST: Final = 500
"""Characters of a pattern or an output; a longer one is a slip of the hand."""
_SHOWN: Final = 60


class PatternError(ValueError):
    """A text that cannot be read; what was *expected* at which *position*, and what is there."""

    def __init__(self, position: int, expected: str, got: str) -> None:
        """Keep the facts; *position* counts characters from 1, *got* is as people read it."""
        super().__init__(position, expected, got)
        self.position = position
        self.expected = expected
        self.got = got

    def __str__(self) -> str:
        """One line for whoever wrote the text."""
        return f"at {self.position}: expected {self.expected}, got {self.got}"


def fault_at(source: str, at: int, expected: str) -> PatternError:
    """Say what is wrong with *source* from the index *at* on."""
    rest = source[at : at + _SHOWN]
    return PatternError(at + 1, expected, repr(rest) if rest else "its end")


def check_length(source: str) -> None:
    """Raise a PatternError where *source* is empty, or a giant."""
    if not source:
        raise PatternError(1, "a pattern", "nothing")
    if len(source) > LONGEST:
        raise PatternError(LONGEST + 1, f"at most {LONGEST} characters", f"{len(source)}")
