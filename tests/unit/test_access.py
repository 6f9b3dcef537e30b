"""Names, secrets and grants: what may be one, and what a refusal tells of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interact_ivr.domain.access import (
    Grant,
    Role,
    checked_name,
    checked_password,
    checked_role,
    digest,
    kept_key,
)
from interact_ivr.domain.directory import environment_name, tenant_of
from interact_ivr.domain.errors import BadInput
from interact_ivr.domain.names import EnvironmentName
from tests.contract.stores import START, TICK

HERE = EnvironmentName("default/default")
SEED_KEY = "53475e5f1463f9ab2052ead"
SAFE = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."


@given(st.text(SAFE, min_size=1, max_size=64))
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
