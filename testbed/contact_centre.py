"""A contact centre's PBX: agents' phones, queues, a conference, parking; whose calls it asks for.

Who is where: agents have 6929 to 6932 at phones of that name, but 6932, whose phone is `desk-3`,
and 6933, who answers a mobile behind a trunk. Phones dial each other, 8000 for the conference, 700
to park and 701 to fetch, `*8` and an extension to pick up its call. Keys `*1` and `*2` transfer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self

from testbed.ivr import extensions
from testbed.pbx import Pbx, PbxError
from testbed.phone import Phone
from testbed.ports import LOOPBACK, PortBlock
from testbed.tools import Tools

AGENTS: Final = ("6929", "6930", "6931", "6932")
PHONES: Final = MappingProxyType({agent: agent for agent in AGENTS} | {"6932": "desk-3"})
"""The name of each agent's endpoint."""
CLEAR_SECONDS: Final = 10.0
MOBILE: Final = "0671234567"
AWAY: Final = "6933"
"""An agent whose calls go to the mobile."""
TRUNK: Final = "provider"
CUSTOMER: Final = "380671112233"
CONFERENCE, PARK, PARKED, PICK_UP = "8000", "700", "701", "*8"


class Way(StrEnum):
    """How a call to a number of the pool comes to an agent; the value begins the number."""

    QUEUE = "38097452050"
    """The queue ``support``, whose member is PJSIP/6929."""
    DIAL = "38097452051"
    """6929."""
    LOCAL = "38097452052"
    """The queue ``sales``, whose member is Local/6931@agents/n."""
    OPTIMISED = "38097452053"
    """The queue ``care``, whose member is Local/6931@agents."""
    GROUP = "38097452054"
    """6929 and 6930 ring at once."""
    CONFERENCE = "38097452055"
    MOBILE = "38097452056"
    """The queue ``field``, whose member is Local/6933@agents: a mobile behind a trunk."""
    DESK = "38097452057"
    """The queue ``desk``, whose member is PJSIP/desk-3: 6932."""

    def number(self, index: int = 0) -> str:
        """Give one of the ten numbers of this way."""
        return f"{self.value}{index}"


DIALPLAN: Final = f"""
exten => _{Way.QUEUE}X,1,Gosub(interact-retrieve,s,1)
 same => n,Queue(support,tT,,,60)
exten => _{Way.DIAL}X,1,Gosub(interact-retrieve,s,1)
 same => n,Dial(PJSIP/6929,60,tT)
exten => _{Way.LOCAL}X,1,Gosub(interact-retrieve,s,1)
 same => n,Queue(sales,tT,,,60)
exten => _{Way.OPTIMISED}X,1,Gosub(interact-retrieve,s,1)
 same => n,Queue(care,tT,,,60)
exten => _{Way.GROUP}X,1,Gosub(interact-retrieve,s,1)
 same => n,Dial(PJSIP/6929&PJSIP/6930,60,tT)
exten => _{Way.CONFERENCE}X,1,Gosub(interact-retrieve,s,1)
 same => n,Answer()
 same => n,ConfBridge(8000,,quiet)
exten => _{Way.MOBILE}X,1,Gosub(interact-retrieve,s,1)
 same => n,Queue(field,tT,,,60)
exten => _{Way.DESK}X,1,Gosub(interact-retrieve,s,1)
 same => n,Queue(desk,tT,,,60)

[agents]
exten => {AWAY},1,Dial(PJSIP/{MOBILE}@{TRUNK},60)
exten => _69XX,1,Dial(PJSIP/${{EXTEN}},60,tT)

[phones]
exten => 6932,1,Dial(PJSIP/desk-3,60,tT)
exten => 6932,hint,PJSIP/desk-3
exten => _69XX,1,Dial(PJSIP/${{EXTEN}},60,tT)
exten => {CONFERENCE},1,Answer()
 same => n,ConfBridge(8000,,quiet)
exten => {PICK_UP},1,Pickup()
exten => _{PICK_UP}69XX,1,PickupChan(PJSIP/${{EXTEN:2}})
include => parkedcalls
"""

#: Phones are known by whom they say they are; who else calls from loopback comes over the trunk.
BY_ADDRESS: Final = "endpoint_identifier_order = ip"
BY_USER_FIRST: Final = "endpoint_identifier_order = username,ip"

ENDPOINT: Final = """
[{name}]
type = endpoint
context = phones
disallow = all
allow = ulaw
direct_media = no
dtmf_mode = info
language = en_US_f_Allison
callerid = Agent {extension} <{extension}>
call_group = 1
pickup_group = 1
aors = {name}
[{name}]
type = aor
contact = sip:{name}@{loopback}:{port}
"""
PROVIDER: Final = """
[provider]
type = endpoint
context = inbound
disallow = all
allow = ulaw
direct_media = no
aors = provider
[provider]
type = aor
contact = sip:{loopback}:{port}
"""
QUEUES: Final = """\
[general]
[support]
strategy = ringall
member => PJSIP/6929
[sales]
strategy = ringall
member => Local/6931@agents/n
[care]
strategy = ringall
member => Local/6931@agents
[field]
strategy = ringall
member => Local/6933@agents
[desk]
strategy = ringall
member => PJSIP/desk-3
"""
FEATURES: Final = """\
[general]
featuredigittimeout = 2000
transferdigittimeout = 1
[featuremap]
blindxfer => *1
atxfer => *2
"""
PARKING: Final = """\
[general]
[default]
parkext => 700
parkpos => 701-703
context => parkedcalls
"""
CONFBRIDGE: Final = """\
[general]
[quiet]
type = user
quiet = yes
announce_only_user = no
"""
FILES: Final = {
    "queues.conf": QUEUES,
    "features.conf": FEATURES,
    "res_parking.conf": PARKING,
    "confbridge.conf": CONFBRIDGE,
}


class ContactCentre:
    """The contact centre's PBX, whose Asterisk dialplan asks the service at *agi*.

    Phones are started by a test, each at the port that the PBX knows.
    """

    def __init__(self, tools: Tools, folder: Path, agi: str, more: str = "") -> None:
        """Write all files; *more* extends the Asterisk dialplan, ``phones`` first."""
        self.tools = tools
        self._ports = {name: PortBlock() for name in (*PHONES.values(), TRUNK)}
        self.pbx = Pbx(
            tools,
            folder,
            extensions=extensions(agi, DIALPLAN + more),
            extra=FILES,
        )
        conf = self.pbx.etc / "pjsip.conf"
        trunk = conf.read_text("utf-8").replace(BY_ADDRESS, BY_USER_FIRST)
        conf.write_text(trunk + _pjsip(self._ports), "utf-8")

    def phone(self, agent: str, *, answers_after_ms: int | None = None) -> Phone:
        """Give an agent's phone, which rings when it is called; it is not started yet."""
        name = PHONES.get(agent, TRUNK)
        return Phone(
            self.tools,
            self.pbx,
            name,
            ports=self._ports[name],
            answers_after_ms=answers_after_ms,
        )

    def dialing(self, agent: str, number: str) -> Phone:
        """Give a second line of an agent's phone, which dials *number* when it is started."""
        return Phone(self.tools, self.pbx, PHONES[agent], number)

    def customer(self, number: str, ani: str = CUSTOMER) -> Phone:
        """Give a customer, who dials *number* of the pool when started."""
        return Phone(self.tools, self.pbx, ani, number)

    def channel(self, agent: str) -> str:
        """Give the name of the channel to an agent's phone; raises PbxError where there is none."""
        name = PHONES.get(agent, TRUNK)
        found = re.findall(
            rf"^(PJSIP/{name}-\w+)!", self.pbx.cli("core show channels concise"), re.M
        )
        if not found:
            raise PbxError(f"no channel of {name}:\n{self.pbx.tail()}")
        return str(found[-1])

    def clear(self) -> None:
        """Hang up what a broken-off story has left."""
        self.pbx.cli("channel request hangup all")
        self.pbx.wait_until("core show channels count", "0 active channels", CLEAR_SECONDS)

    def __enter__(self) -> Self:
        """Start the PBX."""
        self.pbx.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self.pbx.stop()
        for ports in self._ports.values():
            ports.close()


def _pjsip(ports: Mapping[str, PortBlock]) -> str:
    """Write the endpoints of the phones and of the trunk to the mobile."""
    extension = {name: agent for agent, name in PHONES.items()}
    phones = "".join(
        ENDPOINT.format(name=name, extension=extension[name], loopback=LOOPBACK, port=block.first)
        for name, block in ports.items()
        if name != TRUNK
    )
    return phones + PROVIDER.format(loopback=LOOPBACK, port=ports[TRUNK].first)
