"""What people ask of the console lets calls go first, most of all an import that is tried."""

from __future__ import annotations

import gc
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from interact_ivr.api.console import console
from interact_ivr.api.console.importing import Rows
from interact_ivr.domain.access import Role
from interact_ivr.service import courtesy
from interact_ivr.service.checking import NumberRow
from testbed.desk import ACME, PATIENCE_SECONDS, Desk, until
from testbed.visitor import HERE, Visitor, words
from testbed.wire import Answer

RANGE = "1317872xxxx"
MOST_SHARE = 1 / 5
"""Of all the work, by the processor's time: whoever else is busy, it is the same."""
LOOKS = 10
FOR_EVER = 1e9


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Give a desk with 10,000 numbers."""
    with Desk(tmp_path, '[environment]\ndefault = "acme/live"\n') as desk:
        desk.wait(desk.parts.imports.take_in(ACME, rows(RANGE), unheard))
        yield desk


async def rows(number: str) -> AsyncIterator[Rows]:
    """Give one row."""
    yield Rows([NumberRow(1, number)], ())


async def unheard(_: int, __: int) -> None:
    """Nobody waits."""


def test_the_loop_is_left_to_the_calls(desk: Desk) -> None:
    """Where the numbers are there already, each is compared besides."""
    admin = Visitor.of(desk, Role.ADMIN)
    admin.look(f"{HERE}/import")
    gc.collect()
    gc.disable()  # it would be the work of whichever thread it comes upon
    loop, all_ = desk.do(time.thread_time), time.process_time()
    tried = admin.act(f"{HERE}/import", [("csv", f"number\n{RANGE}\n"), ("dry_run", "true")])
    loop, all_ = desk.do(time.thread_time) - loop, time.process_time() - all_
    gc.enable()
    assert "There already, the same 10,000" in words(tried)
    assert loop < MOST_SHARE * all_, f"{loop:.3f} s of {all_:.3f} s"


class Calls:
    """How many calls there are, as often as that is asked."""

    def __init__(self) -> None:
        self.there, self.looks = 0, 0

    def __call__(self) -> int:
        """Say it."""
        self.looks += 1
        return self.there


def asked_in_vain(desk: Desk, ask: Callable[[], Answer]) -> Answer:
    """*ask* beside a call, see that the answer waits for the call's end, and give it then."""
    calls = desk.calls = Calls()
    calls.there = 1
    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(ask)
        until(lambda: calls.looks > LOOKS)
        assert not answer.done()
        calls.there = 0
        return answer.result(PATIENCE_SECONDS)


@pytest.mark.parametrize("dry_run", ["true", "false"])
@pytest.mark.parametrize("numbers", [RANGE, "1317873xxxx"])
def test_an_import_waits_for_calls(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, numbers: str, dry_run: str
) -> None:
    """Reading it, and comparing what is there already; it goes on where it was."""
    admin = Visitor.of(desk, Role.ADMIN)
    admin.look(f"{HERE}/import")
    monkeypatch.setattr(courtesy, "_RESTS_AS_LONG", FOR_EVER)
    fields = [("csv", f"number\n{numbers}\n"), ("dry_run", dry_run)]
    answer = asked_in_vain(desk, lambda: admin.act(f"{HERE}/import", fields))
    if dry_run == "true":
        assert "10,000" in words(answer)
    else:
        assert answer.status == 303


def test_a_persons_next_page_waits_for_calls(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their first one does not, nor does another person's."""
    monkeypatch.setattr(courtesy, "_RESTS_AS_LONG", FOR_EVER)
    monkeypatch.setattr(console, "_LONGEST_REST", FOR_EVER)
    ann, ben = Visitor.of(desk, Role.ADMIN), Visitor.of(desk, Role.VIEWER)
    assert ann.look(f"{HERE}/journal").status == 200
    answer = asked_in_vain(desk, lambda: ann.look(f"{HERE}/journal"))
    assert answer.status == 200
    desk.calls = lambda: 1
    assert ben.look(f"{HERE}/journal").status == 200


def test_a_persons_next_page_waits_half_a_second_at_most(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls may never end."""
    monkeypatch.setattr(courtesy, "_RESTS_AS_LONG", FOR_EVER)
    desk.calls = lambda: 1
    ann = Visitor.of(desk, Role.ADMIN)
    for _ in range(3):
        assert ann.look(f"{HERE}/journal").status == 200
