"""What the use cases see of the directory: a snapshot, replaced as a whole; and who is let in."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

import pytest

from dialplan import Details, Explanation
from interact_ivr.domain.access import Grant, Role, kept_key, kept_token
from interact_ivr.domain.directory import (
    AddApplication,
    AddEnvironment,
    AddKey,
    AddTenant,
    AddToken,
    AddUser,
    RemoveApplication,
    RemoveKey,
    RemoveToken,
    RemoveUser,
)
from interact_ivr.domain.errors import NoSuchApplication, NoSuchEnvironment
from interact_ivr.domain.names import SAFE, ApplicationId, EnvironmentName
from interact_ivr.domain.settings import PoolSettings
from interact_ivr.service.access import Access
from interact_ivr.service.environments import Defaults, Environments
from interact_ivr.service.logins import Logins
from interact_ivr.service.passwords import Passwords, hashed
from tests.contract.stores import HOLD, POLICY, REST, START, TICK, Pool

LIVE = EnvironmentName("acme/live")
TEST = EnvironmentName("acme/test")
KEY, OTHER_KEY = "a" * 24, "b" * 24
TOKEN = "c" * 64


@dataclass(frozen=True)
class NamedPlan:
    """A dial plan that is known by its name alone."""

    name: str

    def normalize(self, raw: str) -> str:
        """Give the number as it is."""
        return raw

    def lookup_keys(self, raw: str) -> tuple[str, ...]:
        """Give the number as it is."""
        return (raw,)

    def resolve(self, raw: str) -> Details:
        """Know nothing of *raw*."""
        raise ValueError(raw)

    def explain(self, raw: str) -> Explanation:
        """Say nothing of *raw*."""
        return Explanation(raw, "", "")

    def extension_of(self, _: str) -> str | None:
        """Know no device."""
        return None

    def knowing(self, _: object) -> Self:
        """Know no extension."""
        return self


def load(name: str) -> NamedPlan:
    if name == "mars":
        raise ValueError("there are no telephones")
    return NamedPlan(name)


def environments_of(pool: Pool, default: EnvironmentName = LIVE) -> Environments:
    defaults = Defaults(default, NamedPlan("configured"), POLICY, SAFE)
    return Environments(pool.directory, defaults, load)


def sales(name: str = "sales", pool: str | None = None, key: str = KEY) -> AddApplication:
    settings = PoolSettings() if pool else PoolSettings(hold_for=timedelta(seconds=60))
    return AddApplication(LIVE, name, pool, settings, kept_key(key))


@pytest.fixture
async def environments(pool: Pool) -> Environments:
    """Give the environments of a store with a second tenant, whose live one is the default."""
    environments = environments_of(pool)
    for change in (
        AddTenant("acme"),
        AddEnvironment(LIVE, None),
        AddEnvironment(TEST, "nanp"),
        sales(),
        sales("web", "sales", OTHER_KEY),
    ):
        await pool.directory.change(change)
    await environments.reload()
    return environments


async def test_an_environment_has_its_name(environments: Environments) -> None:
    """By no name the default, by a bare name one of the default's tenant, and never another."""
    assert environments.named().name == environments.named("live").name == LIVE
    assert environments.named("test").name == TEST
    assert environments.named("default/default").name == "default/default"
    for name in ("default", "default/live", "Live", "acme/other", "other/live"):
        with pytest.raises(NoSuchEnvironment):
            environments.named(name)


async def test_an_application_has_its_policy(environments: Environments) -> None:
    """Its own settings over the configured ones; found by name, or by the id a number has."""
    here = environments.named()
    own = here.application("sales")
    assert (own.policy.hold_for, own.policy.rest_for) == (timedelta(seconds=60), REST)
    assert here.application().policy.hold_for == HOLD
    assert here.policies[own.scope.application] == own.policy
    assert own.scope.environment == here.id


async def test_only_a_dnis_application_has_a_pool(environments: Environments) -> None:
    """A consumer's name, another environment's, and one that is none are not found."""
    for name in ("web", "none", "Sales"):
        with pytest.raises(NoSuchApplication):
            environments.named().application(name)
    with pytest.raises(NoSuchApplication):
        environments.named("test").application("sales")
    assert ApplicationId(-1) not in environments.named().policies


async def test_an_environment_may_have_a_dial_plan_of_its_own(environments: Environments) -> None:
    """The others have the configured one."""
    assert environments.named("test").dial_plan == NamedPlan("nanp")
    assert environments.named("live").dial_plan == NamedPlan("configured")


async def test_a_snapshot_stands_until_the_next(pool: Pool, environments: Environments) -> None:
    """What changes in the store is seen by a reload, and what was looked up stays as it was."""
    here = environments.named()
    await pool.directory.change(RemoveApplication(LIVE, "default"))
    assert environments.named().application()
    await environments.reload()
    assert here.application()
    with pytest.raises(NoSuchApplication):
        environments.named().application()


async def test_a_reload_that_fails_changes_nothing(pool: Pool, environments: Environments) -> None:
    """The old snapshot goes on, whole."""
    before = environments.directory
    await pool.directory.change(AddEnvironment(EnvironmentName("acme/first"), None))
    await pool.directory.change(AddEnvironment(EnvironmentName("acme/mars"), "mars"))
    with pytest.raises(ValueError, match="no telephones"):
        await environments.reload()
    assert environments.directory is before
    with pytest.raises(NoSuchEnvironment):
        environments.named("first")


async def test_a_refresh_takes_all_that_can_be_used(pool: Pool, environments: Environments) -> None:
    """And says what cannot: what was taken back is gone, whatever else another node has made."""
    grant = Grant(Role.VIEWER, LIVE)
    await pool.directory.change(AddToken(kept_token(TOKEN), grant))
    assert await environments.refresh() == []
    assert environments.index.grants
    await pool.directory.change(AddEnvironment(EnvironmentName("acme/first"), "moon"))
    await pool.directory.change(AddEnvironment(EnvironmentName("acme/mars"), "mars"))
    await pool.directory.change(RemoveToken(TOKEN[:12]))
    assert await environments.refresh() == ["there are no telephones"]
    assert environments.named("first").dial_plan == NamedPlan("moon")
    assert not environments.index.grants
    with pytest.raises(NoSuchEnvironment):
        environments.named("mars")


async def test_a_key_opens_its_application_in_its_environment(
    pool: Pool, environments: Environments
) -> None:
    """Both kinds; nowhere else; and not once it was removed."""
    access = Access(environments, pool.clock)
    found = access.application(LIVE, KEY)
    consumer = access.application(LIVE, OTHER_KEY)
    assert found is not None
    assert consumer is not None
    assert (found.name, found.allocates_from) == ("sales", None)
    assert (consumer.name, consumer.allocates_from) == ("web", "sales")
    assert access.application("acme/test", KEY) is None
    assert access.application(LIVE, KEY[:-1]) is None
    await pool.directory.change(AddKey(LIVE, "sales", kept_key("d" * 24)))
    await pool.directory.change(RemoveKey(LIVE, "sales", KEY[:6]))
    await environments.reload()
    assert access.application(LIVE, KEY) is None
    assert access.application(LIVE, "d" * 24) is not None


async def test_a_token_is_good_until_it_expires_or_is_removed(
    pool: Pool, environments: Environments
) -> None:
    """At the instant."""
    access = Access(environments, pool.clock)
    grant = Grant(Role.AGENT, LIVE, "sales", ("1000",), START + timedelta(hours=1))
    await pool.directory.change(AddToken(kept_token(TOKEN), grant))
    assert access.grant(TOKEN) is None
    await environments.reload()
    assert access.grant(TOKEN) == grant
    assert access.grant(TOKEN.upper()) is None
    pool.pass_(timedelta(hours=1) - TICK)
    assert access.grant(TOKEN) == grant
    pool.pass_(TICK)
    assert access.grant(TOKEN) is None
    await pool.directory.change(RemoveToken(TOKEN[:12]))
    await environments.reload()
    pool.clock.at = START
    assert access.grant(TOKEN) is None


async def test_a_user_is_let_in_by_the_tenant(pool: Pool, environments: Environments) -> None:
    """With the right password, no other tenant's user of the same name, and not once removed."""
    passwords = Passwords()
    logins = Logins(Access(environments, pool.clock).user, passwords.match)
    await pool.directory.change(AddUser("acme", "admin", await hashed("correct horse")))
    await environments.reload()
    assert await logins.check("acme", "admin", "correct horse", "::1")
    assert not await logins.check("acme", "admin", "correct horsE", "::1")
    assert not await logins.check("default", "admin", "correct horse", "::1")
    assert not await logins.check("acme", "Admin", "correct horse", "::1")
    await pool.directory.change(RemoveUser("acme", "admin"))
    await environments.reload()
    assert not await logins.check("acme", "admin", "correct horse", "::1")
    passwords.close()
