"""What others have written, as a terminal and a reader of lines get it."""

from __future__ import annotations

import json
import unicodedata

import pytest

from interact_ivr.cli.asking import fail
from interact_ivr.cli.tables import print_json, print_table, say
from interact_ivr.domain.shown import harmless_json, shown_lines
from testbed.hostile import TEXTS

ACT = ("Cc", "Cf", "Zl", "Zp")


def acting(text: str) -> set[str]:
    """Give the signs of *text* that would act, beyond a line's end; tags beyond U+FFFF do not."""
    found = {sign for sign in text if unicodedata.category(sign) in ACT and sign <= "\uffff"}
    return found - {"\n"}


@pytest.mark.parametrize("name", TEXTS)
def test_json_means_the_same_and_acts_on_nothing(name: str) -> None:
    """Whatever it holds."""
    written = harmless_json(json.dumps([TEXTS[name]], ensure_ascii=False))
    assert json.loads(written) == [TEXTS[name]]
    assert acting(written) == set()
    assert "\n" not in written


def test_lines_stay_lines_and_their_texts_do_nothing() -> None:
    """A line feed is our own; each other sign that acts is a question mark."""
    assert shown_lines("a\nb\x1b[31m\x9b\rc") == "a\nb?[31m??c"


def test_what_the_command_line_says_does_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Tables, sentences, errors and JSON; a cell is one line, whoever wrote it."""
    evil = [text for name, text in TEXTS.items() if name.startswith(("terminals", "lines"))]
    print_table(("what", "text"), [("x", text) for text in evil])
    table = capsys.readouterr().out
    assert sum(line.startswith(" x ") for line in table.split("\n")) == len(evil)
    for text in evil:
        say(text)
        print_json({"text": text})
    with pytest.raises(SystemExit):
        fail(*evil)
    said = capsys.readouterr()
    assert acting(table + said.out + said.err) == set()
