"""The laws of cleaning. No plan is loaded here."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan import MAX_LENGTH, NotANumber, clean
from dialplan.text import Written, split

ANY_TEXT = st.text(st.characters(exclude_categories=())) | st.text(
    st.sampled_from("0123456789*#+/()-. :;=xXsipSIPtel@\u00a0\u200f\u202a\ud800\uff0b\uff11\u0663")
)
"""Every character there is, lone surrogates too; and those that numbers are made of."""

WIDE_OR_HIDDEN = [
    "\uff0f",
    "\u2044",
    "\uff58",
    " \uff25\uff38\uff34\uff0e",
    "\u202fe\u200bxt\u00a0",
]
SHAPE = re.compile(r"\+?[0-9*#]+([/^][0-9]+)?|/[0-9*#]+|sips?:\S+", re.IGNORECASE)


@given(ANY_TEXT)
def test_every_text_has_an_answer_or_a_clear_error(raw: str) -> None:
    """A clean text has one of the shapes that can be dialed; cleaning it again changes nothing."""
    try:
        cleaned = clean(raw)
    except NotANumber:
        return
    assert SHAPE.fullmatch(cleaned)
    assert clean(cleaned) == cleaned
    assert split(cleaned).text == cleaned
    cleaned.encode()  # a store can take it


@given(st.text("0123456789*#", min_size=1), st.sampled_from(["", "+", "/"]))
def test_what_is_clean_stays(keys: str, front: str) -> None:
    """Digits, `*` and `#` stay as they are, and so does the `+` or `/` in front."""
    assert clean(front + keys) == front + keys


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("(800) 456-2354", "8004562354"),
        ("800.456/2354", "8004562354"),
        ("+380 (97) 452-02-00", "+380974520200"),
        ("(+380) 97 452 02 00", "+380974520200"),
        ("+1\u00a0800\u202f456\u20112354", "+18004562354"),
        ("\u202a+18004562354\u202c", "+18004562354"),
        ("\t80045\x0062354\r\n", "8004562354"),
        ("800\ud800456\udfff2354", "8004562354"),
        ("*67 1 800 456 2354 #", "*6718004562354#"),
        ("1++2", "12"),
    ],
)
def test_formatting_goes(raw: str, cleaned: str) -> None:
    """White space, punctuation, invisible marks, controls and surrogates go, a leading plus not."""
    assert clean(raw) == cleaned


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("1-800-FLOWERS", "18003569377"),
        ("1-800-foxtrot", "18003698768"),
        ("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999"),
        ("caf\u00e9", "2233"),
        ("cafe\u0301", "2233"),
    ],
)
def test_letters_are_the_digits_of_their_keys(raw: str, cleaned: str) -> None:
    """Capital, small or accented, in one character or two: ITU-T E.161 gives the digit."""
    assert clean(raw) == cleaned


@pytest.mark.parametrize(
    "raw",
    [
        "\u0663\u0668\u0660\u0669\u0667\u0664\u0665\u0662\u0660\u0662\u0660\u0660",
        "\u06f3\u06f8\u06f0\u06f9\u06f7\u06f4\u06f5\u06f2\u06f0\u06f2\u06f0\u06f0",
        "\u0969\u096e\u0966\u096f\u096d\u096a\u096b\u0968\u0966\u0968\u0966\u0966",
        "\uff13\uff18\uff10\uff19\uff17\uff14\uff15\uff12\uff10\uff12\uff10\uff10",
    ],
    ids=["arabic-indic", "persian", "devanagari", "full-width"],
)
def test_digits_of_other_scripts_are_digits(raw: str) -> None:
    """Whatever script a digit is of, its ASCII digit comes out; a full-width plus is a plus."""
    assert clean(raw) == "380974520200"
    assert clean(f"\uff0b{raw}") == "+380974520200"


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        (" sip: bob.smith-1@example.com ", "sip:bob.smith-1@example.com"),
        ("SIPS:Bob@Example.com;transport=tls", "SIPS:Bob@Example.com;transport=tls"),
        ("\u202asip:+1(800)@\u00a010.0.0.1:5060\u202c", "sip:+1(800)@10.0.0.1:5060"),
    ],
)
def test_sip_addresses_lose_white_space_only(raw: str, cleaned: str) -> None:
    """Letters, punctuation and case of an address stay; whatever cannot be seen goes."""
    assert clean(raw) == cleaned


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("tel:+1-201-555-0123", "+12015550123"),
        ("tel://+18004562354", "+18004562354"),
        ("tel:%2B18004562354", "+18004562354"),
        ("tel:*21%23", "*21#"),
        ("TEL: 8004562354;ext=12", "8004562354/12"),
        ("tel:+1-800-456-2354;isub=7;EXT=1-2;ext-a=3", "+18004562354/12"),
        ("tel:8004562354;ext=home", "8004562354"),
        ("tel:8004562354 x9;phone-context=a.example", "8004562354/9"),
        ("tel:863-1234;phone-context=+1-914", "+19148631234"),
        ("tel:863-1234;ext=7;phone-context=+1-914", "+19148631234/7"),
        ("tel:+19148631234;phone-context=+44", "+19148631234"),
        ("tel:7042;phone-context=pbx1.example.com", "7042"),
        ("tel:*67;phone-context=+1", "*67"),
        ("tel:7042;ext=12", "7042"),
    ],
)
def test_tel_uris_give_their_number(raw: str, cleaned: str) -> None:
    """The number, with the country code of its context and its extension; nothing else of it.

    Where the number is too short to bear an extension, it goes alone.
    """
    assert clean(raw) == cleaned


@pytest.mark.parametrize("number", ["8004562354", "+18004562354", "8723000", "1-800-FLOWERS"])
@pytest.mark.parametrize(
    "mark",
    ["x", " X-", " ext. ", ", Extn: ", " Extension ", "/", " / ", ";ext=", *WIDE_OR_HIDDEN],
)
def test_an_extension_is_kept_behind_its_sign(number: str, mark: str) -> None:
    """Whatever marks it, and in whatever width, an extension that is dialed stands behind `/`."""
    if number[-1].isalpha() and mark.strip()[0].isalpha():
        mark = f" {mark}"  # FLOWERSX12 is one word
    assert clean(f"{number}{mark}1 2") == f"{clean(number)}/12"
    assert split(clean(f"{number}{mark}12.")) == Written(clean(number), "/", "12")


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("1-800-FOXTROT", "18003698768"),
        ("1-800-FOX-1234", "18003691234"),
        ("1-800-456-TEX-2", "1800456" + "8392"),
        ("1-800-456-235X", "18004562359"),
        ("8004562354 x12 home", "8004562354912" + "4663"),
        ("872300x12", "872300912"),
        ("8004562354#12", "8004562354#12"),
        ("8004562354 x*12", "80045623549*12"),
        ("x8004562354", "98004562354"),
    ],
)
def test_letters_are_no_extension_s_unless_it_is_last(raw: str, cleaned: str) -> None:
    """A word of its own, right before the last digits and after seven: else it is a vanity's.

    `#` is a key of the telephone.
    """
    assert clean(raw) == cleaned


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("02/5012 3456", "0250123456"),
        ("05143/2345", "051432345"),
        ("+49 33051/60123", "+493305160123"),
        ("0664/1234567/12", "06641234567/12"),
        ("/8004562354/12", "/800456235412"),
        ("6929^12", "6929^12"),
        ("8004562354\uff3e12", "8004562354^12"),
        ("^12", "12"),
        ("/6929^12", "/692912"),
        ("8004562354/12^34", "800456235412^34"),
    ],
)
def test_a_slash_after_few_digits_is_formatting(raw: str, cleaned: str) -> None:
    """As Slovaks and Germans write their area codes; `^` is nobody's formatting."""
    assert clean(raw) == cleaned


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("sip:6929/1@example.com", Written("sip:6929/1@example.com")),
        ("/6929", Written("", "/", "6929")),
        ("+18004562354", Written("+18004562354")),
        ("8723000/113", Written("8723000", "/", "113")),
        ("87^113", Written("87", "^", "113")),
    ],
)
def test_a_clean_text_is_its_parts(text: str, written: Written) -> None:
    """They are told apart and put together again."""
    assert split(text) == written
    assert written.text == text


@given(
    st.text("0123456789", min_size=1),
    st.sampled_from(["", "+", "/"]),
    st.sampled_from(["/", "^"]),
    st.text("0123456789", min_size=1),
)
def test_parts_make_a_clean_text(digits: str, front: str, sign: str, extension: str) -> None:
    """An extension that its base cannot bear is left out, so that what comes out stays."""
    text = Written(front + digits, sign, extension).text
    assert clean(text) == text
    assert text in {f"{front}{digits}{sign}{extension}", front + digits}


@pytest.mark.parametrize(
    "raw", ["", " \u200f\n", "().", "+", "/", "+/", "\ud800", "sip: ", "tel:;1"]
)
def test_nothing_is_not_a_number(raw: str) -> None:
    """Where nothing is left to dial, the error says what was expected and shows the text."""
    with pytest.raises(NotANumber, match=r"expected .*, got '") as caught:
        clean(raw)
    assert caught.value.shown == repr(raw)


def test_giants_are_refused_unread() -> None:
    """`MAX_LENGTH` characters are read, one more is an error, which does not repeat the giant."""
    assert clean("1" * MAX_LENGTH) == "1" * MAX_LENGTH
    with pytest.raises(NotANumber, match="at most 10000 characters") as caught:
        clean("1" * (MAX_LENGTH + 1))
    assert len(str(caught.value)) < 100
