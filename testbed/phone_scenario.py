"""A phone as SIPp's scenario: it rings or dials, and then does what it is told, when it is told it.

What it is told comes as a SIP request of a method that nobody else uses (`Command`), sent to the
phone under the call's own Call-ID; so a step happens when a test wants it, not when a time is over.
Nothing here runs SIPp.
"""

from __future__ import annotations

from enum import StrEnum

from testbed.scenario_steps import RETRANSMIT, SDP, jump, label, recv, send


class Command(StrEnum):
    """What a phone can be told; it reads nothing of the request but the named header."""

    ANSWER = "ANSWER"
    REJECT = "REJECT"
    """As one who is busy does."""
    HOLD = "HOLD"
    RESUME = "RESUME"
    TRANSFER = "TRANSFER"
    """To whom ``Refer-To`` says: a REFER."""
    DIGIT = "DIGIT"
    """The one that ``Signal`` says, by INFO."""
    HANG_UP = "HANGUP"
    """BYE, or CANCEL of a call that rings at the other end."""


#: A second of what a phone says, in a file beside the scenario. Who says nothing at all is answered
#: half a second later, which Asterisk waits for, and no Local channel gives way to what it joins.
SILENCE, SECOND_OF_SILENCE = "silence.ulaw", b"\xff" * 8000

TALKING, RINGING, DIALING, END = "talking", "ringing", "dialing", "end"
CONFIRM, CONFIRM_OFFER, CONFIRM_BYE = "confirm", "confirm_offer", "confirm_bye"
CANCELED, REFUSED, ANSWERED, GIVEN_UP = "canceled", "refused", "answered", "given_up"

#: Where SIPp goes by itself with a request that comes before the last one is confirmed; from where.
UNEXPECTED, FROM = "_unexp.main", "_unexp.retaddr"

ON_HOLD = SDP + "a=sendonly\n"
OK = "SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]"
KEPT_OK = (
    "SIP/2.0 200 OK\nVia:[$asked_via]\nFrom:[$asked_from]\nTo:[$asked_to]\n"
    "Call-ID: [call_id]\nCSeq:[$asked_number]"
)
CONTACT = "Contact: <sip:[local_ip]:[local_port]>"
OWN_VIA = "Via: SIP/2.0/UDP [local_ip]:[local_port];branch=z9hG4bK-[call_id]-{branch}"
OFFER = f"{CONTACT}\nContent-Type: application/sdp"
ASKED = ("UPDATE", "INFO", "NOTIFY", "OPTIONS", "MESSAGE")
END_OF_ALL = '<nop/>\n<Reference variables="contact"/>'
SPEAK = f'<nop><action><exec rtp_stream="{SILENCE},-1,0,PCMU/8000"/></action></nop>'
#: Stands before what may be interrupted: SIPp goes back to one step before it, and on from there.
HERE = "<nop/>"
GO_BACK = f"""\
<nop><action>
 <assign assign_to="from" variable="{FROM}"/>
 <assign assign_to="{FROM}" value="0"/>
 <jump variable="from"/>
</action></nop>"""

FINAL = (*range(400, 410), 480, 481, 484, 486, 487, 488, 500, 503, 603)


def rings(*, answers_after_ms: int | None = None) -> str:
    """Write the scenario of a phone that is called; it answers when told to, or by itself.

    One that answers by itself says nothing: there may be hundreds.
    """
    if answers_after_ms is None:
        waiting = [
            label(RINGING),
            recv(Command.REJECT, optional=True, next="busy"),
            recv("CANCEL", optional=True, next=CANCELED),
            recv(Command.ANSWER),
        ]
    else:
        waiting = [f'<pause milliseconds="{answers_after_ms}"/>']
    return _written(
        [
            recv("INVITE", _kept(("via", "Via"), ("offer", "CSeq"), remote="From", local="To")),
            send(f"{_answer('180 Ringing')}\n{CONTACT}"),
            *waiting,
            send(f"{_answer('200 OK')}\n{OFFER}", SDP, RETRANSMIT),
            *([SPEAK] if answers_after_ms is None else []),
            *_talk(),
            label("busy"),
            send(_answer("486 Busy Here"), attributes=RETRANSMIT),
            recv("ACK", next=END),
            label(CANCELED),
            send(OK),
            send(_answer("487 Request Terminated"), attributes=RETRANSMIT),
            recv("ACK"),
        ]
    )


def dials() -> str:
    """Write the scenario of a phone that calls field 0 of its injection file as field 1."""
    us, them = "<sip:[field1]@[local_ip]:[local_port]>", "sip:[field0]@[remote_ip]:[remote_port]"
    begun = f"From: {us};tag=[call_id]\nTo: <{them}>\nCall-ID: [call_id]"
    via = OWN_VIA.format(branch="invite")
    tail = "Max-Forwards: 70\nContact: <sip:[field1]@[local_ip]:[local_port]>"
    return _written(
        [
            send(
                f"INVITE {them} SIP/2.0\n{via}\n{begun}\nCSeq: [cseq] INVITE\n{tail}\n"
                "Content-Type: application/sdp",
                SDP,
                RETRANSMIT,
            ),
            label(DIALING),
            *(recv(code, optional=True, next=DIALING) for code in (100, 180, 181, 182, 183)),
            *(recv(code, optional=True, next=REFUSED) for code in FINAL),
            recv(Command.HANG_UP, optional=True, next=GIVEN_UP),
            recv(200, _kept(remote="To", local="From"), next=ANSWERED),
            label(GIVEN_UP),
            send(f"CANCEL {them} SIP/2.0\n{via}\n{begun}\nCSeq: 1 CANCEL\n{tail}"),
            recv(200, optional=True),
            recv(487, next=REFUSED),
            label(REFUSED),
            send(
                f"ACK {them} SIP/2.0\n{via}\nFrom: {us};tag=[call_id]\n[last_To:]\n"
                f"Call-ID: [call_id]\nCSeq: 1 ACK\n{tail}",
            ),
            jump(END),
            label(ANSWERED),
            _own("ACK", branch="[cseq]-ack"),
            SPEAK,
            *_talk(),
        ]
    )


def _talk() -> list[str]:
    """Write what a phone does once it has answered or was answered."""
    return [
        label(TALKING),
        *(recv(method, _asked(), optional=True, next=CONFIRM) for method in ASKED),
        recv("INVITE", _asked(), optional=True, next=CONFIRM_OFFER),
        recv("ACK", optional=True, next=TALKING),
        recv("BYE", optional=True, next=CONFIRM_BYE),
        recv(Command.HOLD, optional=True, next="hold"),
        recv(Command.RESUME, optional=True, next="resume"),
        recv(Command.TRANSFER, _header("refer_to", "Refer-To"), optional=True, next="transfer"),
        recv(Command.DIGIT, _header("digit", "Signal"), optional=True, next="press"),
        recv(Command.HANG_UP, next="hang_up"),
        label(CONFIRM),
        HERE,
        send(KEPT_OK),
        jump(TALKING),
        label(CONFIRM_OFFER),
        HERE,
        send(f"{KEPT_OK}\n{OFFER}", SDP, RETRANSMIT),
        jump(TALKING),
        label(UNEXPECTED),
        *(recv(method, optional=True, next="confirm_early") for method in ASKED),
        recv("BYE", next=CONFIRM_BYE),
        label("confirm_early"),
        send(OK),
        GO_BACK,
        *_offers("hold", ON_HOLD),
        *_offers("resume", SDP),
        label("transfer"),
        HERE,
        _own("REFER", "Refer-To: [$refer_to]"),
        recv(202, next=TALKING),
        label("press"),
        HERE,
        _own("INFO", "Content-Type: application/dtmf-relay", "Signal=[$digit]\nDuration=160"),
        recv(200, next=TALKING),
        label("hang_up"),
        HERE,
        _own("BYE"),
        recv("NOTIFY", optional=True),
        recv("BYE", optional=True, next=CONFIRM_BYE),
        recv(481, optional=True, next=END),
        recv(200, next=END),
        label(CONFIRM_BYE),
        send(OK),
        jump(END),
    ]


def _offers(name: str, body: str) -> list[str]:
    """Write a re-INVITE, which Asterisk takes."""
    return [
        label(name),
        HERE,
        _own("INVITE", "Content-Type: application/sdp", body),
        recv(100, optional=True),
        recv(200),
        _own("ACK", branch="[cseq]-ack"),
        jump(TALKING),
    ]


def _own(method: str, header: str = "", body: str = "", branch: str = "[cseq]") -> str:
    """Write a request of the phone's own within the dialog; an ACK has its INVITE's number."""
    lines = [
        f"{method} [$target] SIP/2.0",
        OWN_VIA.format(branch=branch),
        "From:[$local]",
        "To:[$remote]",
        "Call-ID: [call_id]",
        f"CSeq: [cseq] {method}",
        CONTACT,
        "Max-Forwards: 70",
        *([header] if header else []),
    ]
    return send("\n".join(lines), body, "" if method == "ACK" else RETRANSMIT)


def _kept(*headers: tuple[str, str], remote: str, local: str) -> str:
    """Keep what later requests name: both sides, where the other one is, and *headers*.

    Who is called adds its tag to its own side by itself; who calls finds it in the answer.
    """
    target = (
        '<ereg regexp="&lt;([^&gt;]*)&gt;" search_in="hdr" header="Contact:" '
        'assign_to="contact,target"/>'
    )
    kept = [*headers, ("remote", remote), ("local", local)]
    tagged = '<assignstr assign_to="local" value="[$local];tag=[call_id]"/>'
    said = '<log message="[call_id]|[$remote]|[$local]"/>'
    parts = [_ereg(name, header) for name, header in kept]
    return f"<action>{''.join(parts)}{tagged if local == 'To' else ''}{target}{said}</action>"


def _asked() -> str:
    """Keep whom the answer goes to: another request may come before it is sent."""
    kept = (("via", "Via"), ("from", "From"), ("to", "To"), ("number", "CSeq"))
    return f"<action>{''.join(_ereg(f'asked_{name}', header) for name, header in kept)}</action>"


def _header(name: str, header: str) -> str:
    return f"<action>{_ereg(name, header)}</action>"


def _ereg(name: str, header: str) -> str:
    return f'<ereg regexp=".*" search_in="hdr" header="{header}:" assign_to="{name}"/>'


def _answer(status: str) -> str:
    """Write a response to the INVITE that rang, whatever has come in meanwhile."""
    return (
        f"SIP/2.0 {status}\nVia:[$via]\nFrom:[$remote]\nTo:[$local]\n"
        "Call-ID: [call_id]\nCSeq:[$offer]"
    )


def _written(parts: list[str]) -> str:
    body = "\n".join(['<scenario name="phone">', *parts, label(END), END_OF_ALL, "</scenario>"])
    return f'<?xml version="1.0" encoding="UTF-8" ?>\n{body}\n'
