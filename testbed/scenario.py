"""A call as SIPp's scenario: the caller's side of it, written out as XML; nothing here runs SIPp.

Who calls whom comes from an injection file, one line a call. What SIPp cannot inject is written
into the scenario: headers, whose values may hold its separator, and when the caller hangs up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from testbed.scenario_steps import RETRANSMIT, SDP, jump, label, recv, send

#: What a PBX may refuse a call with. Any other code ends the call as well, but as one that failed.
REFUSALS = (
    *(400, 401, 403, 404, 408, 410, 480, 481, 482, 483, 484, 486, 487, 488),
    *(500, 501, 502, 503, 504, 600, 603),
)
PROVISIONAL = (100, 180, 181, 182, 183)

#: Where the branches of the scenario meet. SIPp itself jumps to UNEXPECTED, once a call, with what
#: it receives while it is not in a <recv>: a BYE to a caller who is waiting to hang up.
TRYING, LET_IT_RING, CANCEL, REFUSED = "trying", "let_it_ring", "cancel", "refused"
ANSWERED, BYE, END = "answered", "bye", "end"
UNEXPECTED, CONFIRM_BYE = "_unexp.main", "confirm_bye"

START = """\
<nop><action>
 <gettimeofday assign_to="seconds_0,micros_0"/>
 <assign assign_to="_unexp.retaddr" value="0"/>
</action></nop>
<Reference variables="seconds_0,micros_0,_unexp.retaddr"/>"""

#: The milliseconds left until the caller hangs up, counted from START.
TIME_LEFT = """\
<action>
 <gettimeofday assign_to="seconds,micros"/>
 <subtract assign_to="seconds" variable="seconds_0"/>
 <subtract assign_to="micros" variable="micros_0"/>
 <multiply assign_to="seconds" value="1000"/>
 <divide assign_to="micros" value="1000"/>
 <assign assign_to="left" value="{milliseconds}"/>
 <subtract assign_to="left" variable="seconds"/>
 <subtract assign_to="left" variable="micros"/>
 <test assign_to="early" variable="left" compare="greater_than" value="0"/>
 <test assign_to="late" variable="left" compare="less_than_equal" value="0"/>
</action>"""

IS_OF_INVITE = """\
<action><ereg regexp="INVITE" search_in="hdr" header="CSeq:" assign_to="of_invite"/></action>"""

REQUEST_URI = "sip:[field0]@[remote_ip]:[remote_port]"
#: Where headers of these names are asked for, they take the place of the written ones.
WRITTEN = ("From", "To")
CONTACT = "<sip:[field1]@[local_ip]:[local_port]>"
OK = "SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]"


@dataclass(frozen=True, slots=True)
class Caller:
    """How a kind of calls is made: headers by name, and seconds from the INVITE to hanging up.

    A ``From`` or ``To`` takes the place of the written one and has no tag; other headers are added.
    Without a time the caller waits for the PBX to hang up. With one, it cancels the call where it
    is not answered by then, and otherwise says BYE; the PBX may always be first.
    """

    headers: tuple[tuple[str, str], ...] = ()
    hang_up_after_seconds: float | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str], hang_up_after_seconds: float | None) -> Caller:
        """Make a caller whose headers can be written; raises ValueError for one that cannot."""
        for name, value in headers.items():
            if not re.fullmatch(r"[\w-]+", name) or re.search(r"[\r\n]|]]>", value):
                raise ValueError(f"not a SIP header: {name}: {value!r}")
        return cls(tuple(headers.items()), hang_up_after_seconds)

    def scenario(self) -> str:
        """Write the scenario; the injection file has the dnis as field 0 and the ani as field 1."""
        parts = [
            START,
            self._request("INVITE", body=SDP, attributes=RETRANSMIT),
            *_progress(),
            label(TRYING),
            *self._ringing(),
            label(CANCEL),
            self._request("CANCEL", attributes=RETRANSMIT),
            *(recv(code, optional=True) for code in (*PROVISIONAL, 481)),
            recv(200, IS_OF_INVITE, next=ANSWERED, test="of_invite", optional=True, rrs="true"),
            *_refusals(),
            recv(487, next=REFUSED),
            label(ANSWERED),
            self._in_dialog("ACK"),
            *self._talking(),
            label(BYE),
            self._in_dialog("BYE", number=2, attributes=RETRANSMIT),
            recv("BYE", next=CONFIRM_BYE, optional=True),
            recv(481, next=END, optional=True),
            recv(200, next=END),
            label(REFUSED),
            self._request("ACK", to="[last_To:]"),
            label(END),
            "<nop/>",
        ]
        body = "\n".join(['<scenario name="caller">', *parts, "</scenario>"])
        return f'<?xml version="1.0" encoding="UTF-8" ?>\n{body}\n'

    def _ringing(self) -> list[str]:
        """Wait as long as the caller lets it ring.

        SIPp loses a time-out when a response overtakes its arming, so every response arms it anew,
        and it is a short one: what counts is the clock.
        """
        after = self._milliseconds()
        if after is None:
            return _progress()
        look_ms = min(max(after // 10, 1), 50)
        return [
            *_progress(timeout=str(look_ms), ontimeout=LET_IT_RING),
            label(LET_IT_RING),
            f'<nop next="{TRYING}" test="early">{TIME_LEFT.format(milliseconds=after)}</nop>',
        ]

    def _talking(self) -> list[str]:
        """Wait for the PBX to hang up, or until it is time to."""
        after = self._milliseconds()
        ours: list[str] = []
        if after is not None:
            ours = [
                f'<nop next="{BYE}" test="late">{TIME_LEFT.format(milliseconds=after)}</nop>',
                '<pause variable="left"/>',
                jump(BYE),
            ]
        theirs = [recv("BYE"), label(CONFIRM_BYE), send(OK), jump(END)]
        return [*ours, label(UNEXPECTED), *_progress(last=False), *theirs]

    def _milliseconds(self) -> int | None:
        after = self.hang_up_after_seconds
        return None if after is None else round(1000 * after)

    def _in_dialog(self, method: str, *, number: int = 1, attributes: str = "") -> str:
        """Write a request of the answered call: to the PBX's contact, a transaction of its own."""
        return self._request(
            method,
            "[next_url]",
            transaction=method,
            to="[last_To:]",
            number=number,
            attributes=attributes,
        )

    def _request(
        self,
        method: str,
        uri: str = REQUEST_URI,
        *,
        transaction: str = "invite",
        to: str | None = None,
        number: int = 1,
        body: str = "",
        attributes: str = "",
    ) -> str:
        """Write a request; within the INVITE's *transaction*, CANCEL and ACK repeat its branch."""
        own = {name: _literal(value) for name, value in self.headers}
        lines = [
            f"{method} {uri} SIP/2.0",
            "Via: SIP/2.0/[transport] [local_ip]:[local_port]"
            f";branch=z9hG4bK-{transaction}-[call_id]",
            f"From: {own.get('From', CONTACT)};tag=[call_id]",
            to or f"To: {own.get('To', f'<{REQUEST_URI}>')}",
            "Call-ID: [call_id]",
            f"CSeq: {number} {method}",
            f"Contact: {CONTACT}",
            "Max-Forwards: 70",
            *(f"{name}: {value}" for name, value in own.items() if body and name not in WRITTEN),
            *(["Content-Type: application/sdp"] if body else []),
        ]
        return send("\n".join(lines), body, attributes)


def _progress(*, last: bool = True, **first: str) -> list[str]:
    """Take any response to the INVITE; those that are not final go on with TRYING."""
    trying, *ringing = PROVISIONAL
    return [
        recv(trying, next=TRYING, optional=True, **first),
        *(recv(code, next=TRYING, optional=True) for code in ringing),
        *_refusals(),
        recv(200, next=ANSWERED, optional=not last, rrs="true"),
    ]


def _refusals() -> list[str]:
    return [recv(code, next=REFUSED, optional=True) for code in REFUSALS]


def _literal(value: str) -> str:
    """Write *value* so that SIPp, for which brackets hold keywords, sends it as it is."""
    return re.sub(r"[][\\]", lambda found: f"\\x{ord(found[0]):02x}", value)
