"""The laws of what a PBX tells an engine: it changes what is said of a number, never a key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan import Engine, NotANumber, Owner, Plan, QueueType, load_plan
from dialplan.directory import Directories, StaticDirectory


class Switchboard:
    """A directory that may say something else each time."""

    def __init__(self, *owners: Owner) -> None:
        self.owners = owners

    def owner(self, extension: str) -> Owner | None:
        """Give the owner as known now."""
        return StaticDirectory(self.owners).owner(extension)

    def extension_of(self, device: str) -> str | None:
        """Give the extension as known now."""
        return StaticDirectory(self.owners).extension_of(device)


class Everyones:
    """A directory in which every text is somebody's extension."""

    def owner(self, extension: str) -> Owner:
        """Give the owner."""
        return Owner(extension, QueueType.USER, extension)

    def extension_of(self, device: str) -> str:
        """Give an extension."""
        return device


ALICE = Owner("6929", QueueType.USER, "Alice", "6929@default")
LOBBY = Owner("6929", QueueType.STATION, "Lobby")
BARE = Engine(Plan("bare"))


def test_each_answer_is_what_the_directory_knows_then() -> None:
    """Somebody comes, becomes another and goes: no answer is an old one, nor one of `explain`."""
    board = Switchboard()
    engine = Engine(load_plan("nanp"), board)
    for owners, queue_name, voicemail in (
        ((), "", False),
        ((ALICE,), "User Queue: Alice", True),
        ((LOBBY,), "Station Queue: Lobby", False),
        ((ALICE,), "User Queue: Alice", True),
        ((), "", False),
    ):
        board.owners = owners
        for raw in ("6929", "/6929", "69-29"):
            details = engine.resolve(raw)
            assert (details.queue_name, details.voicemail_capable) == (queue_name, voicemail)
            assert details.internal
            explained = engine.explain(raw).details
            assert explained is not None
            assert explained["queue_name"] == queue_name


def test_the_plan_comes_first_line_by_line() -> None:
    """Its own directory says whose an extension is; of the others the PBX does."""
    own = Owner("6929", QueueType.WORKGROUP, "Sales")
    board = Switchboard(ALICE, Owner("6930", QueueType.LINE, "trunk"))
    engine = Engine(Plan("own", extension_lengths=range(2, 7), owners=(own,)), board)
    assert engine.resolve("6929").queue_type is QueueType.WORKGROUP
    assert engine.resolve("6930").queue_type is QueueType.LINE


def test_a_pbx_makes_an_extension_of_what_is_no_number() -> None:
    """However long it is, and all that is said of it is said as of any other extension."""
    long = Owner("69291", QueueType.USER, "Alice")
    known = Engine(Plan("known", owners=(long,))).resolve("69291")
    assert BARE.knowing(Switchboard(long)).resolve("69291") == known
    assert (known.internal, known.normalized_text) == (True, "/69291")
    assert not BARE.resolve("69291").internal


@pytest.mark.parametrize("raw", ["+18004562354", "8004562354", "911", "sip:6929@example.com"])
def test_a_number_stays_a_number(raw: str) -> None:
    """A trunk may well be called as its number: that number is nobody's extension."""
    engine = Engine(load_plan("nanp"))
    assert engine.knowing(Everyones()).resolve(raw) == engine.resolve(raw)


@given(st.text("0123456789+/*#x ") | st.text())
def test_no_key_is_a_pbx_s_to_make(raw: str) -> None:
    """What is stored is found, whatever a PBX tells and whether or not it is there."""
    known = BARE.knowing(Everyones())
    try:
        keys = BARE.lookup_keys(raw)
    except NotANumber:
        return
    assert known.lookup_keys(raw) == keys
    assert known.normalize(raw) == BARE.normalize(raw)


def test_of_several_the_first_that_knows_is_asked() -> None:
    """So a PBX that is named first comes first."""
    both = Directories((Switchboard(ALICE), Switchboard(LOBBY)))
    assert both.owner("6929") == ALICE
    assert both.owner("6930") is None
