"""A dial plan that somebody sends is tried where it can hold up nothing."""

import asyncio
from pathlib import Path

import pytest

from dialplan import load_plan
from interact_ivr.domain.errors import BadDialPlan
from interact_ivr.service.trying import tried, try_apart

NUMBERS = [f"{number:032}" for number in range(1_000)]
ENDLESS = 'name = "endless"\nextends = "nanp"\n' + "".join(
    f'[[rule]]\nname = "{at}"\nregex = "{"([0-9]|[0-9])" * 21}x"\nclassifications = ["local"]\n'
    for at in range(100)
)
"""Each of its expressions is one that a plan may have; all of them take hours."""


def children() -> set[str]:
    """Give the processes that this one has begun and that are there."""
    tasks = Path("/proc/self/task").glob("*/children")
    return {child for task in tasks for child in task.read_text().split()}


def test_a_plan_that_takes_too_long_is_given_up() -> None:
    """And nothing goes on with it: its process has ended when the fault is told."""
    before = children()
    with pytest.raises(BadDialPlan, match="took more than 1 s"):
        asyncio.run(try_apart(load_plan("nanp"), ENDLESS, NUMBERS, patience=1.0))
    assert children() <= before


def test_who_goes_away_leaves_no_process_behind() -> None:
    """It ends with whoever waits for it."""

    async def gone() -> None:
        async with asyncio.timeout(0.5):
            await try_apart(load_plan("nanp"), ENDLESS, NUMBERS)

    before = children()
    with pytest.raises(TimeoutError):
        asyncio.run(gone())
    assert children() <= before


def test_other_files_of_this_machine_are_not_read(tmp_path: Path) -> None:
    """Neither by a path, nor behind a shipped plan's name."""
    file = tmp_path / "other.toml"
    file.write_text('name = "other"\n')
    for extends in (str(file), f"nanp:/../{file}", "nanp:x.toml", "nanp:", "./nanp", "nanp:../x"):
        with pytest.raises(BadDialPlan) as refused:
            tried(load_plan("nanp"), f'name = "x"\nextends = "{extends}"\n', ["1"])
        assert "extends: expected a shipped plan" in refused.value.faults[0], extends
