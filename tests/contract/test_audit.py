"""The audit trail in every store: one with the change, never changed, gone with the journal."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from interact_ivr.domain.access import Digest, Grant, Role, kept_key, kept_token
from interact_ivr.domain.acts import UNDER_WAY, Act, Actor, Outcome, Sought, Told
from interact_ivr.domain.directory import (
    AddKey,
    AddTenant,
    AddToken,
    AddUser,
    KnownTenant,
    RemoveTenant,
    RemoveUser,
)
from interact_ivr.domain.errors import EntryExists, StoreUnavailable
from interact_ivr.domain.names import EnvironmentName, NumberKey
from interact_ivr.service.used import Used
from interact_ivr.stores.audit import StoredAudit
from interact_ivr.stores.directory import StoredDirectory
from tests.contract.stores import Pool, SettableClock
from tests.contract.test_journal import TOMBSTONE, purge

OLENA = Actor("user acme/olena", "192.0.2.7")
NUMBER = "+380974520200"
ANN = AddUser("acme", "ann", "$argon2id$of-ann", Role.VIEWER)


def trail(pool: Pool) -> StoredAudit:
    """Give the trail of the pool's store."""
    return pool.store.audit()


async def acts(pool: Pool, **sought: object) -> list[str]:
    """Give what was done, the newest first."""
    found = await trail(pool).entries(replace(Sought(), **sought), "", 100)
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
    assert KnownTenant("acme") not in (await pool.directory.read()).tenants
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


async def test_a_tenant_reads_nothing_of_another_of_its_name_before(pool: Pool) -> None:
    """Neither by its name nor by an environment's; the operator reads all."""
    for action, change in (("tenant.add", AddTenant("acme")), ("user.add", ANN)):
        with under_way(an_act(action)):
            await pool.directory.change(change)
        pool.pass_(timedelta(minutes=1))
    assert await acts(pool, tenant="acme") == ["user.add", "tenant.add"]
    with under_way(an_act("tenant.remove")):
        await pool.directory.change(RemoveUser("acme", "ann"))
        await pool.directory.change(RemoveTenant("acme"))
    pool.pass_(timedelta(minutes=1))
    with under_way(an_act()):
        await pool.directory.change(AddTenant("acme"))
    for sought in ({"tenant": "acme"}, {"environment": "acme/live"}):
        assert await acts(pool, **sought) == ["tenant.add"]
        since = pool.clock.at - timedelta(hours=1)
        assert await acts(pool, **sought, since=since) == ["tenant.add"]
    assert len(await acts(pool)) == 4


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


async def test_what_was_used_is_written_once_a_minute(pool: Pool) -> None:
    """The latest time of each, and no earlier one later; what has gone meanwhile is passed over."""
    here, key, token = EnvironmentName("default/default"), kept_key("k" * 24), kept_token("d" * 64)
    await pool.directory.change(AddKey(here, "default", key))
    await pool.directory.change(AddToken(token, Grant(Role.ADMIN, here)))
    directory = pool.directory
    assert isinstance(directory, StoredDirectory)

    async def used() -> tuple[datetime | None, datetime | None]:
        read = await directory.read()
        return read.applications[0].keys[0].used_at, read.tokens[0].used_at

    noted = Used(directory, pool.clock, failed=lambda _: None)
    await noted.write()
    assert await used() == (None, None)
    first = pool.clock.at
    noted.key(here, key.digest)
    noted.token(token.digest)
    noted.token(kept_token("e" * 64).digest)
    await noted.write()
    assert await used() == (first, first)
    await directory.note_used({}, {token.digest: first - timedelta(hours=1)})
    pool.pass_(timedelta(minutes=1))
    noted.key(here, key.digest)
    await noted.write()
    assert await used() == (first + timedelta(minutes=1), first)


async def test_what_cannot_be_written_is_noted_still() -> None:
    """A store that fails loses none, and the later time counts."""
    clock = SettableClock()
    written: list[object] = []

    class Failing:
        broken = True

        async def note_used(self, keys: object, tokens: object) -> None:  # noqa: ARG002  the port's
            if self.broken:
                noted.token(Digest(b"1"))  # shown meanwhile
                raise StoreUnavailable("it is gone")
            written.append(tokens)

    store = Failing()
    noted = Used(store, clock, failed=lambda _: None)
    noted.token(Digest(b"1"))
    noted.token(Digest(b"2"))
    begun = clock.at
    clock.at += timedelta(seconds=1)
    with pytest.raises(StoreUnavailable):
        await noted.write()
    store.broken = False
    await noted.write()
    await noted.write()
    assert written == [{b"1": clock.at, b"2": begun}]
