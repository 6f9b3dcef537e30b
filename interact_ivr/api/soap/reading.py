"""A SOAP request out of bytes: an envelope, nothing in its header that binds, one operation.

Any prefix will do, and a field may be in either namespace or in none. What is not expected is
refused by name, so that a client's slip is not taken for an empty field.
"""

from collections.abc import Mapping
from types import MappingProxyType

from interact_ivr.api.soap.messages import (
    CLIENT,
    ENVELOPE,
    FIELDS,
    MUST_UNDERSTAND,
    NAMESPACES,
    VERSION_MISMATCH,
    Operation,
    SoapFault,
    SoapRequest,
)
from interact_ivr.api.soap.tree import Node, read_tree, shown

_ACTOR = f"{{{ENVELOPE}}}actor"
_MUST_UNDERSTAND = f"{{{ENVELOPE}}}mustUnderstand"
_OURS = ("", "http://schemas.xmlsoap.org/soap/actor/next")
"""The actors we are: none named, and whoever reads next."""
_BOOLEANS = {"true": "true", "1": "true", "false": "false", "0": "false"}


def read_request(body: bytes, charset: str | None) -> SoapRequest:
    """Read a request; *charset* is what HTTP says of the body's encoding, if anything.

    Raises:
        SoapFault: what came is no request; the text names the place and what was expected there.
    """
    envelope = read_tree(body, charset)
    _check_envelope(envelope)
    _refuse_text(envelope)
    *header, content = _parts(envelope)
    for part in header:
        _check_header(part)
    _refuse_text(content)
    return _request(content)


def _check_envelope(root: Node) -> None:
    if root.name != "Envelope":
        raise SoapFault(CLIENT, f"the body: expected an Envelope, got {root.label}", malformed=True)
    if root.namespace != ENVELOPE:
        text = f"Envelope: expected namespace {ENVELOPE}, got {shown(root.namespace)}"
        raise SoapFault(VERSION_MISMATCH, text)


def _parts(envelope: Node) -> list[Node]:
    """Give the Header, if there is one, and the Body."""
    parts = envelope.children
    names = [part.name for part in parts]
    if names not in (["Header", "Body"], ["Body"]) or any(
        part.namespace != ENVELOPE for part in parts
    ):
        raise _wrong("Envelope", "a Header, if any, and one Body", _listed(parts))
    return parts


def _check_header(header: Node) -> None:
    """Refuse a block that binds us: we understand none. Those for others are theirs."""
    _refuse_text(header)
    for block in header.children:
        if block.attributes.get(_ACTOR, "").strip() not in _OURS:
            continue
        if block.attributes.get(_MUST_UNDERSTAND, "0").strip() not in ("0", "false"):
            raise SoapFault(MUST_UNDERSTAND, f"header block {block.label} is not understood")


def _request(content: Node) -> SoapRequest:
    """Read what the Body holds."""
    if len(content.children) != 1:
        raise _wrong("Body", f"one {_any_of(tuple(Operation))}", _listed(content.children))
    element = content.children[0]
    if element.name not in tuple(Operation):
        raise _wrong("Body", f"one {_any_of(tuple(Operation))}", element.label)
    if element.namespace not in NAMESPACES:
        expected = f"namespace {_any_of(NAMESPACES)}"
        raise _wrong(element.name, expected, shown(element.namespace))
    _refuse_text(element)
    operation = Operation(element.name)
    return SoapRequest(operation, element.namespace, _fields(operation, element.children))


def _fields(operation: Operation, elements: list[Node]) -> Mapping[str, str]:
    """Give the values that are not empty, by name."""
    fields = FIELDS[operation]
    known = fields.required + fields.optional
    found: dict[str, str] = {}
    for element in elements:
        if element.name not in known or element.namespace not in ("", *NAMESPACES):
            raise _wrong(operation, _any_of(known), element.label)
        if element.name in found:
            raise _wrong(element.name, "one element", "several")
        found[element.name] = _value(element)
    for name in fields.required:
        if not found.get(name):
            raise _wrong(name, "a value", "an empty element" if name in found else "none")
    return MappingProxyType({name: value for name, value in found.items() if value})


def _value(element: Node) -> str:
    if element.children:
        raise _wrong(element.name, "text", f"element {element.children[0].label}")
    text = element.text
    if element.name != "enabled" or not text:
        return text
    if text not in _BOOLEANS:
        raise _wrong(element.name, "true, false, 1 or 0", shown(text))
    return _BOOLEANS[text]


def _refuse_text(element: Node) -> None:
    """Refuse characters other than white space where only elements stand."""
    if element.text:
        raise _wrong(element.name, "elements only", f"text {shown(element.text)}")


def _wrong(where: str, expected: str, got: str) -> SoapFault:
    return SoapFault(CLIENT, f"{where}: expected {expected}, got {got}")


def _any_of(names: tuple[str, ...]) -> str:
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _listed(elements: list[Node]) -> str:
    """Name what stands where something else should, briefly."""
    labels = [element.label for element in elements[:4]]
    more = ["..."] if len(elements) > len(labels) else []
    return ", ".join(labels + more) or "nothing"
