"""XML as a small tree, or a fault: UTF-8 or UTF-16, no DTD, and neither long, deep nor wide.

Nothing is resolved or fetched. The encoding is settled before expat sees a byte, so that no
declaration chooses how the bytes are read.
"""

import re
from collections.abc import Mapping

import msgspec
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, XMLParser

from interact_ivr.api.soap.messages import CLIENT, SoapFault

MAX_BYTES = 65536
MAX_DEPTH = 32
MAX_ELEMENTS = 256

_PORTION = 4096
"""Bytes. Once a limit is passed, expat still goes to the end of what it was fed."""
_SPACE = " \t\r\n"
_MARK = "\ufeff"
_SHOWN = 80
"""Characters of what came that a fault repeats."""
_ASCII = frozenset({"us-ascii", "ascii"})
_READ = _ASCII | {"utf-8", "utf8"}
_DECLARED = re.compile(
    r"""<\?xml\s+version\s*=\s*(?:"[^"]*"|'[^']*')\s+encoding\s*=\s*["']([^"'>]*)["']"""
)
_OTHER_ENCODINGS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"<\x00\x00\x00": "UTF-32",
    b"\x00\x00\x00<": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"<\x00": "UTF-16",
    b"\x00<": "UTF-16",
}
"""How a body of these begins, with a byte order mark or without; longer ones first."""
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class Node(msgspec.Struct):
    """One element."""

    namespace: str
    name: str
    attributes: Mapping[str, str]
    """By name; a qualified one is called ``{namespace}name``."""
    children: list["Node"] = msgspec.field(default_factory=list)
    pieces: list[str] = msgspec.field(default_factory=list)
    """The text that stands in the element itself, in as many parts as it came."""

    @property
    def text(self) -> str:
        """The element's own text, without XML's white space at both ends."""
        return "".join(self.pieces).strip(_SPACE)

    @property
    def label(self) -> str:
        """How a fault names the element."""
        return shown(f"{{{self.namespace}}}{self.name}" if self.namespace else self.name)


def shown(text: str) -> str:
    """Quote as much of *text* as a fault should repeat."""
    return repr(_cut(text))


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def read_tree(body: bytes, charset: str | None) -> Node:
    """Read *body*, of whose encoding HTTP says *charset*; a `SoapFault` is always malformed."""
    if len(body) > MAX_BYTES:
        raise _malformed(f"the body: expected at most {MAX_BYTES} bytes, got {len(body)}")
    body = _in_utf8(body, charset)
    builder = _Builder()
    parser = XMLParser(target=builder, encoding="utf-8", forbid_dtd=True)
    try:
        for start in range(0, len(body), _PORTION):
            parser.feed(body[start : start + _PORTION])
        parser.close()
    except ParseError as error:
        raise _malformed(f"the body: expected well-formed XML, got {_cut(str(error))}") from error
    except DefusedXmlException as error:
        raise _malformed("the body: expected XML without a DTD, got a DTD") from error
    return builder.root()


def _in_utf8(body: bytes, charset: str | None) -> bytes:
    """Give *body* in UTF-8; it may be UTF-16 with its mark (WS-I Basic Profile 1.1, R4003)."""
    if _beginning(body) != "UTF-16" or body[:2] not in _UTF16_MARKS:
        _refuse_other_than_utf8(body, charset)
        return body
    try:
        text = body.decode("utf-16")
    except UnicodeDecodeError as error:
        raise _malformed("the body: expected UTF-16, as it begins, got other bytes") from error
    declared = _DECLARED.match(text)
    said = {"charset": charset, "the XML declaration": declared and declared[1]}
    for where, encoding in said.items():
        if encoding is not None and encoding.lower() != "utf-16":
            raise _malformed(f"{where}: expected UTF-16, as the body, got {shown(encoding)}")
    return text.encode("utf-8")


def _beginning(body: bytes) -> str:
    """Name the encoding of which *body* shows in its first bytes that it is not UTF-8."""
    found = (name for begins, name in _OTHER_ENCODINGS.items() if body.startswith(begins))
    return next(found, "")


def _refuse_other_than_utf8(body: bytes, charset: str | None) -> None:
    """Make sure that *body* is UTF-8, and that neither HTTP nor it itself says otherwise."""
    if charset is not None:
        _refuse_another_encoding("charset", charset, body)
    if encoding := _beginning(body):
        raise _malformed(f"the body: expected UTF-8, got {encoding}")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _malformed("the body: expected UTF-8, got other bytes") from error
    if declared := _DECLARED.match(text.removeprefix(_MARK)):
        _refuse_another_encoding("the XML declaration", declared[1], body)


def _refuse_another_encoding(where: str, encoding: str, body: bytes) -> None:
    name = encoding.lower()
    if name not in _READ:
        raise _malformed(f"{where}: expected UTF-8, got {shown(encoding)}")
    if name in _ASCII and not body.isascii():
        raise _malformed(f"{where}: expected UTF-8, got {shown(encoding)} and a body beyond it")


class _Builder:
    """What expat tells its findings to; it refuses as soon as there is too much."""

    def __init__(self) -> None:
        self._top = Node("", "", {})
        self._open = [self._top]
        self._elements = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if len(self._open) > MAX_DEPTH:
            raise _malformed(f"the body: expected elements at most {MAX_DEPTH} deep, got more")
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            raise _malformed(f"the body: expected at most {MAX_ELEMENTS} elements, got more")
        namespace, _, name = tag.removeprefix("{").rpartition("}")
        node = Node(namespace, name, attributes)
        self._open[-1].children.append(node)
        self._open.append(node)

    def end(self, _tag: str) -> None:
        self._open.pop()

    def data(self, text: str) -> None:
        self._open[-1].pieces.append(text)

    def pi(self, target: str, _data: str | None = None) -> None:
        raise _malformed(f"the body: expected no processing instruction, got {shown(target)}")

    def root(self) -> Node:
        return self._top.children[0]


def _malformed(text: str) -> SoapFault:
    return SoapFault(CLIENT, text, malformed=True)
