"""What is wrong with a body or a parameter is named, in people's words."""

import json
from enum import Enum
from typing import Annotated

import msgspec
import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from interact_ivr.api.bodies import json_of, read_parameters
from interact_ivr.api.native.asking import Time
from interact_ivr.domain.errors import BadInput


class Colour(Enum):
    """Two of them."""

    RED = "red"
    BLUE = "blue"


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """A little of everything."""

    name: Annotated[str, Meta(min_length=2, max_length=4)] = "name"
    count: Annotated[int, Meta(ge=1, le=5)] | None = None
    yes: bool = False
    colour: Colour | None = None
    at: Time | None = None
    digits: Annotated[str, Meta(pattern="^[0-9]+$")] | None = None
    names: Annotated[list[str], Meta(max_length=1)] = msgspec.field(default_factory=list)


HALF = ("text of whole characters", "half of a surrogate pair")
EXPECTED = {
    "name": "text",
    "count": "a whole number or null",
    "yes": "true or false",
    "colour": "text or null",
    "at": "a time (2026-05-04T12:00:00Z) or null",
    "names": "a list",
}


def told(error: BadInput) -> tuple[str, str, str]:
    return error.field, error.expected, error.got


@pytest.mark.parametrize(
    ("body", "field", "expected", "got"),
    [
        ('{"name": 4}', "name", "text", "a whole number"),
        ('{"name": null}', "name", "text", "null"),
        ('{"name": ""}', "name", "text of length 2 or more", "something else"),
        ('{"name": "12345"}', "name", "text of length 4 or less", "something else"),
        ('{"count": "1"}', "count", "a whole number or null", "text"),
        ('{"count": 1.5}', "count", "a whole number or null", "a number"),
        ('{"count": 0}', "count", "a whole number of at least 1", "something else"),
        ('{"count": 6}', "count", "a whole number of at most 5", "something else"),
        ('{"yes": 1}', "yes", "true or false", "a whole number"),
        ('{"yes": []}', "yes", "true or false", "a list"),
        ('{"colour": "green"}', "colour", "one of red, blue", "'green'"),
        ('{"at": "noon"}', "at", "a time (2026-05-04T12:00:00Z)", "something else"),
        ('{"at": "2026-05-04T12:00:00"}', "at", "a time (2026-05-04T12:00:00Z)", "something else"),
        ('{"digits": "x"}', "digits", "text like ^[0-9]+$", "something else"),
        ('{"names": [1]}', "names[0]", "text", "a whole number"),
        ('{"names": ["a", "b"]}', "names", "a list of length 1 or less", "something else"),
        ('{"other": 1}', "other", "no such field", "one"),
        ("[]", "body", "an object", "a list"),
        *(
            (f'{{"{field}": {number}}}', field, expected, "a number that is out of range")
            for field, expected in EXPECTED.items()
            for number in ("9" * 5000, "-" + "9" * 5000, "1e400")
        ),
        ('{"names": [' + "9" * 5000 + "]}", "names[0]", "text", "a number that is out of range"),
        ('{"name": "a\\ud800"}', "name", *HALF),
        ('{"name": "\\udc00\\ud800b"}', "name", *HALF),
        ('{"names": ["ab", "\\ud800"]}', "names[1]", *HALF),
        ('{"\\ud800": 1}', "body", *HALF),
        ('{"name": "abc", "name": "abc"}', "name", "once", "2 times"),
        ('{"n\\u0061me": "abc", "name": "abc", "name": "x1"}', "name", "once", "3 times"),
        ('{"names": [], "yes": true, "names": []}', "names", "once", "2 times"),
    ],
)
def test_a_wrong_field_is_named_and_what_it_should_be(
    body: str, field: str, expected: str, got: str
) -> None:
    """Whoever reads it need not know Python."""
    with pytest.raises(BadInput) as refused:
        json_of(body.encode(), Asked)
    assert told(refused.value) == (field, expected, got)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b'{"name": "\xff"}', b"nonsense", b"\xff\xfe{\x00}", b'{"name": "\\ud800"'),
        *(b'{"name": "\xed\xa0\x80"}', b'{"name": "\\ud80"}'),
    ],
)
def test_what_is_no_json_is_said_to_be_none(body: bytes) -> None:
    """Also where it is JSON that has no text in it which could be written."""
    with pytest.raises(BadInput, match="body: expected JSON in UTF-8"):
        json_of(body, Asked)


def parameters(query: str) -> Asked:
    return read_parameters(make_mocked_request("GET", f"/?{query}"), Asked)


def test_parameters_are_read_as_what_they_are() -> None:
    """Text stays text, also if it has digits only."""
    asked = parameters("name=1234&count=5&yes=true&colour=red&digits=007")
    assert asked == Asked("1234", 5, True, Colour.RED, digits="007")
    assert parameters("") == Asked()


@pytest.mark.parametrize(
    ("query", "field", "expected", "got"),
    [
        ("count=x", "count", "a whole number", "'x'"),
        ("count=1.0", "count", "a whole number", "'1.0'"),
        ("count=null", "count", "a whole number", "'null'"),
        ("count=" + "9" * 40, "count", "a whole number", repr("9" * 40)),
        ("count=0", "count", "a whole number of at least 1", "'0'"),
        ("yes=1", "yes", "true or false", "'1'"),
        ("at=5", "at", "a time (2026-05-04T12:00:00Z)", "'5'"),
        ("colour=null", "colour", "one of red, blue", "'null'"),
        ("yes=true&yes=true", "yes", "once", "2 times"),
        ("other=1", "other", "no such field", "'1'"),
        ("Name=abc", "Name", "no such field", "'abc'"),
    ],
)
def test_a_wrong_parameter_is_named_with_what_it_was(
    query: str, field: str, expected: str, got: str
) -> None:
    """One that is unknown, or there twice, is never passed over."""
    with pytest.raises(BadInput) as refused:
        parameters(query)
    assert told(refused.value) == (field, expected, got)


class Passing(msgspec.Struct):
    """What lets pass what it does not know."""

    name: str = "name"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"other": {"a": [{}, {"b": "\\udfff"}]}}', "other.a[1].b"),
        ('{"other": {"\\ud800": 1}}', "other"),
        ('{"a\\nb": "\\ud800"}', "body"),
        (f'{{"{"a" * 100}": "\\ud800"}}', "a" * 80),
        ('{"other": ' + "[" * 60_000, "body"),
        ('{"other": ' + "[" * 300 + '"\\ud800"' + "]" * 300 + "}", ("other" + "[0]" * 300)[:80]),
    ],
)
def test_what_is_passed_over_is_text_nevertheless(body: str, field: str) -> None:
    """And its place is told, as far as it can be shown."""
    with pytest.raises(BadInput) as refused:
        json_of(body.encode(), Passing)
    assert refused.value.field == field


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(
    pairs=st.lists(st.tuples(st.sampled_from(["name", "other", "Name", ""]), _JSON), max_size=4),
    cut=st.none() | st.integers(0, 30),
    put=st.binary(max_size=3),
)
def test_what_is_passed_over_is_json_and_may_be_there_twice(
    pairs: list[tuple[str, object]], cut: int | None, put: bytes
) -> None:
    """A field is refused where it is there twice; whatever else comes, it is read or refused."""
    written = (f"{json.dumps(name)}: {json.dumps(value)}" for name, value in pairs)
    body = f"{{{', '.join(written)}}}".encode()
    if cut is not None:
        body = body[:cut] + put + body[cut:]
    refused = False
    try:
        json_of(body, Passing)
    except BadInput:
        refused = True
    if [name for name, _ in pairs].count("name") > 1 and cut is None:
        assert refused
