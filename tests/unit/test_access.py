"""Names, secrets and grants: what may be one, what a refusal tells of it, and who is let in."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dialplan import Details, Explanation
from interact_ivr.domain.access import (
    Grant,
    Role,
    checked_name,
    checked_password,
    checked_role,
    digest,
    kept_key,
    kept_token,
)
from interact_ivr.domain.directory import (
    Change,
    Directory,
    KnownApplication,
    KnownEnvironment,
    KnownKey,
    KnownTenant,
    KnownToken,
    KnownUser,
    environment_name,
    tenant_of,
)
from interact_ivr.domain.errors import BadInput
from interact_ivr.domain.names import SAFE, ApplicationId, EnvironmentId, EnvironmentName
from interact_ivr.domain.settings import PoolSettings
from interact_ivr.service.access import Access
from interact_ivr.service.environments import Defaults, Environments
from tests.contract.stores import POLICY, START, TICK, SettableClock

HERE = EnvironmentName("default/default")
SEED_KEY = "53475e5f1463f9ab2052ead"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."


@given(st.text(LETTERS, min_size=1, max_size=64))
def test_a_name_of_the_alphabet_is_taken_as_it_is(name: str) -> None:
    """Case and all."""
    assert checked_name("tenant", name) == name


@pytest.mark.parametrize("text", ["", "a" * 65, "a b", "a/b", "a\n", "ä", "٣", "a:b", "\x00"])
def test_another_name_is_refused(text: str) -> None:
    """Naming the field."""
    with pytest.raises(BadInput, match=r"^tenant: expected 1 to 64 ASCII letters"):
        checked_name("tenant", text)


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("live", "acme/live"),
        ("acme/live", "acme/live"),
        ("default/live", "default/live"),
    ],
)
def test_a_bare_name_is_of_the_tenant_at_hand(text: str, full: str) -> None:
    """Whatever environments there are."""
    name = environment_name(text, "acme")
    assert name == full
    assert tenant_of(name) == full.split("/")[0]


@pytest.mark.parametrize("text", ["", "/", "/live", "acme/", "a/b/c", "acme//live", "acme/li ve"])
def test_another_environment_name_is_refused(text: str) -> None:
    """Never is a part of it taken."""
    with pytest.raises(BadInput, match=r"^environment: "):
        environment_name(text, "acme")


@pytest.mark.parametrize("key", [SEED_KEY, "a" * 16, "A-_.~+/=" * 16])
def test_a_key_is_kept_as_its_digest(key: str) -> None:
    """And how it begins; not as itself."""
    kept = kept_key(key)
    assert kept.digest == digest(key)
    assert kept.prefix == key[:6]
    assert key not in repr(kept)


@pytest.mark.parametrize("key", ["", "s3cret", "-" * 24, "ключ" * 6, "a" * 129, "a" * 15 + "\n"])
def test_a_refused_key_is_not_repeated(key: str) -> None:
    """Short ones can be guessed from their digest."""
    with pytest.raises(BadInput, match=r"^key: ") as error:
        kept_key(key)
    assert not key or key not in str(error.value)


@pytest.mark.parametrize("password", ["", "seven_7", "x" * 257])
def test_a_refused_password_is_not_repeated(password: str) -> None:
    """Only its length is told."""
    with pytest.raises(BadInput, match=r"^password: expected 8 to 256 characters") as error:
        checked_password(password)
    assert not password or password not in str(error.value)


def test_a_role_is_one_of_four() -> None:
    """By its own name."""
    assert [checked_role(role) for role in ("application", "agent", "viewer", "admin")] == [*Role]
    with pytest.raises(BadInput, match=r"^role: expected one of application, agent, viewer"):
        checked_role("Admin")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.AGENT])
def test_only_an_agent_has_extensions(role: Role) -> None:
    """A grant that means nothing is refused rather than read generously."""
    with pytest.raises(BadInput, match=r"^extensions: "):
        Grant(role, HERE, extensions=("1000",))


@pytest.mark.parametrize("extension", ["", "10 00", "1000,1001", "a" * 65])
def test_an_extension_has_no_blank(extension: str) -> None:
    """Nor anything else that separates two."""
    with pytest.raises(BadInput, match=r"^extensions: "):
        Grant(Role.AGENT, HERE, extensions=("1000", extension))


def test_a_grant_ends_at_its_instant() -> None:
    """And not before; without an expiry it does not end."""
    grant = Grant(Role.VIEWER, HERE, expires_at=START)
    assert grant.holds(START - TICK)
    assert not grant.holds(START)
    assert Grant(Role.VIEWER, HERE).holds(START)


@given(st.text())
def test_any_text_has_a_digest(text: str) -> None:
    """Whatever comes over a wire as a secret is compared, and never an error."""
    assert len(digest(text)) == 32


class Plan:
    """A dial plan that nobody asks."""

    def normalize(self, raw: str) -> str:
        """Give *raw*."""
        return raw

    def lookup_keys(self, raw: str) -> tuple[str, ...]:
        """Give *raw*."""
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


@dataclass
class Kept:
    """A directory that is read as it was written here."""

    directory: Directory

    async def read(self) -> Directory:
        """Give it."""
        return self.directory

    async def change(self, change: Change) -> None:
        """Not here."""
        raise NotImplementedError


ENVIRONMENTS = ("acme/live", "acme/test", "globex/live", "default/default")
KEYS = (SEED_KEY, "b" * 24, "c" * 24)
TOKEN = "d" * 64


def known_application(name: str, environment: str, *keys: str) -> KnownApplication:
    return KnownApplication(
        ApplicationId(1),
        EnvironmentName(environment),
        name,
        None,
        PoolSettings(),
        tuple(KnownKey(kept_key(key), START) for key in keys),
    )


def kept() -> Kept:
    grant = Grant(Role.VIEWER, HERE, expires_at=START + timedelta(hours=1))
    return Kept(
        Directory(
            tuple(map(KnownTenant, ("acme", "default", "empty", "globex"))),
            tuple(
                KnownEnvironment(EnvironmentId(id_), EnvironmentName(name), None)
                for id_, name in enumerate(ENVIRONMENTS)
            ),
            (
                known_application("default", "acme/live", *KEYS[:2]),
                known_application("web", "acme/live", KEYS[2]),
                known_application("default", "globex/live", KEYS[0]),
            ),
            (KnownUser("acme", "alice", "a hash", START),),
            (KnownToken(kept_token(TOKEN), grant, START),),
        )
    )


async def access_of(
    store: Kept, default: str = "default/default", clock: SettableClock | None = None
) -> Access:
    defaults = Defaults(EnvironmentName(default), Plan(), POLICY, SAFE)
    environments = Environments(store, defaults, lambda _: Plan())
    await environments.reload()
    return Access(environments, clock or SettableClock())


@pytest.mark.parametrize(
    ("default", "tenant", "environment", "meant"),
    [
        ("default/default", "globex", None, "globex/live"),
        ("default/default", "globex", "live", "globex/live"),
        ("default/default", "globex", "test", None),
        ("default/default", "globex", "", None),
        ("default/default", "acme", None, None),
        ("default/default", "acme", "test", "acme/test"),
        ("default/default", "acme", "Test", None),
        ("acme/test", "acme", None, "acme/test"),
        ("acme/test", "acme", "live", "acme/live"),
        ("acme/gone", "acme", None, None),
        ("acme/test", "globex", None, "globex/live"),
        ("acme/test", "empty", None, None),
        ("acme/test", "nobody", None, None),
        ("acme/test", "nobody", "live", None),
        ("acme/test", "", None, None),
        ("acme/test", "", "acme/test", None),
        ("acme/test", "acme/test", "", None),
        ("acme/test", "acme", "acme/test", None),
        ("acme/test", "globex", "../acme/test", None),
    ],
)
async def test_an_environment_is_its_tenants_only_one_or_named_or_the_default(
    default: str, tenant: str, environment: str | None, meant: str | None
) -> None:
    """Never one of another tenant; and whatever is wrong, the answer is the same."""
    access = await access_of(kept(), default)
    assert access.environment(tenant, environment) == meant


@given(st.text(), st.text() | st.none(), st.text())
async def test_any_text_is_looked_up(tenant: str, environment: str | None, secret: str) -> None:
    """Whatever comes over a wire finds nothing rather than an error."""
    access = await access_of(kept())
    assert access.environment(tenant, environment) is None
    assert access.application(f"{tenant}/{environment}", secret) is None
    assert access.application(secret, SEED_KEY) is None
    assert access.grant(secret) is None
    assert access.user(tenant, secret) is None


async def test_each_key_finds_its_application() -> None:
    """The same key is another application's in another environment."""
    access = await access_of(kept())
    for environment, key, name in (
        ("acme/live", KEYS[0], "default"),
        ("acme/live", KEYS[1], "default"),
        ("acme/live", KEYS[2], "web"),
        ("globex/live", KEYS[0], "default"),
    ):
        found = access.application(environment, key)
        assert found is not None
        assert (found.environment, found.name) == (environment, name)
    assert access.application("acme/test", KEYS[0]) is None
    assert access.application("globex/live", KEYS[1]) is None


async def test_a_token_is_looked_up_at_its_time() -> None:
    """Until it expires."""
    clock = SettableClock()
    access = await access_of(kept(), clock=clock)
    assert access.grant(TOKEN) is not None
    assert access.grant(TOKEN[:-1]) is None
    clock.at += timedelta(hours=1)
    assert access.grant(TOKEN) is None


async def test_what_is_gone_is_found_no_more() -> None:
    """From the reload on; what the configuration says counts at once."""
    store = kept()
    defaults = Defaults(HERE, Plan(), POLICY, SAFE)
    environments = Environments(store, defaults, lambda _: Plan())
    access = Access(environments, SettableClock())
    assert access.user("acme", "alice") is None
    await environments.reload()
    assert access.user("acme", "alice") is not None
    assert access.environment("acme", None) is None
    environments.adopt(replace(defaults, environment=EnvironmentName("acme/live")))
    assert access.environment("acme", None) == "acme/live"
    store.directory = Directory((), (), (), (), ())
    await environments.reload()
    assert access.user("acme", "alice") is None
    assert access.environment("acme", None) is None
    assert access.application("acme/live", SEED_KEY) is None
    assert access.grant(TOKEN) is None
