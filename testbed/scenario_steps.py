"""The steps of SIPp's scenarios as XML, and what all scenarios say alike."""

from __future__ import annotations

SDP = """\
v=0
o=- 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
"""
RETRANSMIT = 'retrans="500"'


def send(head: str, body: str = "", attributes: str = "") -> str:
    """Send a message, with a *body* where it has one."""
    return f"<send {attributes}><![CDATA[\n{head}\nContent-Length: [len]\n\n{body}\n]]></send>"


def recv(what: int | str, action: str = "", *, optional: bool = False, **attributes: str) -> str:
    """Wait for a request by its method or a response by its code; *action* is done with it."""
    kind = "request" if isinstance(what, str) else "response"
    words = {kind: str(what), **({"optional": "true"} if optional else {}), **attributes}
    text = " ".join(f'{name}="{value}"' for name, value in words.items())
    return f"<recv {text}>{action}</recv>"


def label(name: str) -> str:
    """Name a place to jump to."""
    return f'<label id="{name}"/>'


def jump(label: str) -> str:
    """Go on at *label*."""
    return f'<nop next="{label}"/>'
