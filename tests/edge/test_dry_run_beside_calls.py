"""An import that is tried at the console is other threads' work: the loop is left to the calls."""

from __future__ import annotations

import gc
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from interact_ivr.api.console.importing import Rows
from interact_ivr.domain.access import Role
from interact_ivr.service.checking import NumberRow
from testbed.desk import ACME, Desk
from testbed.visitor import HERE, Visitor, words

RANGE = "1317872xxxx"
MOST_SHARE = 1 / 5
"""Of all the work, by the processor's time: whoever else is busy, it is the same."""


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
