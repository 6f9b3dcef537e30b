"""SOAP requests and answers: the vendor's samples, every operation, and each slip by its name."""

from collections.abc import Mapping

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
    MUST_UNDERSTAND,
    NAMESPACES,
    SERVER,
    VERSION_MISMATCH,
    Operation,
    SoapFault,
    SoapRequest,
)
from interact_ivr.api.soap.reading import read_request
from interact_ivr.api.soap.writing import escaped, fault, result

SAMPLE = b"""\
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:soap="http://com/jacada/interact/dnis/soap">
<soapenv:Header/>
<soapenv:Body>
<soap:FreeDnisAllocationRequest>
<soap:phone>222</soap:phone>
</soap:FreeDnisAllocationRequest>
</soapenv:Body>
</soapenv:Envelope>
"""
UNAUTHORIZED = b"""\
<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/">
    <SOAP-ENV:Header/>
     <SOAP-ENV:Body>
        <SOAP-ENV:Fault>
            <faultcode>0x7000000</faultcode>
            <faultstring>Request is unauthorized, missing or wrong credentials</faultstring>
        </SOAP-ENV:Fault>
    </SOAP-ENV:Body>
</SOAP-ENV:Envelope>
"""
PHONE = "<d:phone>222</d:phone>"
FREE = f"<d:FreeDnisAllocationRequest>{PHONE}</d:FreeDnisAllocationRequest>"
TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
XML_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cn", "Co")), max_size=40)


def _envelope(content: str, header: str = "", namespace: str = ENVELOPE) -> bytes:
    return (
        f'<s:Envelope xmlns:s="{namespace}" xmlns:d="{DNIS}" xmlns:a="{AGENT}">'
        f"{header}<s:Body>{content}</s:Body></s:Envelope>"
    ).encode()


def _asked(operation: Operation, values: Mapping[str, str], namespace: str = DNIS) -> bytes:
    fields = "".join(f"<{name}>{escaped(value)}</{name}>" for name, value in values.items())
    return _envelope(f'<{operation} xmlns="{namespace}">{fields}</{operation}>')


def _free(fields: str) -> bytes:
    return _envelope(f"<d:FreeDnisAllocationRequest>{fields}</d:FreeDnisAllocationRequest>")


def _refusal(body: bytes, charset: str | None = None) -> SoapFault:
    with pytest.raises(SoapFault) as caught:
        read_request(body, charset)
    return caught.value


def _tree(element: etree._Element) -> tuple[str, str, list[object]]:
    """An element by its names and text, without prefixes and indentation."""
    return element.tag, (element.text or "").strip(), [_tree(child) for child in element]


# The vendor's own samples


def test_the_vendors_request_is_read() -> None:
    """The sample, byte for byte, asks to free number 222."""
    assert read_request(SAMPLE, None) == SoapRequest(Operation.FREE, DNIS, {"phone": "222"})


@pytest.mark.parametrize("text", ["Success", "Phone number 222 was not found"])
def test_the_vendors_results_are_written(text: str) -> None:
    """A result is ``<ns2:result>...</ns2:result>``, prefix and all, in the request's namespace."""
    answer = result(read_request(SAMPLE, None), text)
    assert f"<ns2:result>{text}</ns2:result>".encode() in answer
    response = f"{{{DNIS}}}FreeDnisAllocationResponse"
    assert _tree(etree.fromstring(answer)) == (
        f"{{{ENVELOPE}}}Envelope",
        "",
        [
            (f"{{{ENVELOPE}}}Header", "", []),
            (f"{{{ENVELOPE}}}Body", "", [(response, "", [(f"{{{DNIS}}}result", text, [])])]),
        ],
    )


def test_the_vendors_fault_is_written() -> None:
    """Element by element, the refusal of credentials is the sample's, prefixes included."""
    text = "Request is unauthorized, missing or wrong credentials"
    written = fault("0x7000000", text)
    assert _tree(etree.fromstring(written)) == _tree(etree.fromstring(UNAUTHORIZED))
    assert b"".join(line.strip() for line in UNAUTHORIZED.splitlines()) in written


def test_an_internal_error_is_a_fault() -> None:
    """The prefix of SOAP's own codes is declared where the code stands."""
    root = etree.fromstring(fault(SERVER, "reference 1"))
    assert root.findtext(".//faultcode") == "SOAP-ENV:Server"
    assert root.find(".//faultcode").nsmap["SOAP-ENV"] == ENVELOPE


# What is read


@pytest.mark.parametrize("namespace", NAMESPACES)
@pytest.mark.parametrize("operation", Operation)
def test_every_operation_is_known_in_both_namespaces(operation: Operation, namespace: str) -> None:
    """All fields are read in any order, and the answer is in the namespace of the request."""
    values = dict.fromkeys(FIELDS[operation].required + FIELDS[operation].optional, "1")
    backwards = dict(reversed(values.items()))
    request = read_request(_asked(operation, backwards, namespace), "utf-8")
    expected = values | ({"enabled": "true"} if "enabled" in values else {})
    assert request == SoapRequest(operation, namespace, expected)
    answer = etree.fromstring(result(request, "Success"))
    name = operation.replace("Request", "Response")
    assert answer.findtext(f".//{{{namespace}}}{name}/{{{namespace}}}result") == "Success"


@pytest.mark.parametrize(
    "fields",
    [
        "<phone>222</phone>",
        "<a:phone>222</a:phone>",
        f'<phone xmlns="{DNIS}"><![CDATA[222]]></phone>',
        "\n <d:phone>\r\n\t222 </d:phone>\n",
        "<!-- a --><d:phone>2<!-- b -->2&#50;</d:phone><!-- c -->",
        '<phone xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="x">222</phone>',
    ],
)
def test_a_field_may_be_written_in_many_ways(fields: str) -> None:
    """Namespace, prefix, white space, comments, sections and attributes change no value."""
    assert read_request(_free(fields), None).fields == {"phone": "222"}


@pytest.mark.parametrize("empty", ["<group/>", "<group> \n</group>", ""])
def test_an_empty_optional_field_is_not_given(empty: str) -> None:
    """Empty, white space and absent are one."""
    content = f"<d:AllocateDnisRequest><uniqueId>x</uniqueId>{empty}</d:AllocateDnisRequest>"
    assert read_request(_envelope(content), None).fields == {"uniqueId": "x"}


@pytest.mark.parametrize(
    ("written", "read"),
    [("true", "true"), ("1", "true"), (" false ", "false"), ("0", "false")],
)
def test_a_boolean_is_one_of_four(written: str, read: str) -> None:
    """XML Schema's four words for two values come out as two."""
    values = {"phoneNumber": "222", "enabled": written}
    assert read_request(_asked(Operation.CREATE, values), None).fields["enabled"] == read


@pytest.mark.parametrize(
    "block",
    [
        "<x:a xmlns:x='urn:x'>any<b/></x:a>",
        "<x:a xmlns:x='urn:x' s:mustUnderstand='0'/>",
        "<x:a xmlns:x='urn:x' mustUnderstand='1'/>",
        "<x:a xmlns:x='urn:x' s:mustUnderstand='1' s:actor='urn:another'/>",
    ],
)
def test_a_header_block_that_does_not_bind_us_is_passed_over(block: str) -> None:
    """Nothing is known of any; those that must be understood by another actor are its own."""
    assert read_request(_envelope(FREE, f"<s:Header>{block}</s:Header>"), None).fields


@given(st.sampled_from("<>&\"'") | XML_TEXT.filter(lambda text: text.strip(" ") != ""))
def test_an_id_comes_through_as_it_is(text: str) -> None:
    """Whatever XML can hold goes in and out unchanged but for white space at its ends."""
    request = read_request(_asked(Operation.ALLOCATE, {"uniqueId": text}), "utf-8")
    assert request.fields["uniqueId"] == text.strip(" ")
    assert etree.fromstring(result(request, text)).findtext(".//{*}result") == text


@given(TEXT, TEXT)
def test_any_answer_is_well_formed(code: str, text: str) -> None:
    """What XML cannot hold is replaced, one for one; the rest is kept."""
    root = etree.fromstring(fault(code, text))
    for name, given_text in (("faultcode", code), ("faultstring", text)):
        read = root.findtext(f".//{name}")
        assert len(read) == len(given_text)
        assert all(a in (b, "\ufffd") for a, b in zip(read, given_text, strict=True))


@pytest.mark.parametrize("hole", ["\x00", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_what_xml_cannot_hold_is_replaced(hole: str) -> None:
    """No answer is lost for a character in it."""
    request = read_request(SAMPLE, None)
    assert b"<ns2:result>a\xef\xbf\xbdb</ns2:result>" in result(request, f"a{hole}b")


# What is refused, by name

HEADER = "<s:Header/>"
CREATE = "<d:CreatePhoneRequest><phoneNumber>1</phoneNumber>{}</d:CreatePhoneRequest>"
SLIPS = [
    (_envelope(""), "Body: expected one FreeDnis.*, got nothing"),
    (_envelope(FREE + FREE), "Body: expected one FreeDnis.*, got '.*Request', '.*Request'"),
    (_envelope("<x/>" * 9), r"got 'x', 'x', 'x', 'x', \.\.\.$"),
    (_envelope("<d:Take/>"), "Body: expected .*, got '{http.*}Take'"),
    (_envelope("text"), "Body: expected elements only, got text 'text'"),
    (_envelope(FREE + "text"), "Body: expected elements only, got text 'text'"),
    (_envelope(FREE, "text"), "Envelope: expected elements only, got text 'text'"),
    (_envelope(FREE, "<s:Header>text</s:Header>"), "Header: expected elements only"),
    (_envelope(FREE, HEADER * 2), "Envelope: expected a Header, if any, and one Body, got"),
    (_envelope(FREE, "<Header/>"), "Envelope: expected a Header, if any, and one Body, got 'He"),
    (_envelope(FREE, "<s:Body/>"), "Envelope: expected a Header, if any, and one Body, got"),
    (f'<s:Envelope xmlns:s="{ENVELOPE}"/>'.encode(), "Envelope: expected .* Body, got nothing"),
    (_envelope(FREE.replace("d:Free", "Free")), "FreeDnis.*: expected namespace http.*, got ''"),
    (_envelope(FREE.replace("d:Free", "s:Free")), "FreeDnis.*: expected namespace http.*, got"),
    (_free("text" + PHONE), "FreeDnisAllocationRequest: expected elements only, got text"),
    (_free(""), "phone: expected a value, got none"),
    (_free("<phone> </phone>"), "phone: expected a value, got an empty element"),
    (_free(PHONE * 2), "phone: expected one element, got several"),
    (_free("<phone/>" + PHONE), "phone: expected one element, got several"),
    (_free("<d:phone><b>2</b>22</d:phone>"), "phone: expected text, got element 'b'"),
    (_free(PHONE + "<group>1</group>"), "Free.*: expected phone, got 'group'"),
    (_free("<Phone>222</Phone>"), "Free.*: expected phone, got 'Phone'"),
    (_free("<s:phone>222</s:phone>"), "Free.*: expected phone, got '{http.*}phone'"),
    (
        _envelope(CREATE.format("<enabled>yes</enabled>")),
        "enabled: expected true, false, 1 or 0, got 'yes'",
    ),
    (
        _envelope(CREATE.format("<name>a</name>")),
        "CreatePhoneRequest: expected phoneNumber, dnId, groupName or enabled, got",
    ),
]


@pytest.mark.parametrize(("body", "text"), SLIPS)
def test_a_slip_is_the_clients_and_named(body: bytes, text: str) -> None:
    """The fault says where, what was expected there and what came; the envelope itself is one."""
    refused = _refusal(body)
    assert (refused.code, refused.malformed) == (CLIENT, False)
    with pytest.raises(SoapFault, match=text):
        raise refused


@pytest.mark.parametrize("by", ["", "s:actor='http://schemas.xmlsoap.org/soap/actor/next'"])
def test_a_header_block_that_must_be_understood_is_not(by: str) -> None:
    """The fault has SOAP's own code and names the block."""
    block = f"<s:Header><x:Security xmlns:x='urn:x' s:mustUnderstand='1' {by}/></s:Header>"
    refused = _refusal(_envelope(FREE, block))
    assert (refused.code, refused.malformed) == (MUST_UNDERSTAND, False)
    assert "'{urn:x}Security'" in refused.text


@pytest.mark.parametrize("namespace", ["http://www.w3.org/2003/05/soap-envelope", "urn:x"])
def test_another_version_of_soap_is_a_mismatch(namespace: str) -> None:
    """SOAP 1.2's Envelope, or anybody's, is told which one is spoken here."""
    refused = _refusal(_envelope(FREE, namespace=namespace))
    assert (refused.code, refused.malformed) == (VERSION_MISMATCH, False)
    assert ENVELOPE in refused.text


@pytest.mark.parametrize("body", [b"", b"222", b"<a/>", b"<a", b"{}", FREE.encode(), b"\x00"])
def test_what_is_no_envelope_is_malformed(body: bytes) -> None:
    """The HTTP layer answers 400 to these and 500 to all others."""
    refused = _refusal(body)
    assert (refused.code, refused.malformed) == (CLIENT, True)
