"""The audit trail in every store: one with the change, never changed, gone with the journal."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from interact_ivr.domain.acts import UNDER_WAY, Act, Actor, Outcome, Sought, Told
from interact_ivr.domain.directory import AddTenant
from interact_ivr.domain.errors import EntryExists
from interact_ivr.domain.names import NumberKey
from interact_ivr.stores.audit import StoredAudit
from tests.contract.stores import Pool
from tests.contract.test_journal import TOMBSTONE, purge

OLENA = Actor("user acme/olena", "192.0.2.7")
NUMBER = "+380974520200"


def trail(pool: Pool) -> StoredAudit:
    """Give the trail of the pool's store."""
    return pool.store.audit()


async def acts(pool: Pool, **sought: object) -> list[str]:
    """Give what was done, the newest first."""
    found = await trail(pool).entries(replace(Sought(), **sought), "", 100)  # type: ignore[arg-type]  # its fields
    return [entry.told.action for entry in found]


@contextmanager
def under_way(act: Act) -> Iterator[Act]:
    """Let *act* be under way meanwhile."""
    token = UNDER_WAY.set(act)
    yield act
    UNDER_WAY.reset(token)


def an_act(action: str = "tenant.add") -> Act:
    """Make one."""
    act = Act(OLENA, action, "acme", "acme/live")
    act.speak_of({"tenant": "acme"})
    return act


async def test_a_change_and_its_entry_are_one(pool: Pool) -> None:
    """With the first change of an act, and no other; what is refused leaves none."""
    with under_way(an_act()) as act:
        await pool.directory.change(AddTenant("acme"))
        assert act.is_recorded
        await pool.directory.change(AddTenant("bolt"))
    (entry,) = await trail(pool).entries(Sought(), "", 100)
    assert entry.told == Told(
        *("user acme/olena", "192.0.2.7", "tenant.add", "tenant=acme", "acme", "acme/live"),
        Outcome.DONE,
    )
    with under_way(an_act()) as act, pytest.raises(EntryExists):
        await pool.directory.change(AddTenant("acme"))
    assert not act.is_recorded
    assert len(await acts(pool)) == 1


async def test_without_its_entry_nothing_is_changed(pool: Pool) -> None:
    """An entry that cannot be written takes the change with it."""

    class Unwritable(Act):
        def told(self, outcome: Outcome = Outcome.DONE, reason: str | None = None) -> Told:
            nothing: str = None  # type: ignore[assignment]  # what no column takes
            return replace(super().told(outcome, reason), who=nothing)

    with under_way(Unwritable(OLENA, "tenant.add")), pytest.raises(Exception, match=r"who|store"):
        await pool.directory.change(AddTenant("acme"))
    assert "acme" not in (await pool.directory.read()).tenants
    assert await acts(pool) == []


async def test_each_way_to_change_the_inventory_is_an_act(pool: Pool) -> None:
    """Numbers taken in at once or hidden first, switched, taken out; and what is forgotten."""
    keys = [NumberKey(NUMBER)]
    inventory = pool.inventory
    with under_way(an_act("add")):
        await pool.add(NUMBER)
    with under_way(an_act("enable")):
        await inventory.set_enabled(pool.scope, keys, enabled=True)
    with under_way(an_act("allocate")):
        await pool.allocate("a")
    with under_way(an_act("free")):
        await pool.free(NUMBER)
    with under_way(an_act("forget")):
        await pool.forget("a", TOMBSTONE, limit=10)
    with under_way(an_act("remove")):
        await inventory.remove(pool.scope, keys)
    with under_way(an_act("show")):
        await inventory.show_hidden(pool.scope)
    assert sorted(await acts(pool)) == [
        *("add", "allocate", "enable", "forget", "free", "remove", "show")
    ]


async def test_it_is_searched_and_paged(pool: Pool) -> None:
    """By who, by an action or how it begins up to a dot, by where and since when."""
    for minute, action in enumerate(("user.add", "user.set", "users", "token.add")):
        told = an_act(action).told()
        if minute == 3:
            told = replace(told, who="token 0123456789ab", tenant="bolt", environment="bolt/live")
        await trail(pool).add(told)
        pool.pass_(timedelta(minutes=1))
    assert await acts(pool, action="user") == ["user.set", "user.add"]
    assert await acts(pool, action="user.add") == ["user.add"]
    assert await acts(pool, who="olena") == ["users", "user.set", "user.add"]
    assert await acts(pool, who="OLENA") == []
    assert await acts(pool, tenant="bolt") == ["token.add"]
    assert await acts(pool, environment="acme/live", action="users") == ["users"]
    since = pool.clock.at - timedelta(minutes=2)
    assert await acts(pool, since=since) == ["token.add", "users"]
    first = await trail(pool).entries(Sought(), "", 3)
    then = await trail(pool).entries(Sought(), first[-1].id, 3)
    assert [each.told.action for each in (*first, *then)] == await acts(pool)


async def test_it_goes_with_the_journal(pool: Pool) -> None:
    """What is older than the journal is kept is purged, and nothing else."""
    await trail(pool).add(an_act("old").told())
    pool.pass_(timedelta(days=1))
    kept_since = pool.clock.at
    await trail(pool).add(an_act("new").told())
    assert (await purge(pool, kept_since)).acts == 1
    assert await acts(pool) == ["new"]


async def test_nothing_of_a_forgotten_interaction_is_in_it(pool: Pool) -> None:
    """An act does not say whose number it was, so there is nothing to be forgotten."""
    await pool.add(NUMBER)
    act = Act(OLENA, "allocate")
    act.speak_of({"interaction": "basket-4711", "caller": "+14085551234", "group": "sales"})
    with under_way(act):
        await pool.allocate("basket-4711")
    (entry,) = await trail(pool).entries(Sought(), "", 100)
    assert entry.told.object == "group=sales"
