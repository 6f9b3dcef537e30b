"""What real Asterisks said while something failed, replayed: no call is lost, none is seen twice.

Recorded by ``python -m testbed.recording_faults`` and ``testbed.recording_ami``; nothing here needs
an Asterisk.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator

import pytest

from dialplan import Directories, Owner, QueueType
from dialplan.directory import StaticDirectory
from interact_ivr.ami.changes import EVERYTHING, changed
from interact_ivr.ami.owners import owners
from interact_ivr.ami.told import Part, Told, queues
from interact_ivr.ari.calls import Arrived, Calls, Look, Move
from interact_ivr.ari.events import bridges_of, channels_of, date_of, event_of
from interact_ivr.ari.told import Created
from testbed.ami_texts import recorded as told_over_ami
from testbed.watched import STAYS
from tests.unit.test_ami_changes import OFFICE
from tests.unit.test_ari_calls import CONTEXTS, RECORDED


class Replay:
    """Services that watch PBXes, as far as they are pure; what is on record outlives them."""

    def __init__(self) -> None:
        self.noted: defaultdict[str, list[str]] = defaultdict(list)
        """The calls that are on a number, by their PBX."""
        self._calls: defaultdict[str, Calls] = defaultdict(lambda: Calls(CONTEXTS))

    def take(self, line: dict[str, str]) -> Iterator[Move]:
        """Take a line of a recording, and say what follows from it."""
        pbx = line.get("pbx", "")
        if "restarted" in line:
            self._calls.clear()
        for move in self._moves(self._calls[pbx], line, self.noted[pbx]):
            if isinstance(move, Arrived):
                assert move.channel.id not in self.noted[pbx]
                self.noted[pbx].append(move.channel.id)
            else:
                self.noted[pbx].remove(move.channel)
            yield move

    def _moves(self, calls: Calls, line: dict[str, str], noted: list[str]) -> Iterator[Move]:
        if "event" in line:
            event = event_of(line["event"])
            move = None if event is None else calls.event(event)
            yield from [] if move is None else [move]
        elif "channels" in line:
            channels, bridges = line["channels"].encode(), line["bridges"].encode()
            look = Look(channels_of(channels), bridges_of(bridges), date_of(line["date"]))
            yield from [*calls.look(look, set(noted))]


def recorded(case: str) -> list[dict[str, str]]:
    """Give the lines of a recording."""
    return [*map(json.loads, (RECORDED / f"{case}.jsonl").read_text("utf-8").splitlines())]


@pytest.mark.parametrize(
    ("case", "moves", "looked"),
    [
        ("asterisk_restarts", ["a", "-a", "b", "-b"], "-a b"),
        ("service_restarts", ["a", "b", "-a", "c", "-c", "-b"], "-a c"),
        ("ari_user_changes", ["a", "b", "-a", "c", "-c", "-b"], "-a c"),
    ],
)
def test_what_a_gap_kept_back_is_told_by_the_look_after_it(
    case: str, moves: list[str], looked: str
) -> None:
    """Who went in it is gone, who came has come; who was there all the while is as before."""
    replay, names, told = Replay(), dict[str, str](), list[str]()
    by_a_look = []
    for line in recorded(case):
        for move in replay.take(line):
            if isinstance(move, Arrived):
                word = names[move.channel.id] = "abc"[len(names)]
            else:
                word = f"-{names[move.channel]}"
            told.append(word)
            by_a_look += [word] if "channels" in line else []
    assert sorted(told[-2:]) == sorted(moves[-2:])
    assert told[:-2] == moves[:-2]
    assert by_a_look == looked.split()
    assert replay.noted == {"": []}


def test_the_refusal_is_on_record() -> None:
    """ARI says 401 to a password that it has forgotten; till then, and behind it, there is news."""
    (at,) = [at for at, line in enumerate(recorded("ari_user_changes")) if "refused" in line]
    assert recorded("ari_user_changes")[at]["refused"] == "401"
    assert 0 < at < len(recorded("ari_user_changes")) - 1


def test_two_pbxes_are_told_apart() -> None:
    """The same number is called over both: the end of one call ends nothing of the other."""
    replay = Replay()
    on = []
    for line in recorded("two_pbxes"):
        for _ in replay.take(line):
            on.append({pbx: len(calls) for pbx, calls in replay.noted.items()})
    assert on[1:] == [{"one": 1, "two": 1}, {"one": 0, "two": 1}, {"one": 0, "two": 0}]
    created = [event_of(line["event"]) for line in recorded("two_pbxes")[:2]]
    assert {each.channel.extension for each in created if isinstance(each, Created)} == {STAYS}


@pytest.mark.parametrize("what", ["asterisk-restart", "service-restart", "user-change"])
def test_after_a_new_login_all_is_read_again(what: str) -> None:
    """Whatever it came by, Asterisk says that it is up; a refused login says nothing new."""
    *before, booted = told_over_ami(f"on-{what}")
    assert changed(booted, OFFICE) == EVERYTHING
    assert [changed(each, OFFICE) for each in before] == [set()] * len(before)


def test_after_a_parking_reload_the_lots_are_read_again() -> None:
    """And nothing else."""
    assert [changed(each, OFFICE) for each in told_over_ami("on-parking-reload")] == [{Part.LOTS}]


def test_of_two_pbxes_the_first_says_whose_an_extension_is() -> None:
    """Where it knows; the other one's own extensions are known beside it."""
    one, two = (
        StaticDirectory(owners(Told(queues=queues(told_over_ami(each)))).values())
        for each in ("queues", "queues-of-another")
    )
    both = Directories((one, two))
    assert (one.owner("6001"), two.owner("6001")) == (None, both.owner("6001"))
    assert both.owner("6000") is one.owner("6000")
    assert both.owner("6001") == Owner("6001", QueueType.WORKGROUP, "6001")
