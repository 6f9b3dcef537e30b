"""Texts that might be taken for more than text, told by a PBX over ARI and AMI, wherever they go.

The PBX is not Asterisk, which would not say some of them; the service is a process, and one.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from testbed.ami_peer import REFUSED, AmiPeer, ami
from testbed.api import Api
from testbed.fake_ari import FakeAri, channel
from testbed.hostile import TEXTS
from testbed.icws import Session, with_user
from testbed.line import control
from testbed.ports import LOOPBACK
from testbed.service import POLL_SECONDS, Service
from testbed.ways_out import acts
from testbed.wire import ask

CORPUS = {text: name for name, text in TEXTS.items()}
"""Each text once, with its name."""
PATIENCE_SECONDS = 60.0
LONGEST = 128
"""Characters of a name, over AMI with what stands before it."""
LONGEST_ID = 256
HINT = "Queue:"
NOT_ASKED = ("PJSIPShowEndpoints", "VoicemailUsersList", "QueueStatus")
BESIDE = {"&SIP/x": ("SIP/x", "Station Queue: SIP/x")}
"""What a hint's second device is, where its first is nobody's."""
CRLF = "\r\n"
STATE = {"bridge_type": "mixing", "bridge_class": "basic"}


def meant(text: str) -> str:
    """Give what of a text is a name."""
    return "".join(filter(str.isprintable, text[:LONGEST]))


def queue_of(text: str) -> str:
    """Give what of a hint's text is a queue's name: lines and devices end, spaces are none."""
    device = (HINT + text.split("\r\n")[0])[:LONGEST]
    return "".join(filter(str.isprintable, device)).partition("&")[0].strip()[len(HINT) :]


def hints() -> str:
    """Write a hint for each text, as AMI lists them."""
    heads = "Event: ExtensionStatus\r\nContext: d\r\nStatus: 0\r\n"
    listed = (f"{heads}Exten: 6{at:04}\r\nHint: {HINT}{t}\r\n\r\n" for at, t in enumerate(CORPUS))
    end = "Event: ExtensionStateListComplete\r\nEventList: Complete\r\n\r\n"
    return f"Response: Success\r\nEventList: start\r\n\r\n{''.join(listed)}{end}"


def lots() -> str:
    """Write a parking lot of one space for each text, as AMI lists them."""
    listed = (
        f"Event: Parkinglot\r\nName: {text}\r\nStartSpace: 5{at:04}\r\nStopSpace: 5{at:04}\r\n\r\n"
        for at, text in enumerate(CORPUS)
    )
    end = "Event: ParkinglotsComplete\r\nEventList: Complete\r\n\r\n"
    return f"Response: Success\r\nEventList: start\r\n\r\n{''.join(listed)}{end}"


async def converse(peer: AmiPeer) -> None:
    """Tell of hints, and refuse the rest in words that mean harm."""
    harm = REFUSED.replace("Permission", "\x1b]0;taken\x07\u202ePermission")
    refused = dict.fromkeys((*NOT_ASKED, "ShowDialPlan"), harm)
    peer.says = {**refused, "ExtensionStateList": hints(), "Parkinglots": lots()}
    await peer.welcome()
    await peer.serve()


def can_be_id(text: str) -> bool:
    """Say whether a channel may have such an id; another one's is no channel, and counted."""
    return 1 <= len(text) <= LONGEST_ID and "\0" not in text and text not in (".", "..")


async def place_calls(ari: FakeAri) -> None:
    """Have a customer who is called so, and has dialed so, on a phone of its own for each text."""
    for at, text in enumerate(CORPUS):
        customer, phone = text if can_be_id(text) else f"c{at}", f"p{at}"
        ari.variables[customer, "CALLERID(pres)"] = "allowed"
        named = {"caller": {"name": text, "number": text}, "state": "Up"}
        caller = channel(customer, text) | named
        called = channel(phone, "", "phones", phone=f"7{at:04}", state="Up")
        bridge: dict[str, Any] = {"id": f"b{at}", **STATE}
        await ari.tell("ChannelCreated", channel=caller | {"state": "Ring"})
        alone, both = bridge | {"channels": [customer]}, bridge | {"channels": [customer, phone]}
        await ari.tell("ChannelEnteredBridge", bridge=alone, channel=caller)
        await ari.tell("ChannelEnteredBridge", bridge=both, channel=called)


@dataclass(frozen=True)
class Seen:
    """What came out, by text."""

    callers: Mapping[str, Any]
    """The whole call as an agent's screen has it."""
    owners: Mapping[str, Any]
    """Of a hint's extension, over the control socket."""
    queues: Mapping[str, str]
    """The same extension's queue, over ICWS."""
    lots: Mapping[str, str | None]
    """A parking lot's space's, over ICWS."""
    status: str
    metrics: str
    log: str


def look(service: Service) -> Seen:
    """Ask all ways out."""
    api, session = Api.of(service, "admin"), Session.opened(with_user(service))
    texts = [*enumerate(CORPUS)]
    owners = {t: control(service, "explain", number=f"6{at:04}", environment="") for at, t in texts}
    return Seen(
        {t: api.get(f"/agents/7{at:04}/call") for at, t in texts},
        {t: told["owner"] for t, told in owners.items()},
        {t: session.details(f"6{at:04}").json()["queueName"] for at, t in texts},
        {t: session.details(f"5{at:04}").json()["queueName"] for at, t in texts},
        service.command("status").stdout,
        ask(service.http_port, "GET", "/metrics").text,
        service.log_path.read_text("utf-8"),
    )


def is_there(service: Service) -> bool:
    """Whether the last text's caller may be seen."""
    answer = Api.of(service, "admin").ask("GET", f"/agents/7{len(CORPUS) - 1:04}/call")
    return answer.status == 200 and answer.json["others"][0]["name"] is not None


def until(holds: Callable[[], object]) -> None:
    """Wait for a condition, in a thread: the PBX goes on."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(POLL_SECONDS)


async def all_told(service: Service, ari: FakeAri) -> Seen:
    """Have the PBX tell all, and look."""
    for begun in ("the pbx is watched", "the directory was read"):
        await asyncio.to_thread(until, partial(service.log, begun))
    await place_calls(ari)
    await asyncio.to_thread(until, partial(is_there, service))
    return await asyncio.to_thread(look, service)


async def watched(service: Service) -> Seen:
    """Run the service, which is not started, beside the PBX."""
    async with FakeAri() as ari, ami(converse) as port:
        service.configure(
            f'[[pbx]]\nari_url = "{ari.url}"\nami_host = "{LOOPBACK}"\nami_port = {port}\n'
        )
        secrets = dict.fromkeys(("INTERACT_IVR_ARI_PASSWORD", "INTERACT_IVR_AMI_SECRET"), "x")
        service.environment |= secrets
        await asyncio.to_thread(service.start)
        try:
            return await all_told(service, ari)
        finally:
            await asyncio.to_thread(service.stop)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """Give what came out of one service."""
    service = Service(tmp_path_factory.mktemp("pbx"))
    yield asyncio.run(watched(service))
    service.close()


def test_a_caller_is_called_the_same_on_every_screen(seen: Seen) -> None:
    """In one printable line of at most 128 characters; ARI -> agents' JSON."""
    wrong = {}
    for text, call in seen.callers.items():
        other, wanted = call["others"][0], meant(text) or None
        if (other["name"], other["number"]) != (wanted, wanted):
            wrong[CORPUS[text]] = other
        if call["caller"] and call["caller"]["raw_text"] != wanted:
            wrong[CORPUS[text]] = call["caller"]
    assert wrong == {}, "ARI -> agents' JSON"


def test_a_dialed_extension_is_a_number_as_it_is_or_none(seen: Seen) -> None:
    """Nothing is taken away from it: it would be another number."""
    told = {text: call["dialed"] for text, call in seen.callers.items() if call["dialed"]}
    assert {CORPUS[t]: d["raw_text"] for t, d in told.items() if d["raw_text"] != t} == {}


def test_whose_an_extension_is_is_the_same_to_all(seen: Seen) -> None:
    """AMI -> ICWS and explain; a hint for a queue without a name makes nobody's."""
    wrong = {}
    for text, owner in seen.owners.items():
        name = queue_of(text)
        came = (owner and owner["id"]), seen.queues[text]
        wanted = (name, f"Workgroup Queue: {name}") if name else BESIDE.get(text, (None, ""))
        if came != wanted:
            wrong[CORPUS[text]] = came
    assert wrong == {}, "AMI -> ICWS, explain"


def test_a_parking_lot_is_called_the_same_in_one_line(seen: Seen) -> None:
    """AMI -> ICWS; what a blank line cuts off has no spaces."""
    wanted = {t: f"Orbit Queue: {meant(t.split(CRLF)[0])}" for t in CORPUS}
    wanted |= {t: "" for t in CORPUS if f"{CRLF}{CRLF}" in t}
    assert {CORPUS[t]: name for t, name in seen.lots.items() if name != wanted[t]} == {}


def test_the_log_the_table_and_the_metrics_are_lines(seen: Seen) -> None:
    """Which no terminal obeys, and Prometheus' own parser reads; nothing has failed."""
    assert acts(seen.status) <= {"\n"}
    assert "Permission denied" in seen.status
    lines = seen.log.split("\n")[:-1]
    assert [line for line in lines if json.loads(line)["level"] == "error"] == []
    assert [x for x in lines if re.search("[\x00-\x1f\x7f-\x9f\u2028-\u202e]", x)] == []
    families = {each.name for each in text_string_to_metric_families(seen.metrics)}
    assert "interact_ivr_pbx_events" in families
