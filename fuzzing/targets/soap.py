"""SOAP: a request's envelope, what it is answered with, and a fault that repeats it.

An input is what HTTP says of the charset, if anything, a line feed, and the body.
"""

from __future__ import annotations

from collections.abc import Iterator

from fuzzing.target import Target
from interact_ivr.api.soap.messages import FIELDS, SoapFault
from interact_ivr.api.soap.reading import read_request
from interact_ivr.api.soap.tree import Node, read_tree
from interact_ivr.api.soap.writing import fault, result

_CODES = {f"SOAP-ENV:{code}" for code in ("Client", "Server", "MustUnderstand", "VersionMismatch")}
_SPACE = " \t\r\n"


def _check(data: bytes) -> None:
    charset, _, body = data.partition(b"\n")
    try:
        asked = read_request(body, charset.decode("latin-1") or None)
    except SoapFault as error:
        assert error.code in _CODES
        assert len(error.text) < 2000
        _check_text(fault(error.code, error.text), error.text)
        return
    fields = FIELDS[asked.operation]
    assert {*fields.required} <= {*asked.fields} <= {*fields.required, *fields.optional}
    for name, value in asked.fields.items():
        assert value == value.strip(_SPACE)
        assert value
        assert name != "enabled" or value in ("true", "false")
        _check_text(result(asked, value), value)


def _check_text(answer: bytes, text: str) -> None:
    """See that *text* stands in the *answer* as it is, and is no part of its markup."""
    *around, told = [each.text for each in _all(read_tree(answer, "utf-8"))]
    assert told == "".join(map(_possible, text)).strip(_SPACE)
    assert around[:4] == [""] * 4


def _possible(sign: str) -> str:
    """Give *sign*, or what stands for it where XML has it not (XML 1.0, 2.2)."""
    is_in_xml = sign in "\t\n\r" or " " <= sign <= "\ud7ff" or "\ue000" <= sign <= "\ufffd"
    return sign if is_in_xml or sign >= "\U00010000" else "\N{REPLACEMENT CHARACTER}"


def _all(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _all(child)


def _envelope(content: str, header: str = "", declaration: str = "") -> str:
    return (
        f'{declaration}<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:d="http://com/jacada/interact/dnis/soap" '
        f'xmlns:a="http://com/jacada/interact/agent/soap">{header}<s:Body>{content}</s:Body>'
        "</s:Envelope>"
    )


def _seeds() -> Iterator[bytes]:
    phone = "<d:phone>+380974520200</d:phone>"
    free = f"<d:FreeDnisAllocationRequest>{phone}</d:FreeDnisAllocationRequest>"
    create = (
        "<a:CreatePhoneRequest><phoneNumber>1 &amp; 2</phoneNumber><dnId>12</dnId>"
        "<groupName><![CDATA[<b>]]></groupName><enabled> 1 </enabled></a:CreatePhoneRequest>"
    )
    header = '<s:Header><d:x s:mustUnderstand="0" s:actor="http://other"/></s:Header>'
    said = '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield b"utf-8\n" + _envelope(free, header, said).encode()
    yield b"\n" + _envelope(create).encode()
    yield b"utf-16\n" + _envelope(free).encode("utf-16")
    yield (
        b"\n"
        + _envelope(
            '<d:AllocateDnisRequest><uniqueId>i-1</uniqueId><group xmlns="">g</group>'
            "</d:AllocateDnisRequest><!-- a comment -->"
        ).encode()
    )
    yield (
        b"\n"
        + _envelope("<d:GetDnisAllocationRequest><phone/></d:GetDnisAllocationRequest>").encode()
    )
    yield b'us-ascii\n<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'


TARGET = Target(
    _check,
    _seeds,
    (
        *(b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<?xml", b"?>", b"<!DOCTYPE", b"<!ENTITY a"),
        *(b"SYSTEM", b"xmlns=", b"xmlns:s=", b"s:Envelope", b"s:Body", b"s:Header", b"&#0;"),
        *(b"&#x10FFFF;", b"&#13;", b"&#xD800;", b"&amp;", b'encoding="utf-16"', b"utf-8", b"utf-7"),
        *(
            b"\xff\xfe",
            b"\xfe\xff",
            b"\xef\xbb\xbf",
            b"\x00",
            b"mustUnderstand",
            b"enabled",
            b"phone",
        ),
        *(b"uniqueId", b"group", b"standalone", b"\xef\xbf\xbf", b"\xc2\x85", b"s:actor"),
    ),
    longest=6000,
)
