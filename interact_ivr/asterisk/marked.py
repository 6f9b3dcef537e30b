r"""A line of ours at the end of another's file: put there, and taken away without a trace. Pure.

The line says itself that it is ours, and whether what stood last had no end of line. So nothing
need be remembered, and what others write above and below it meanwhile stays theirs.
"""

from __future__ import annotations

import re
from pathlib import Path

from interact_ivr.asterisk.conf import includes

_MARK = b"; interact-ivr's; `interact-ivr asterisk remove` takes it away"
_ENDED = b"; interact-ivr's, as is the end of the line above"
_LINE = re.compile(
    rb'^#include "(?P<name>[A-Za-z_.]+)" (?:'
    + re.escape(_MARK)
    + rb"|(?P<ended>"
    + re.escape(_ENDED)
    + rb"))(?P<end>\r?\n|\Z)",
    re.MULTILINE,
)


def is_anothers(text: bytes, name: str) -> bool:
    """Whether *text* includes *name*, under whatever path, by a line that is not ours."""
    return name in {Path(each).name for each in includes(without_lines(text))}


def names_of_lines(text: bytes) -> list[str]:
    """Give what our lines in *text* include."""
    return [line["name"].decode() for line in _LINE.finditer(text)]


def with_line(text: bytes, name: str) -> bytes:
    """Put the line that includes *name* at the end of *text*, ended as its last line is."""
    end = b"\r\n" if re.search(rb"\r\n[^\n]*\Z", text) else b"\n"
    begun = b'#include "' + name.encode() + b'" '
    if text and not text.endswith(b"\n"):
        return text + end + begun + _ENDED + end
    return text + begun + _MARK + end


def without_lines(text: bytes) -> bytes:
    """Take our lines out of *text*; the rest stays byte for byte.

    The end of the line above goes too where it is ours and nothing was written below.
    """
    for line in reversed([*_LINE.finditer(text)]):
        above, below = text[: line.start()], text[line.end() :]
        if line["ended"] and not below:
            above = above.removesuffix(line["end"] or b"\n")
        text = above + below
    return text
