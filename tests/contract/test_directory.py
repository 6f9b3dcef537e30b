"""The directory: what is added is there, what is used stays, what is removed is gone."""

from datetime import timedelta

import pytest
from msgspec.structs import fields, replace

from interact_ivr.domain.access import Grant, KeptSecret, Role, kept_key, kept_token
from interact_ivr.domain.directory import (
    AddApplication,
    AddEnvironment,
    AddKey,
    AddTenant,
    AddToken,
    AddUser,
    Change,
    KnownApplication,
    KnownTenant,
    RemoveApplication,
    RemoveEnvironment,
    RemoveKey,
    RemoveTenant,
    RemoveToken,
    RemoveUser,
    SetApplication,
    SetTenant,
    SetUser,
)
from interact_ivr.domain.errors import (
    ApplicationGone,
    BadInput,
    EntryExists,
    EntryInUse,
    Exhausted,
    NoSuchApplication,
    NoSuchEntry,
    NoSuchEnvironment,
    QuotaReached,
    Refusal,
)
from interact_ivr.domain.lifecycle import Quotas
from interact_ivr.domain.names import EnvironmentName, NumberKey, Scope
from interact_ivr.domain.settings import PoolSettings
from interact_ivr.domain.values import NewNumber
from tests.contract.stores import POLICY, START, Pool

DEFAULT = EnvironmentName("default/default")
LIVE = EnvironmentName("acme/live")
TEST = EnvironmentName("acme/test")
QUOTAS = ("most_open", "most_a_minute")
KEY, OTHER_KEY, THIRD_KEY = (kept_key(sign * 24) for sign in "abc")
TOKEN = kept_token("d" * 64)
OWN = PoolSettings(
    hold_for=timedelta(seconds=60, microseconds=1), strict_rest=False, late_reveals_id=True
)


def sales(
    environment: EnvironmentName = LIVE,
    *,
    name: str = "sales",
    pool: str | None = None,
    settings: PoolSettings = OWN,
    key: KeptSecret = KEY,
) -> AddApplication:
    return AddApplication(environment, name, pool, settings, key)


async def change(pool: Pool, *changes: Change) -> None:
    for each in changes:
        await pool.directory.change(each)


async def acme(pool: Pool, *changes: Change) -> None:
    """Make a second tenant, with an environment."""
    await change(pool, AddTenant("acme"), AddEnvironment(LIVE, None), *changes)


async def application(pool: Pool, name: str = "sales") -> KnownApplication:
    directory = await pool.directory.read()
    (found,) = [each for each in directory.applications if each.name == name]
    return found


async def refused(pool: Pool, refusal: type[Refusal], *changes: Change) -> None:
    """Each of *changes* is refused, and nothing changes."""
    before = await pool.directory.read()
    for each in changes:
        with pytest.raises(refusal):
            await pool.directory.change(each)
    assert await pool.directory.read() == before


async def test_a_new_store_has_one_of_each(pool: Pool) -> None:
    """One tenant, its environment and a DNIS application without a key; nobody is let in."""
    directory = await pool.directory.read()
    assert directory.tenants == (KnownTenant("default"),)
    assert [each.name for each in directory.environments] == [DEFAULT]
    assert [(each.environment, each.name) for each in directory.applications] == [
        (DEFAULT, "default")
    ]
    assert directory.applications[0].settings == PoolSettings()
    assert directory.applications[0].keys == ()
    assert (directory.users, directory.tokens) == ((), ())


async def hide(pool: Pool, name: str, count: int) -> Scope:
    """Leave *count* numbers in a pool of acme/live as an import does that breaks off."""
    directory = await pool.directory.read()
    (live,) = [each.id for each in directory.environments if each.name == LIVE]
    (mine,) = [
        each.id for each in directory.applications if (each.environment, each.name) == (LIVE, name)
    ]
    numbers = [NewNumber(NumberKey(f"+{each}"), str(each)) for each in range(count)]
    await pool.inventory.write_hidden(Scope(live, mine), numbers)
    return Scope(live, mine)


async def test_what_a_broken_import_left_holds_no_application_back(pool: Pool) -> None:
    """It goes with it, and the import goes on no more; numbers that are shown hold it back."""
    await acme(pool, sales(), sales(name="other", key=OTHER_KEY))
    scope = await hide(pool, "sales", 3)
    await change(pool, RemoveApplication(LIVE, "sales"))
    for take_in in (pool.inventory.write_hidden, pool.inventory.add):
        with pytest.raises(ApplicationGone):
            await take_in(scope, [NewNumber(NumberKey("+9"), "9")])
    other = await hide(pool, "other", 3)
    with pytest.raises(ApplicationGone):
        await pool.inventory.show_hidden(scope)
    assert not await pool.inventory.known(other, [NumberKey("+0")])
    await pool.inventory.show_hidden(other)
    await refused(pool, EntryInUse, RemoveApplication(LIVE, "other"))


async def test_what_a_broken_import_left_holds_no_environment_back(pool: Pool) -> None:
    """It goes with it; what another environment's left does not, nor another application's."""
    await acme(pool, sales())
    await hide(pool, "default", 3)
    await pool.inventory.write_hidden(pool.scope, [NewNumber(NumberKey("+1"), "1")])
    await change(pool, RemoveApplication(LIVE, "sales"), RemoveEnvironment(LIVE))
    assert await pool.inventory.discard_hidden(10) == 1


async def test_what_is_added_is_there_as_it_was_given(pool: Pool) -> None:
    """Also after a restart; times are the store's, settings to the microsecond."""
    grant = Grant(Role.AGENT, LIVE, "sales", ("1000", "*98"), START + timedelta(days=1))
    await change(pool, AddTenant("acme"), AddEnvironment(LIVE, "nanp"), sales())
    await change(pool, sales(name="web", pool="sales", settings=PoolSettings(), key=OTHER_KEY))
    await change(pool, AddUser("acme", "admin", "$argon2id$"), AddToken(TOKEN, grant))
    await pool.reopen()
    directory = await pool.directory.read()
    assert directory.tenants == (KnownTenant("acme"), KnownTenant("default"))
    assert [(each.name, each.dial_plan) for each in directory.environments] == [
        (LIVE, "nanp"),
        (DEFAULT, None),
    ]
    found = await application(pool)
    assert (found.environment, found.allocates_from, found.settings) == (LIVE, None, OWN)
    assert [(key.secret, key.added_at) for key in found.keys] == [(KEY, START)]
    assert (await application(pool, "web")).allocates_from == "sales"
    (user,) = directory.users
    assert (user.tenant, user.name, user.password_hash) == ("acme", "admin", "$argon2id$")
    (token,) = directory.tokens
    assert (token.secret, token.grant, token.added_at) == (TOKEN, grant, START)


async def test_a_user_s_role_is_given_changed_and_taken(pool: Pool) -> None:
    """Without one the console is not theirs; the password stays as it is."""
    await change(pool, AddTenant("acme"), AddUser("acme", "ann", "-", Role.ADMIN))
    await change(pool, AddUser("acme", "bob", "-"))
    await change(pool, SetUser("acme", "bob", Role.VIEWER), SetUser("acme", "ann", None))
    await pool.reopen()
    users = (await pool.directory.read()).users
    assert [(each.name, each.role, each.password_hash) for each in users] == [
        ("ann", None, "-"),
        ("bob", Role.VIEWER, "-"),
    ]
    await refused(pool, NoSuchEntry, SetUser("acme", "eve", None), SetUser("x", "ann", None))


async def test_an_environment_begins_with_a_dnis_application(pool: Pool) -> None:
    """Called default, so that an allocation need not name one."""
    await acme(pool)
    directory = await pool.directory.read()
    assert {(each.environment, each.name) for each in directory.applications} == {
        (DEFAULT, "default"),
        (LIVE, "default"),
    }


async def test_names_are_unique_where_they_belong(pool: Pool) -> None:
    """A user's and an environment's in the tenant, an application's in the environment.

    Elsewhere the same name is another thing.
    """
    await acme(pool, sales(), AddUser("acme", "admin", "-"))
    await refused(
        pool,
        EntryExists,
        AddTenant("acme"),
        AddEnvironment(LIVE, "nanp"),
        sales(key=OTHER_KEY),
        AddUser("acme", "admin", "other"),
    )
    await change(pool, AddEnvironment(TEST, None), AddUser("default", "admin", "-"))
    await change(pool, sales(TEST), AddEnvironment(EnvironmentName("default/live"), None))


async def test_nothing_is_added_to_what_is_not_there(pool: Pool) -> None:
    """Each refusal says what is missing."""
    await refused(
        pool, NoSuchEntry, AddEnvironment(LIVE, None), AddUser("acme", "a", "-"), RemoveTenant("x")
    )
    grant = Grant(Role.ADMIN, LIVE)
    await refused(pool, NoSuchEnvironment, sales(), RemoveEnvironment(LIVE), AddToken(TOKEN, grant))
    await refused(
        pool,
        NoSuchApplication,
        sales(DEFAULT, pool="none"),
        SetApplication(DEFAULT, "sales", OWN, ["hold_for"]),
        RemoveApplication(DEFAULT, "sales"),
        AddKey(DEFAULT, "sales", KEY),
        RemoveKey(DEFAULT, "sales", KEY.prefix),
        AddToken(TOKEN, Grant(Role.AGENT, DEFAULT, "sales")),
    )
    await refused(
        pool,
        NoSuchEntry,
        RemoveKey(DEFAULT, "default", KEY.prefix),
        RemoveUser("default", "admin"),
        RemoveUser("acme", "admin"),
        RemoveToken(TOKEN.prefix),
    )


async def test_another_environment_s_application_is_none_of_this_one(pool: Pool) -> None:
    """Neither to allocate from, nor to set, key, or remove."""
    await acme(pool, sales())
    await refused(
        pool,
        NoSuchApplication,
        sales(DEFAULT, name="web", pool="sales"),
        SetApplication(DEFAULT, "sales", OWN, ["hold_for"]),
        AddKey(DEFAULT, "sales", OTHER_KEY),
        RemoveKey(DEFAULT, "sales", KEY.prefix),
        RemoveApplication(DEFAULT, "sales"),
    )


async def test_a_consumer_has_no_pool(pool: Pool) -> None:
    """So nothing allocates from it, it takes no settings, and no token narrows to it."""
    await acme(pool, sales(), sales(name="web", pool="sales", key=OTHER_KEY))
    await refused(
        pool,
        BadInput,
        sales(name="other", pool="web", key=THIRD_KEY),
        SetApplication(LIVE, "web", OWN, ["hold_for"]),
        AddToken(TOKEN, Grant(Role.APPLICATION, LIVE, "web")),
    )


EVERY = [field.name for field in fields(PoolSettings)]


@pytest.mark.parametrize("given", [*([name] for name in EVERY), EVERY, []])
async def test_only_the_settings_that_are_given_are_written(pool: Pool, given: list[str]) -> None:
    """Another node, which knows the others as they were, may have set them meanwhile."""
    one, two, three = (timedelta(seconds=at) for at in (1, 2, 3))
    before = PoolSettings(one, two, three, one, True, False, True, 1, 2)
    other = PoolSettings(None, timedelta(0), None, timedelta(9), False, None, False, None, 7)
    await acme(pool, sales(settings=before))
    await change(pool, SetApplication(LIVE, "sales", other, given))
    after = replace(before, **{name: getattr(other, name) for name in given})
    assert (await application(pool)).settings == after


@pytest.mark.parametrize("given", [["most_open"], ["most_a_minute"], QUOTAS, []])
async def test_only_the_quotas_that_are_given_are_written(pool: Pool, given: list[str]) -> None:
    """As of an application's settings."""
    await acme(pool)
    before, other = Quotas(1, 2), Quotas(0, 3)
    await change(pool, SetTenant("acme", before, QUOTAS), SetTenant("acme", other, given))
    (tenant, _) = (await pool.directory.read()).tenants
    assert tenant.quotas == replace(before, **{name: getattr(other, name) for name in given})


async def test_two_keys_are_valid_at_once(pool: Pool) -> None:
    """A third is refused, until one of them is removed."""
    await acme(pool, sales(), AddKey(LIVE, "sales", OTHER_KEY))
    await refused(pool, BadInput, AddKey(LIVE, "sales", THIRD_KEY))
    await change(pool, RemoveKey(LIVE, "sales", KEY.prefix), AddKey(LIVE, "sales", THIRD_KEY))
    keys = {key.secret for key in (await application(pool)).keys}
    assert keys == {OTHER_KEY, THIRD_KEY}


async def test_a_key_names_one_application(pool: Pool) -> None:
    """Within an environment; and an application's two keys begin differently."""
    await acme(pool, sales(), AddEnvironment(TEST, None), sales(TEST))
    alike = KeptSecret(KEY.prefix, OTHER_KEY.digest)
    await refused(
        pool, BadInput, AddKey(LIVE, "default", KEY), AddKey(LIVE, "sales", alike), sales(name="x")
    )


async def test_what_something_hangs_on_stays(pool: Pool) -> None:
    """And the refusal says what it is, and how many."""
    await acme(pool, sales(), sales(name="web", pool="sales", key=OTHER_KEY))
    token = AddToken(TOKEN, Grant(Role.APPLICATION, LIVE, "sales"))
    await change(pool, AddUser("acme", "admin", "-"), token)
    await pool.add("+380974520200", "+380974520201")
    for removal, by in (
        (RemoveTenant("acme"), "it has environments (1), users (1)"),
        (RemoveEnvironment(LIVE), "it has other applications (2), tokens (1)"),
        (RemoveEnvironment(DEFAULT), "it has numbers (2)"),
        (RemoveApplication(LIVE, "sales"), "it has consumer applications (1), tokens (1)"),
        (RemoveApplication(DEFAULT, "default"), "it has numbers (2)"),
    ):
        with pytest.raises(EntryInUse) as error:
            await pool.directory.change(removal)
        assert error.value.by == by
    await refused(pool, EntryInUse, RemoveTenant("acme"), RemoveEnvironment(LIVE))


async def test_what_is_removed_is_gone_with_what_was_its_own(pool: Pool) -> None:
    """Keys go with their application, the default application with its environment."""
    before = await pool.directory.read()
    await acme(pool, AddKey(LIVE, "default", OTHER_KEY), sales(), AddUser("acme", "admin", "-"))
    await change(pool, AddToken(TOKEN, Grant(Role.VIEWER, LIVE)))
    await change(pool, RemoveToken(TOKEN.prefix), RemoveUser("acme", "admin"))
    await change(pool, RemoveApplication(LIVE, "sales"), AddKey(LIVE, "default", KEY))
    await change(pool, RemoveEnvironment(LIVE), RemoveTenant("acme"))
    assert await pool.directory.read() == before


async def test_an_id_is_not_given_again(pool: Pool) -> None:
    """The journal, which outlives an environment, cannot be taken for that of a later one."""
    await acme(pool)
    first = await pool.directory.read()
    await change(pool, RemoveEnvironment(LIVE), AddEnvironment(LIVE, None))
    second = await pool.directory.read()
    assert first.environments[0].name == second.environments[0].name == LIVE
    assert first.environments[0].id != second.environments[0].id
    assert first.applications[0].id != second.applications[0].id


async def test_two_environments_do_not_see_each_other(pool: Pool) -> None:
    """The same number and the same interaction are two of each."""
    await acme(pool)
    await pool.add("+380974520200")
    mine = await pool.allocate("order 1")
    here = pool.scope
    (there,) = [each for each in (await pool.directory.read()).environments if each.name == LIVE]
    pool.scope = Scope(there.id, (await pool.directory.read()).applications[0].id)
    assert await pool.known("+380974520200") == []
    await pool.add("+380974520200")
    theirs = await pool.allocate("order 1")
    assert theirs.id != mine.id
    assert (await pool.retrieve("+380974520200", call="1")).allocation == theirs.id
    pool.scope = here
    assert (await pool.retrieve("+380974520200", call="1")).allocation == mine.id


@pytest.mark.parametrize(
    ("configured", "own", "most"), [(3, 1, 1), (1, 3, 3), (1, 0, 4), (2, None, 2)]
)
async def test_an_application_s_own_quota_binds(
    pool: Pool, configured: int, own: int | None, most: int
) -> None:
    """Smaller or larger than the configuration's; 0 is none, and unset is the configuration's."""
    await pool.add(*(f"+38097452020{digit}" for digit in range(4)))
    settings = PoolSettings(most_open=own)
    await change(pool, SetApplication(DEFAULT, "default", settings, ["most_open"]))
    (known,) = (await pool.directory.read()).applications
    assert (known.settings.most_open, known.settings.most_a_minute) == (own, None)
    policy = known.settings.over(replace(POLICY, most_open=configured))
    for at in range(most):
        await pool.allocate(f"order {at}", policy=policy)
    with pytest.raises(QuotaReached if own != 0 else Exhausted):
        await pool.allocate("one more", policy=policy)


async def test_a_tenant_s_quotas_are_kept(pool: Pool) -> None:
    """Through a new start, each by itself; a tenant that is not there has none."""
    await acme(pool)
    for quotas in (Quotas(500, 60), Quotas(0, 60), Quotas()):
        await change(pool, SetTenant("acme", quotas, QUOTAS))
        await pool.reopen()
        tenants = (await pool.directory.read()).tenants
        assert tenants == (KnownTenant("acme", quotas), KnownTenant("default"))
    with pytest.raises(NoSuchEntry):
        await change(pool, SetTenant("globex", Quotas(), QUOTAS))


async def test_a_tenant_s_quota_is_of_all_its_applications_together(pool: Pool) -> None:
    """In whichever of its environments; another tenant's take nothing of it."""
    test = AddEnvironment(TEST, None)
    await acme(pool, test, sales())
    directory = await pool.directory.read()
    ids = {each.name: each.id for each in directory.environments}
    scopes = {
        (each.environment, each.name): Scope(ids[each.environment], each.id)
        for each in directory.applications
    }
    two = replace(POLICY, of_tenant=Quotas(most_open=2))
    theirs = [scopes[LIVE, "default"], scopes[LIVE, "sales"], scopes[TEST, "default"]]
    for at, scope in enumerate(theirs):
        pool.scope = scope
        await pool.add(f"+38097452020{at}", f"+38097452021{at}")
    pool.scope = theirs[0]
    first = await pool.allocate("order 1", policy=two)
    pool.scope = theirs[1]
    await pool.allocate("order 2", policy=two)
    for scope in theirs:
        pool.scope = scope
        with pytest.raises(QuotaReached, match="the tenant may have 2 allocations open at once"):
            await pool.allocate("order 3", policy=two)
    pool.scope = scopes[DEFAULT, "default"]
    await pool.add("+380974520300", "+380974520301", "+380974520302")
    for at in range(2):
        await pool.allocate(f"another's {at}", policy=two)
    pool.scope = theirs[0]
    assert (await pool.allocate("order 1", policy=two)).renewed
    await pool.free(first.number)
    pool.scope = theirs[2]
    await pool.allocate("order 3", policy=two)
