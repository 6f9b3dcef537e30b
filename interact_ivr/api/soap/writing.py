"""What a SOAP request is answered with: a result, or a fault, as UTF-8 with an XML declaration."""

import html
import re

from interact_ivr.api.soap.messages import ENVELOPE, SoapRequest

_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    f'<SOAP-ENV:Envelope xmlns:SOAP-ENV="{ENVELOPE}">'
    "<SOAP-ENV:Header/><SOAP-ENV:Body>%s</SOAP-ENV:Body></SOAP-ENV:Envelope>"
)
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def result(request: SoapRequest, text: str) -> bytes:
    """Answer *request*, in its namespace; the prefix is the one the vendor's answers have."""
    name = f"ns2:{request.operation.response}"
    return _envelope(
        f'<{name} xmlns:ns2="{request.namespace}"><ns2:result>{escaped(text)}</ns2:result></{name}>'
    )


def fault(code: str, text: str) -> bytes:
    """Refuse a request. A code with a prefix must be one of SOAP's own, ``SOAP-ENV:...``."""
    return _envelope(
        f"<SOAP-ENV:Fault><faultcode>{escaped(code)}</faultcode>"
        f"<faultstring>{escaped(text)}</faultstring></SOAP-ENV:Fault>"
    )


def escaped(text: str) -> str:
    """Write *text* as XML, within an element or an attribute's double quotes.

    A carriage return is kept from being read as a line feed; what XML cannot hold becomes U+FFFD.
    An apostrophe stays one, for clients that look for the vendor's sentences in the bytes.
    """
    possible = _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
    return html.escape(possible, quote=False).replace('"', "&quot;").replace("\r", "&#13;")


def _envelope(content: str) -> bytes:
    return (_ENVELOPE % content).encode("utf-8")
