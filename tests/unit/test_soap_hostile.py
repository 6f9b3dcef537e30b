"""Hostile SOAP: whatever comes, reading ends soon, in little memory, with nothing but a fault."""

import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree  # type: ignore[import-untyped]

from interact_ivr.api.soap.messages import (
    AGENT,
    CLIENT,
    DNIS,
    ENVELOPE,
    FIELDS,
    NAMESPACES,
    Operation,
    SoapFault,
    SoapRequest,
)
from interact_ivr.api.soap.reading import read_request
from interact_ivr.api.soap.tree import MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS, read_tree
from interact_ivr.api.soap.writing import escaped, fault

PROLOG = '<?xml version="1.0" encoding="{}"?>'
FREE = (
    f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Header/><s:Body>'
    f'<d:FreeDnisAllocationRequest xmlns:d="{DNIS}"><d:phone>{{}}</d:phone>'
    "</d:FreeDnisAllocationRequest></s:Body></s:Envelope>"
)
ASKED = FREE.format("222")
LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
SECONDS = 2.0
MEMORY = 2_000_000
MANY = 10_000_000


def _refusal(body: bytes, charset: str | None = None) -> SoapFault:
    with pytest.raises(SoapFault) as caught:
        read_request(body, charset)
    assert caught.value.malformed
    assert caught.value.code == CLIENT
    return caught.value


def _read(body: bytes, charset: str | None = None) -> SoapRequest | SoapFault:
    """Read *body*; a request is whole, and a fault can be sent."""
    outcome = _outcome(body, charset)
    if isinstance(outcome, SoapFault):
        assert len(outcome.text) < 2000
        assert len(etree.fromstring(fault(outcome.code, outcome.text))) == 2
    else:
        fields = FIELDS[outcome.operation]
        assert set(fields.required) <= set(outcome.fields) <= {*fields.required, *fields.optional}
        assert all(outcome.fields.values())
        assert outcome.namespace in NAMESPACES
    return outcome


def _outcome(body: bytes, charset: str | None) -> SoapRequest | SoapFault:
    try:
        return read_request(body, charset)
    except SoapFault as refused:
        return refused


# Bombs


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"<!DOCTYPE a>" + ASKED.encode(), "DTD"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd">' + ASKED.encode(), "DTD"),
        (b'<!DOCTYPE a PUBLIC "a" "http://127.0.0.1/">' + ASKED.encode(), "DTD"),
        (f'<!DOCTYPE a [<!ENTITY a0 "ha">{LAUGHS}]>{FREE.format("&a9;")}'.encode(), "DTD"),
        (f'<!DOCTYPE a [<!ENTITY a SYSTEM "/etc/passwd">]>{FREE.format("&a;")}'.encode(), "DTD"),
        (f'<!DOCTYPE a [<!ENTITY % a SYSTEM "a"> %a;]>{ASKED}'.encode(), "DTD"),
        (FREE.format("&undefined;").encode(), "undefined entity"),
        (FREE.format("&" + "a" * 60_000 + ";").encode(), "undefined entity"),
        (f"<?a b?>{ASKED}".encode(), "processing instruction"),
        (FREE.format("<?a b?>222").encode(), "processing instruction"),
        (f"{ASKED}<?xml-stylesheet href='a'?>".encode(), "processing instruction"),
        (b"<a>" * 20_000, f"at most {MAX_DEPTH} deep"),
        (b"<a>" * 100_000 + b"</a>" * 100_000, f"at most {MAX_BYTES} bytes"),
        (b"<a>" + b"<b/>" * 15_000 + b"</a>", f"at most {MAX_ELEMENTS} elements"),
        (b"<" + b"a" * 65_000, "unclosed token"),
        (b"<a " + b" ".join(b'a%d=""' % n for n in range(6_000)), "unclosed token"),
        (b"<a>" + b"&#65;" * 13_000, "no element found"),
        (b"<!--" + b"-" * 65_000, "not well-formed"),
        (b" " * 65_000, "no element found"),
        (b"\x00" * 65_000, "not well-formed"),
    ],
    ids=range(20),
)
def test_a_bomb_is_refused_at_once(body: bytes, text: str) -> None:
    """Neither time nor memory goes with what came, and the fault says what was too much."""
    assert text in _refused_at_once(body).text


@pytest.mark.parametrize("begin", [b"", b"<", FREE.split("{}")[0].encode(), b"<a><!--", b"\xff"])
def test_ten_megabytes_are_refused_at_once(begin: bytes) -> None:
    """Nothing of a body beyond the limit is looked at."""
    assert f"at most {MAX_BYTES} bytes, got" in _refused_at_once(begin + b"a" * MANY).text


def _refused_at_once(body: bytes) -> SoapFault:
    tracemalloc.start()
    try:
        began = time.process_time()
        refused = _refusal(body)
        took = time.process_time() - began
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(refused.text) < 300
    assert took < SECONDS
    assert most < MEMORY
    return refused


@pytest.mark.parametrize(("depth", "fits"), [(MAX_DEPTH, True), (MAX_DEPTH + 1, False)])
def test_depth_has_a_limit(depth: int, fits: bool) -> None:
    """At the limit is read; one beyond is not."""
    body = b"<a>" * depth + b"</a>" * depth
    if fits:
        assert read_tree(body, None).name == "a"
    else:
        assert "deep" in _refusal(body).text


@pytest.mark.parametrize(("elements", "fits"), [(MAX_ELEMENTS, True), (MAX_ELEMENTS + 1, False)])
def test_elements_have_a_limit(elements: int, fits: bool) -> None:
    """At the limit is read; one beyond is not, and siblings are counted with their parent."""
    body = b"<a>" + b"<b/>" * (elements - 1) + b"</a>"
    if fits:
        assert len(read_tree(body, None).children) == elements - 1
    else:
        assert "elements" in _refusal(body).text


@pytest.mark.parametrize(("bytes_", "fits"), [(MAX_BYTES, True), (MAX_BYTES + 1, False)])
def test_length_has_a_limit(bytes_: int, fits: bool) -> None:
    """At the limit is read, however it falls into portions; one beyond is not."""
    phone = "2" * (bytes_ - len(FREE.format("")))
    body = FREE.format(phone).encode()
    if fits:
        assert read_request(body, None).fields["phone"] == phone
    else:
        assert "bytes" in _refusal(body).text


# Encodings


@pytest.mark.parametrize("charset", [None, "utf-8", "UTF-8", "utf8", "us-ascii"])
@pytest.mark.parametrize("declared", ["", *map(PROLOG.format, ("utf-8", "UTF8", "US-ASCII"))])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_utf8_is_read_by_all_its_names(charset: str | None, declared: str, mark: bytes) -> None:
    """With a byte order mark or without; ASCII is a part of it that has no such mark."""
    body = mark + (declared + ASKED).encode()
    if mark and "ascii" in f"{charset}{declared}".lower():
        _refusal(body, charset)
    else:
        assert read_request(body, charset).fields == {"phone": "222"}


def test_a_character_may_fall_between_two_portions() -> None:
    """Characters of two, three and four bytes are whole at every place of a long body."""
    for before in range(12):
        phone = "2" * before + "\u0416\u4e2d\U0001f4de" * 2_000
        assert read_request(FREE.format(phone).encode(), "utf-8").fields["phone"] == phone


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
@pytest.mark.parametrize("declared", ["", PROLOG.format("utf-16"), PROLOG.format("utf-8")])
@pytest.mark.parametrize("charset", [None, "utf-8", "utf-16"])
def test_wider_encodings_are_refused_by_name(
    encoding: str, declared: str, charset: str | None
) -> None:
    """UTF-16 without a mark and UTF-32, whatever the declaration and HTTP say of it."""
    refused = _refusal((declared + ASKED).encode(encoding), charset)
    assert "expected UTF-8, got" in refused.text
    assert charset == "utf-16" or encoding.upper()[:6] in refused.text


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("declared", ["", PROLOG.format("UTF-16")])
@pytest.mark.parametrize("charset", [None, "utf-16", "UTF-16"])
def test_utf_16_with_its_mark_is_read(order: str, declared: str, charset: str | None) -> None:
    """WS-I Basic Profile 1.1, R4003: every receiver reads UTF-16 beside UTF-8."""
    phone = "\u0416\u4e2d\U0001f4de"
    body = ("\ufeff" + declared + FREE.format(phone)).encode(order)
    assert read_request(body, charset).fields == {"phone": phone}


@pytest.mark.parametrize(
    ("declared", "charset", "text"),
    [
        ("", "utf-8", "charset: expected UTF-16, as the body, got 'utf-8'"),
        (PROLOG.format("utf-8"), None, "the XML declaration: expected UTF-16, as the body"),
        (PROLOG.format("utf-32"), "utf-16", "the XML declaration: expected UTF-16, as the body"),
    ],
)
def test_utf_16_that_is_called_something_else_is_refused(
    declared: str, charset: str | None, text: str
) -> None:
    """No two parts may read one body differently."""
    assert text in _refusal((declared + ASKED).encode("utf-16"), charset).text


@pytest.mark.parametrize(
    "body",
    [
        "\ufeff".encode("utf-16-le") + ASKED.encode("utf-16-le") + b"\x00",
        "\ufeff".encode("utf-16-le") + ASKED.encode("utf-16-be"),
        ("\ufeff" + FREE.format("\ud800")).encode("utf-16-le", "surrogatepass"),
        b"\xff\xfe",
        f"\ufeff<!DOCTYPE a>{ASKED}".encode("utf-16-le"),
        ("\ufeff" + "<a>" * 10_000).encode("utf-16-be"),
    ],
)
def test_utf_16_has_the_limits_of_utf_8(body: bytes) -> None:
    """Half a character, lying marks, lone surrogates, DTDs and depth are refused as ever."""
    _refusal(body, "utf-16")


@pytest.mark.parametrize(
    ("encoding", "character"),
    [("latin-1", "\xe9"), ("cp1251", "\u0416"), ("gb18030", "\u4e2d"), ("cp037", "2")],
)
def test_other_bytes_are_refused(encoding: str, character: str) -> None:
    """What is not UTF-8 is not guessed at."""
    _refusal(FREE.format(character).encode(encoding))


@pytest.mark.parametrize(
    "name", ["utf-16", "ISO-8859-1", "windows-1252", "utf-7", "no-such", "hex", "a" * 9_000, "idna"]
)
def test_another_name_of_the_encoding_is_refused(name: str) -> None:
    """Declared or in HTTP's charset, known to Python or not, even where the bytes are UTF-8."""
    declared = _refusal((PROLOG.format(name) + ASKED).encode())
    assert "the XML declaration: expected UTF-8, got" in declared.text
    assert "charset: expected UTF-8, got" in _refusal(ASKED.encode(), name).text


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (FREE.format("\u0416").encode(), "us-ascii"),
        ((PROLOG.format("us-ascii") + FREE.format("\u0416")).encode(), "utf-8"),
        (ASKED.encode(), ""),
        (PROLOG.format("utf-8").encode(), None),
        ((PROLOG.format("") + ASKED).encode(), None),
        ((" " + PROLOG.format("utf-8") + ASKED).encode(), None),
        (b"\xef\xbb\xbf\xef\xbb\xbf" + ASKED.encode(), None),
        (FREE.format("\ud800").encode("utf-8", "surrogatepass"), None),
        (FREE.format("\ufffe").encode(), None),
        (FREE.format("&#xd800;").encode(), None),
        (FREE.format("&#0;").encode(), None),
        (b"\xc0\xbc" + ASKED.encode()[1:], None),
    ],
    ids=range(12),
)
def test_an_encoding_that_lies_is_refused(body: bytes, charset: str | None) -> None:
    """A name that the bytes go beyond, an overlong or half character, one that XML has not."""
    _refusal(body, charset)


# Anything at all

NAMES = st.sampled_from(
    ["Envelope", "Header", "Body", "Fault", "x", "result", *Operation]
    + [name for fields in FIELDS.values() for name in fields.required + fields.optional]
)
SPACES = st.sampled_from([ENVELOPE, DNIS, AGENT, "", "urn:x"])
WORDS = st.sampled_from(["", " ", "\n", "222", "true"]) | st.text(
    st.characters(codec="utf-8"), max_size=8
)
ATTRIBUTES = st.sampled_from(
    ["", ' s:mustUnderstand="1"', ' s:mustUnderstand="0"', ' s:actor="urn:x"', ' a="b"']
)


def _element(name: str, space: str, attributes: str, content: list[str]) -> str:
    return f'<{name} xmlns="{space}"{attributes}>{"".join(content)}</{name}>'


TREES = st.recursive(
    st.builds(_element, NAMES, SPACES, ATTRIBUTES, WORDS.map(escaped).map(lambda text: [text])),
    lambda inner: st.builds(
        _element, NAMES, SPACES, ATTRIBUTES, st.lists(inner | WORDS.map(escaped), max_size=4)
    ),
    max_leaves=12,
)
TOKENS = st.sampled_from(
    b"< > / & \" ' = ]]> <!-- --> <![CDATA[ <!DOCTYPE &#0; &lt; <?a?> \x00 \xff \xef\xbb".split()
)
CHARSETS = st.none() | st.sampled_from(["utf-8", "us-ascii", "utf-16"]) | st.text(max_size=8)


@given(st.binary(max_size=400), CHARSETS)
def test_any_bytes_are_a_fault(body: bytes, charset: str | None) -> None:
    """Nothing else comes out of bytes that nobody has written."""
    refused = _read(body, charset)
    assert isinstance(refused, SoapFault)
    assert refused.malformed


@given(st.data())
def test_a_damaged_request_is_a_request_or_a_fault(data: st.DataObject) -> None:
    """Cut, overwritten and put together anew at any places."""
    body = (PROLOG.format("utf-8") + ASKED).encode()
    for _ in range(data.draw(st.integers(1, 4))):
        start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(body))] * 2)))
        put = data.draw(TOKENS | st.binary(max_size=6) | st.just(body[start:end] * 2))
        body = body[:start] + put + body[end:]
    _read(body, data.draw(CHARSETS))


@given(st.lists(TREES, max_size=3))
def test_any_tree_in_an_envelope_is_a_request_or_a_fault_of_soap(trees: list[str]) -> None:
    """What is well-formed and an envelope is never called malformed."""
    body = f'<s:Envelope xmlns:s="{ENVELOPE}">{"".join(trees)}</s:Envelope>'.encode()
    refused = _read(body, "utf-8")
    assert not (isinstance(refused, SoapFault) and refused.malformed)


@given(st.lists(TREES, max_size=2), st.lists(TREES, min_size=1, max_size=2))
def test_any_tree_in_a_body_is_a_request_or_a_fault_of_soap(
    header: list[str], content: list[str]
) -> None:
    """The same where it is nearer to a request."""
    body = (
        f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Header>{"".join(header)}</s:Header>'
        f"<s:Body>{''.join(content)}</s:Body></s:Envelope>"
    ).encode()
    refused = _read(body, "utf-8")
    assert not (isinstance(refused, SoapFault) and refused.malformed)
