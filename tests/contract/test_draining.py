"""All numbers that fit are drained while others are lent: none is lent again, and none is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from interact_ivr.domain.errors import Exhausted
from interact_ivr.domain.lifecycle import State
from interact_ivr.domain.names import NumberKey, Scope
from interact_ivr.domain.values import Shown, Status
from interact_ivr.ports import EVERYTHING
from interact_ivr.service import numbers
from interact_ivr.service.numbers import Numbers
from interact_ivr.stores.numbers import StoredNumbers
from tests.contract.stores import Pool
from tests.contract.test_pool_watch import environments_of

MANY, STEP, APPS = 120, 10, 4
NUMBERS = [f"+3809745202{at:03}" for at in range(MANY)]


class Lending:
    """Apps that allocate without a pause while the pool is drained, and what they were lent."""

    def __init__(self, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pool = pool
        self.drained: set[str] = set()
        """Those of which the store has said so."""
        self.lent: dict[str, str] = {}
        """Each interaction's number."""
        self.lent_meanwhile = 0
        drain = StoredNumbers.set_enabled

        async def told(
            store: StoredNumbers, scope: Scope, keys: Sequence[NumberKey], *, enabled: bool
        ) -> None:
            if enabled:
                self.drained.difference_update(keys)
            await drain(store, scope, keys, enabled=enabled)
            if not enabled:
                self.drained.update(keys)

        monkeypatch.setattr(StoredNumbers, "set_enabled", told)

    async def go_on(self, app: int) -> None:
        """Allocate until nothing is left, each to another interaction."""
        for at in range(MANY):
            gone = {*self.drained}
            try:
                number = (await self.pool.allocate(f"{app}-{at}")).number
            except Exhausted:
                return
            assert number not in gone, "it was lent after it was told drained"
            self.lent[f"{app}-{at}"] = number
            self.lent_meanwhile += bool(gone)


@pytest.fixture
async def filled(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> Pool:
    """Give a pool of as many numbers, which are drained in a dozen steps."""
    monkeypatch.setattr(numbers, "_STEP", STEP)
    await pool.add(*NUMBERS)
    return pool


@pytest.mark.parametrize("shown", [EVERYTHING, Shown(state=State.IDLE)], ids=["all", "idle"])
async def test_a_pool_drains_while_it_is_lent(
    filled: Pool, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is told drained is lent no more, what is lent stays, and all can be lent again."""
    pool = filled
    inventory = Numbers(pool.inventory, await environments_of(pool))
    lending = Lending(pool, monkeypatch)
    apps = [asyncio.create_task(lending.go_on(app)) for app in range(APPS)]
    changed = await inventory.set_all_enabled("default", shown, enabled=False)
    await asyncio.gather(*apps)
    assert lending.lent_meanwhile, "nothing was lent while it was drained"
    assert changed == len(lending.drained)
    assert len({*lending.lent.values()}) == len(lending.lent), "one was lent twice"
    assert lending.drained | {*lending.lent.values()} == {*NUMBERS}, "one is lost"
    for interaction, number in lending.lent.items():
        told = await pool.retrieve(number, call=interaction)
        assert (told.status, told.interaction) == (Status.FOUND, interaction)
    await lending.go_on(APPS)  # what was lent and not drained may be lent again
    await inventory.set_all_enabled("default", EVERYTHING, enabled=True)
    assert [each.number for each in await pool.shown() if each.enabled] == NUMBERS
