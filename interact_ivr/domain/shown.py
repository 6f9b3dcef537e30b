"""What others have written, made fit for the log and the terminal of whoever is on call."""

import re

_ACTS = re.compile(
    "[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
"""What JSON may have as it is, and what a terminal or a reader of lines would take for more."""


def shown(text: str, most: int = 200) -> str:
    """Give the beginning of *text*, *most* characters, with ? for what moves a cursor or is none.

    So it is one line, begins no escape sequence, and turns no writing round.
    """
    return "".join(sign if sign.isprintable() else "?" for sign in text[:most])


def printable(text: str, most: int = 128) -> str:
    """Give what can be printed of the first *most* characters: a name in one line, of some length.

    For what others call themselves; it is the same to screens, programs and calls.
    """
    cut = text[:most]
    return cut if cut.isprintable() else "".join(filter(str.isprintable, cut))


def shown_lines(text: str) -> str:
    """Give all of *text* as `shown` does, but for its line feeds, which are our own."""
    return "\n".join(shown(line, len(line)) for line in text.split("\n"))


def harmless_json(text: str) -> str:
    r"""Give JSON that means the same, with ``\u009b`` for what `shown` would take away.

    JSON itself escapes the controls below the space only.
    """
    if text.isascii() and "\x7f" not in text:
        return text
    return _ACTS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
