"""The cookbook's Asterisk dialplans and files, in a real Asterisk, with calls."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from testbed.contact_centre import CUSTOMER, ContactCentre
from testbed.cookbook import blocks
from testbed.line import control
from testbed.service import Service
from testbed.tools import Tools

NUMBER, INTERACTION = "380974520590", "basket 4711/a=b"
PATIENCE = 10.0
COMES_IN = f"""
[inbound](+)
exten => {NUMBER},1,Gosub(interact-retrieve,s,1)
 same => n,Goto(waiting-customer,s,1)

"""
Cooked = Callable[..., ContactCentre]


@pytest.fixture
def cooked(service: Service, tools: Tools, tmp_path: Path) -> Iterator[Cooked]:
    """Give a maker of contact centres with a block in their Asterisk dialplan, and more files."""
    made: list[ContactCentre] = []

    def cook(dialplan: str, files: Mapping[str, str]) -> ContactCentre:
        control(service, "number.import", rows=[{"line": 1, "number": NUMBER}])
        control(service, "allocate", interaction=INTERACTION)
        centre = ContactCentre(tools, tmp_path / "pbx", service.agi, COMES_IN + dialplan)
        for name, text in files.items():
            (centre.pbx.etc / name).write_text(text, "utf-8")
            written = centre.pbx.folder / "log" / name.removesuffix(".conf").replace("_", "-")
            written.mkdir(exist_ok=True)
        made.append(centre)
        return centre.__enter__()

    yield cook
    for centre in made:
        centre.__exit__(None, None, None)


def call(centre: ContactCentre) -> str:
    """Have a customer talk to the agent, and give what the agent's phone was sent."""
    with centre.phone("6929") as phone, centre.customer(NUMBER) as customer:
        phone.ring()
        phone.answer()
        customer.wait("ACK")
        customer.hang_up()
        phone.wait("BYE")
        return phone.messages()


def rows(file: Path, enough: Callable[[list[list[str]]], bool]) -> list[list[str]]:
    """Wait until a file of Asterisk's has what is waited for, and give its rows."""
    deadline = time.monotonic() + PATIENCE
    while True:
        text = file.read_text("utf-8") if file.exists() else ""
        found = [*csv.reader(text.splitlines())]
        if enough(found):
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.02)


def test_the_phone_gets_the_interaction_in_a_header(cooked: Cooked) -> None:
    """In its INVITE, as it is; no other header changes."""
    (dialplan,) = blocks("A SIP header to the agent's phone")
    sent = call(cooked(dialplan, {}))
    invite = sent[sent.index("INVITE sip:") :].partition("\n\n")[0]
    assert f"X-Interaction: {INTERACTION}" in invite.splitlines()


def test_a_call_detail_record_has_the_interaction(cooked: Cooked) -> None:
    """In the customer's record, of which there is one."""
    dialplan, mapping = blocks("Call detail records")
    centre = cooked(dialplan, {"cdr_custom.conf": mapping})
    call(centre)
    file = centre.pbx.folder / "log/cdr-custom/interactions.csv"
    (record,) = rows(file, bool)
    _, _, src, _, disposition, interaction = record
    assert (src, disposition, interaction) == (CUSTOMER, "ANSWERED", INTERACTION)


def test_channel_events_have_the_interaction(cooked: Cooked) -> None:
    """In an event of the customer's channel, whose linkedid those of the agent's have."""
    dialplan, general, mapping = blocks("Channel event logging")
    centre = cooked(dialplan, {"cel.conf": general, "cel_custom.conf": mapping})
    call(centre)
    file = centre.pbx.folder / "log/cel-custom/interactions.csv"
    events = rows(file, lambda found: any(each[1] == "LINKEDID_END" for each in found))
    (told,) = [each for each in events if each[1] == "INTERACTION"]
    assert INTERACTION in told[4]
    assert told[2] == told[3]
    entered = {each[2] for each in events if each[1] == "BRIDGE_ENTER" and each[3] == told[3]}
    assert len(entered) == 2
