"""What strangers send, as the fuzzer has kept it: every law holds for each input again."""

from __future__ import annotations

import gc
import pickle
import socket
import subprocess
import sys
from itertools import cycle, islice, pairwise

import pytest

from fuzzing import kept as kept_inputs
from fuzzing.kept import chosen, kept
from fuzzing.mutating import Mutator
from fuzzing.target import Target
from fuzzing.targets import NAMES, target
from fuzzing.watching import Evaluated, Hung, watched

_TIMES = 12
_AT_LEAST = 60
"""Inputs, each time."""


@pytest.mark.parametrize("name", NAMES)
def test_what_was_found_holds(name: str) -> None:
    """No error but those that are declared, in time, and nothing is evaluated."""
    read = target(name)
    inputs = [*read.seeds(), *kept(name)]
    assert len(inputs) > 3
    for data in inputs:
        read.check(data)  # what is imported late is imported now
        read.hold(data)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_left_of_what_was_read(name: str) -> None:
    """However often it comes: caches are full at some time, and a leak grows each time."""
    read = target(name)
    inputs = [*read.seeds(), *kept(name)]
    again = [*islice(cycle(inputs), max(_AT_LEAST, len(inputs)))]

    def blocks_after() -> int:
        for data in again:
            read.check(data)
        gc.collect()
        return sys.getallocatedblocks()

    blocks = pairwise(blocks_after() for _ in range(_TIMES + 1))
    assert any(after - before < len(again) for before, after in blocks)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_kept_is_little(name: str) -> None:
    """It is in everybody's checkout."""
    assert len(kept(name)) <= kept_inputs.MOST_FILES
    assert sum(map(len, kept(name))) <= kept_inputs.MOST_BYTES


@pytest.mark.parametrize(
    "code",
    [
        "eval('1')",
        "__import__('antigravity')",
        "subprocess.run(['true'])",
        "socket.create_connection(('127.0.0.1', 9))",
        "open('/etc/hostname')",
        "pickle.loads(b'cos\\nsystem\\n.')",
    ],
)
def test_what_is_evaluated_is_seen(code: str) -> None:
    """As code, as a command, as an address, as a file's name, as an object."""
    compiled = compile(code, "an input", "eval")
    read = Target(
        lambda _: eval(compiled, {"pickle": pickle, "socket": socket, "subprocess": subprocess}),
        tuple,
        (),
    )
    with pytest.raises(Evaluated):
        read.hold(b"")


def test_what_hangs_is_seen() -> None:
    """Also where nothing but a regular expression goes on, and everything is caught."""

    def hang(_: bytes) -> None:
        while True:
            try:
                pass
            except Exception:  # noqa: BLE001  it is what hides a time-out elsewhere
                break

    with pytest.raises(Hung):
        Target(hang, tuple, (), seconds=0.05).hold(b"")


def test_who_is_not_watched_may_do_as_they_like() -> None:
    """Nothing is left of having watched."""
    with watched(1.0):
        pass
    assert eval("1") == 1


def test_those_are_kept_that_go_where_no_other_goes() -> None:
    """Of two that go the same way, the shorter one; and none that goes no further than a seed."""
    read = target("agi")
    seeds = [*read.seeds()]
    new = b"agi_request: x\nnot a line\n\n"
    assert chosen(read, seeds) == []
    assert chosen(read, [new, new + b"200 result=1\n", *seeds])[0] == new


def test_an_input_is_changed_the_same_way_by_the_same_seed() -> None:
    """And never made longer than it may be."""
    mutator = Mutator((b"token",))
    data = b"one: 1\ntwo: 2\n\nthree"
    for seed in range(200):
        made = mutator.mutated(data, 40, seed)
        assert made == mutator.mutated(data, 40, seed)
        assert len(made) <= 40
    assert len({mutator.mutated(data, 40, seed) for seed in range(200)}) > 100
