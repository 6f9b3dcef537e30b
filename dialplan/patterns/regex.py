"""Regular expressions as patterns: Python's, of the whole text, without surprises in time.

An expression looks at texts of at most `LONGEST_TEXT` characters, and matches none that is longer.
One that could try a text in more than `MOST_WAYS` ways is refused, which all are that repeat a
repetition without end. So no text keeps a call waiting.
"""

import re
from dataclasses import dataclass, field

from dialplan.patterns.backtracking import LONGEST_TEXT, check_ways
from dialplan.patterns.fault import PatternError, check_length


@dataclass(frozen=True, slots=True)
class Expression:
    """A pattern that is a regular expression."""

    source: str
    compiled: re.Pattern[str] = field(compare=False, repr=False)
    syntax: str = "regex"

    def groups(self, text: str) -> tuple[str, ...] | None:
        """The groups of *text*, "" for one that took no part; None where it does not match."""
        if len(text) > LONGEST_TEXT:
            return None
        found = self.compiled.fullmatch(text)
        return None if found is None else found.groups("")

    def why_not(self, text: str) -> str:
        """Say that the expression does not match *text*; "" where it does."""
        if len(text) > LONGEST_TEXT:
            return f"regular expressions look at {LONGEST_TEXT} characters at most"
        return "" if self.compiled.fullmatch(text) else "the regular expression does not match"


def parse(source: str) -> Expression:
    r"""Read *source*; `\d` is 0 to 9, `.` any character.

    Raises:
        PatternError: Python cannot read it, it asks for what is refused here, or might take long.
    """
    check_length(source)
    check_ways(source)
    try:
        return Expression(source, re.compile(source, re.ASCII | re.DOTALL))
    except re.error as error:
        at = len(source) if error.pos is None else error.pos
        raise PatternError(at + 1, "a regular expression", error.msg) from error
    except OverflowError as error:  # a{99999999999}
        raise PatternError(1, "a regular expression", str(error)) from error
