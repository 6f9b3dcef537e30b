"""The laws of identifiers: what may stand in one, and how new ones sort."""

import string
from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interact_ivr.domain.errors import BadInput
from interact_ivr.domain.names import (
    ALPHABETS,
    PRINTABLE,
    SAFE,
    Alphabet,
    first_ulid,
    new_ulid,
    ulid_time,
)

SAFE_CHARACTERS = string.ascii_letters + string.digits + " -_.:/@+=#~{}"
ULID_LETTERS = set(string.digits + string.ascii_uppercase) - set("ILOU")

CONTROLS = [*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0))]
SEPARATORS = ["\u2028", "\u2029"]
SURROGATES = ["\ud800", "\udbff", "\udc00", "\udcff", "\udfff"]

TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
ENTROPY = st.binary(min_size=10, max_size=10)
EITHER = pytest.mark.parametrize("alphabet", ALPHABETS.values(), ids=list(ALPHABETS))


@EITHER
def test_an_alphabet_is_found_by_its_own_name(alphabet: Alphabet) -> None:
    """The setting's words are the alphabets' names."""
    assert ALPHABETS[alphabet.name] is alphabet


@pytest.mark.parametrize("character", SAFE_CHARACTERS)
def test_a_safe_character_is_taken_as_it_is(character: str) -> None:
    """Case and all are kept."""
    text = f"a{character}b"
    assert SAFE.interaction(text) == text
    assert SAFE.group(text) == text


@pytest.mark.parametrize(
    "character", [chr(code) for code in range(128) if chr(code) not in SAFE_CHARACTERS]
)
def test_every_other_ascii_character_is_refused_with_its_place(character: str) -> None:
    """The refusal names the field, the character as Python writes it, and its position from 1."""
    with pytest.raises(BadInput) as refused:
        SAFE.interaction(f"ab{character}c")
    assert refused.value.field == "interaction"
    assert refused.value.expected == SAFE.expected
    assert refused.value.got == f"{character!a} at position 3"


@given(st.text(st.characters(min_codepoint=128, exclude_categories=()), min_size=1, max_size=1))
def test_what_is_not_ascii_is_never_safe(character: str) -> None:
    """Letters that look alike are no exception; the refusal itself is ASCII."""
    with pytest.raises(BadInput) as refused:
        SAFE.group(character + "a")
    assert (refused.value.field, refused.value.got) == ("group", f"{character!a} at position 1")
    assert str(refused.value).isascii()


@pytest.mark.parametrize("bad", [*CONTROLS, *SEPARATORS, *SURROGATES], ids=ascii)
@pytest.mark.parametrize("place", [0, 1, 2], ids=["first", "within", "last"])
def test_no_alphabet_takes_what_could_begin_a_line(bad: str, place: int) -> None:
    """Control characters, line separators and half characters are refused wherever they stand."""
    text = "ab"[:place] + bad + "ab"[place:]
    for alphabet in ALPHABETS.values():
        with pytest.raises(BadInput) as refused:
            alphabet.interaction(text)
        assert refused.value.got == f"{bad!a} at position {place + 1}"


@given(
    st.text(
        st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters=" "),
        min_size=1,
        max_size=128,
    )
)
def test_printable_takes_everything_else(text: str) -> None:
    """All of Unicode but those is taken unchanged, and a store can keep it."""
    assert PRINTABLE.interaction(text).encode() == text.encode()


@EITHER
@pytest.mark.parametrize("length", [1, 2, 127, 128])
def test_a_name_of_1_to_128_characters_is_taken(alphabet: Alphabet, length: int) -> None:
    """Both ends of the range belong to it."""
    assert alphabet.interaction("x" * length) == "x" * length


@EITHER
@pytest.mark.parametrize("length", [0, 129, 100_000])
def test_another_length_is_refused_and_named(alphabet: Alphabet, length: int) -> None:
    """The text itself is not repeated: it may be a giant."""
    with pytest.raises(BadInput) as refused:
        alphabet.group("x" * length)
    assert refused.value.expected == "1 to 128 characters"
    assert refused.value.got == f"{length} characters"


@EITHER
@pytest.mark.parametrize("text", [" ", "  ", " a", "a ", " a b "])
def test_a_space_stands_within_a_name_only(alphabet: Alphabet, text: str) -> None:
    """Spaces at the ends are lost on the way through a dialplan, so none is taken."""
    with pytest.raises(BadInput, match="no space at the start or the end"):
        alphabet.interaction(text)
    assert alphabet.interaction("a b") == "a b"


@given(TIMES, ENTROPY)
def test_a_ulid_is_26_letters_of_its_alphabet(now: datetime, entropy: bytes) -> None:
    """Crockford's base 32, the first letter at most 7: 128 bits, and safe as an interaction id."""
    ulid = new_ulid(now, entropy)
    assert len(ulid) == 26
    assert set(ulid) <= ULID_LETTERS
    assert ulid[0] <= "7"
    assert SAFE.interaction(ulid) == ulid


@given(st.lists(st.tuples(TIMES, ENTROPY), min_size=2, max_size=5, unique_by=lambda made: made[0]))
def test_ulids_sort_by_time(made: list[tuple[datetime, bytes]]) -> None:
    """To the microsecond, whatever the random part is."""
    made.sort()
    ulids = [new_ulid(now, entropy) for now, entropy in made]
    assert ulids == sorted(ulids)


@given(TIMES, ENTROPY)
def test_a_ulid_tells_when_it_was_made(now: datetime, entropy: bytes) -> None:
    """To the microsecond, so a store knows what time it has already given."""
    assert ulid_time(new_ulid(now, entropy)) == now


@given(TIMES, TIMES, ENTROPY)
def test_the_first_ulid_of_an_instant_parts_earlier_ones_from_the_rest(
    at: datetime, now: datetime, entropy: bytes
) -> None:
    """So that an id stands for a time wherever ids are compared."""
    assert (new_ulid(now, entropy) < first_ulid(at)) == (now < at)


@given(TIMES, st.lists(ENTROPY, min_size=2, max_size=5))
def test_ulids_of_one_instant_sort_in_the_order_they_were_made(
    now: datetime, entropies: list[bytes]
) -> None:
    """Each is told the one before, and sorts behind it whatever the random part is."""
    ulids = [""]
    for entropy in entropies:
        ulids.append(new_ulid(now, entropy, after=ulids[-1]))
    made = ulids[1:]
    assert made == sorted(set(made))


def test_the_random_part_is_random() -> None:
    """Two ids of one instant differ: the last 14 letters are the entropy's 70 bits."""
    make = partial(new_ulid, datetime(2026, 5, 4, tzinfo=UTC))
    ones, zeros = make(b"\xff" * 10), make(b"\x00" * 10)
    assert ones[:12] == zeros[:12]
    assert (ones[12:], zeros[12:]) == ("Z" * 14, "0" * 14)
