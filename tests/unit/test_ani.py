"""What is kept of a calling number, and what calls are compared by."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interact_ivr.ani_key import VARIABLE, ani_key
from interact_ivr.config import ConfigError
from interact_ivr.domain.ani import AniKeeping, AniSetting
from interact_ivr.domain.caller import CallerRules
from interact_ivr.domain.names import Ani

ANIS = st.from_regex(r"\+?[0-9]{1,20}", fullmatch=True).map(Ani)
KEYS = st.binary(min_size=16, max_size=64)


@given(ANIS, KEYS)
def test_on_record_is_what_is_set(ani: Ani, key: bytes) -> None:
    """The number itself, what calls are compared by, or nothing."""
    hashing = AniKeeping(AniSetting.HASH, key)
    assert AniKeeping(AniSetting.PLAIN, key).stored(ani) == ani
    assert hashing.stored(ani) == hashing.compared(ani) is not None
    assert AniKeeping(AniSetting.NONE, key).stored(ani) is None
    assert AniKeeping(AniSetting.NONE, key).compared(ani) is None


@given(ANIS, ANIS, KEYS, KEYS)
def test_hashes_compare_as_the_numbers_do(one: Ani, other: Ani, key: bytes, another: bytes) -> None:
    """The same number under the same key, and nothing else, has the same; whatever is on record."""
    hashed = AniKeeping(AniSetting.PLAIN, key).compared(one)
    assert (AniKeeping(AniSetting.HASH, key).compared(other) == hashed) == (one == other)
    if key.rstrip(b"\0") != another.rstrip(b"\0"):  # blake2b pads a key with zeros
        assert AniKeeping(AniSetting.PLAIN, another).compared(one) != hashed


@given(ANIS, KEYS)
def test_a_hash_is_128_bits_and_never_a_number(ani: Ani, key: bytes) -> None:
    """Its prefix tells it from a number, and no digit of the number is needed to write it."""
    hashed = AniKeeping(AniSetting.HASH, key).compared(ani)
    assert hashed is not None
    assert hashed.startswith("h:")
    assert len(bytes.fromhex(hashed[2:])) == 16


def test_the_key_is_not_shown() -> None:
    """Not even where somebody prints what has it."""
    assert "secret" not in repr(AniKeeping(AniSetting.HASH, b"secret" * 3))


@pytest.mark.parametrize("setting", AniSetting)
def test_a_withheld_number_is_compared_and_never_shown(setting: AniSetting) -> None:
    """By a hash, which is the same when the number is not withheld."""
    rules = CallerRules(str, AniKeeping(setting, b"k" * 16))
    withheld = rules.caller("+380501234567", withheld=True)
    shown = rules.caller("+380501234567")
    assert (withheld.shown, withheld.stored) == (None, None)
    assert withheld.known_by == shown.known_by != "+380501234567"
    assert withheld.is_same(shown.known_by) is (setting is not AniSetting.NONE)


@pytest.mark.parametrize("number", ["", "anonymous", "unknown", "6929", "380440000000"])
def test_of_a_caller_who_could_be_anyone_nothing_is_compared(number: str) -> None:
    """There is no hash that all such callers would share."""
    anyone = CallerRules(str, shared={"380440000000"}).caller(number)
    assert anyone.known_by is None
    assert not anyone.is_same(anyone.known_by)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the path of a store, without a key in the environment."""
    monkeypatch.delenv(VARIABLE, raising=False)
    return tmp_path / "interact-ivr.db"


def test_the_key_is_made_once_for_its_owner_alone(database: Path) -> None:
    """Made at the first use and the same from then on."""
    key = ani_key(database)
    file = database.with_name("interact-ivr.db.ani-key")
    assert len(key) == 64
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert ani_key(database) == key
    assert [each.name for each in database.parent.iterdir()] == [file.name]


def test_two_stores_have_two_keys(database: Path) -> None:
    """So hashes of one tell nothing of the other."""
    assert ani_key(database) != ani_key(database.with_name("other.db"))


def test_the_environment_names_the_key_and_no_file_is_made(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several nodes may share a key that way."""
    monkeypatch.setenv(VARIABLE, "0123456789abcdef")
    assert ani_key(database) == b"0123456789abcdef"
    assert list(database.parent.iterdir()) == []


@pytest.mark.parametrize("length", [1, 15, 65])
def test_a_key_that_is_too_short_or_too_long_is_refused(
    database: Path, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    """Told with what was expected, never with the key."""
    monkeypatch.setenv(VARIABLE, "k" * length)
    with pytest.raises(ConfigError, match=f"expected 16 to 64 bytes, got {length}"):
        ani_key(database)


def test_a_key_that_others_may_read_is_refused(database: Path) -> None:
    """It would be no secret."""
    ani_key(database)
    database.with_name("interact-ivr.db.ani-key").chmod(0o644)
    with pytest.raises(ConfigError, match=r"others may read .*: chmod 0600"):
        ani_key(database)


def test_half_a_key_is_refused(database: Path) -> None:
    """An empty file is no key; hashing goes on with no other one instead."""
    file = database.with_name("interact-ivr.db.ani-key")
    file.touch(mode=0o600)
    with pytest.raises(ConfigError, match="got 0"):
        ani_key(database)
