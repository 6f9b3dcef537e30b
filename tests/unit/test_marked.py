"""Lines of ours in others' files: put there and taken away, byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interact_ivr.asterisk.marked import is_anothers, names_of_lines, with_line, without_lines

NAMES = ("extensions_interact.conf", "extensions_interact_globals.conf")
LINES = st.sampled_from(
    [
        b"",
        b"[a]",
        b"exten => s,1,NoOp()",
        b"; \xff",
        b"\xef\xbb\xbf",
        b'#include "other.conf"',
        b"\r",
    ]
)
TEXTS = st.binary(max_size=20) | st.tuples(
    st.lists(LINES), st.sampled_from([b"\n", b"\r\n"]), st.booleans()
).map(lambda drawn: drawn[1].join(drawn[0]) + drawn[1] * drawn[2])


@given(TEXTS, st.integers(1, 2))
def test_what_was_put_in_is_taken_out_byte_for_byte(text: bytes, count: int) -> None:
    """With and without an end of the last line, of any kind; also of what is no text."""
    put = text
    for name in NAMES[:count]:
        put = with_line(put, name)
    assert names_of_lines(put) == [*NAMES[:count]]
    assert without_lines(put) == text


@given(TEXTS, TEXTS, TEXTS)
def test_what_others_write_around_it_stays(text: bytes, above: bytes, below: bytes) -> None:
    """Above and below, byte for byte; but the end of the line above stays where it is needed."""
    put = above + b"\n" + with_line(text, NAMES[0])
    left = without_lines(put + below)
    if not below:
        assert left == above + b"\n" + text
    else:
        between = left.removeprefix(above + b"\n" + text).removesuffix(below)
        assert between in (b"", b"\n", b"\r\n")
        assert (between == b"") == (not text or text.endswith(b"\n"))


@pytest.mark.parametrize(
    ("text", "end"), [(b"a\r\nb\r\n", b"\r\n"), (b"a\r\nb", b"\r\n"), (b"a\r\nb\n", b"\n")]
)
def test_it_ends_as_the_last_line_does(text: bytes, end: bytes) -> None:
    """Editors of other systems would else show two kinds of lines."""
    added = with_line(text, NAMES[0]).removeprefix(text)
    lines = added.splitlines(keepends=True)
    assert [line[-len(end) :] for line in lines] == [end] * len(lines)
    assert b"\r" in end or b"\r" not in added


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'#include "extensions_interact.conf"\n', True),
        (b"#include extensions_interact.conf\n", True),
        (b"  #tryinclude </etc/asterisk/extensions_interact.conf> ; by hand\r\n", True),
        (b';#include "extensions_interact.conf"\n', False),
        (b';--\n#include "extensions_interact.conf"\n--;\n', False),
        (with_line(b"", NAMES[0]), False),
    ],
)
def test_anothers_line_is_known(text: bytes, expected: bool) -> None:
    """However it is written, unless it is a comment; ours is none."""
    assert is_anothers(text, NAMES[0]) is expected
