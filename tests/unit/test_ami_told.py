"""What is read of a PBX's own words, by recordings of a real one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interact_ivr.ami import told
from interact_ivr.ami.told import Endpoint, Hint, Lot, Queue
from testbed.ami_texts import messages, recorded


def _endpoint(name: str) -> Endpoint | None:
    return told.endpoint(recorded(f"endpoint-{name}"))


def test_endpoints_are_phones_and_trunks() -> None:
    """A trunk is known by its address, or has a password for us; a phone has one of its own."""
    names = told.names_of_endpoints(recorded("endpoints"))
    assert names == ["6929", "6930", "carol", "provider", "sipp"]
    assert _endpoint("6929") == Endpoint("6929", "Alice Müller", "6929", ("6929@default",))
    assert _endpoint("6930") == Endpoint("6930", "Lobby", "6930")
    assert _endpoint("carol") == Endpoint("carol", "", "6931")
    assert _endpoint("provider") == Endpoint("provider", "", "unknown", is_trunk=True)
    assert _endpoint("sipp") == Endpoint("sipp", "", "unknown", is_trunk=True)


def test_what_is_no_endpoint_is_none() -> None:
    """One that has gone in between is refused."""
    assert told.endpoint(recorded("refused")) is None


def test_no_password_is_kept() -> None:
    """PJSIPShowEndpoint shows those of the phones."""
    said = recorded("endpoint-6929")
    assert "testbed" in [told.text(each, "Password") for each in said]
    assert "testbed" not in str(told.endpoint(said))


def test_lists_are_read_whole() -> None:
    """Boxes, queues with their members, parking lots with where calls are parked, and hints."""
    assert told.boxes(recorded("voicemail")) == {"6929@default": ("0", "0")}
    assert told.queues(recorded("queues")) == (
        Queue("support"),
        Queue("6000", ("PJSIP/6929",)),
    )
    (lot,) = told.lots(recorded("parking-lots"))
    assert lot == Lot("default", range(701, 704))
    assert told.context_of(lot, recorded("dialplan-701")) == "parkedcalls"
    assert told.parking_at(lot, recorded("dialplan-parkedcalls")) == ("700",)
    assert told.hints(recorded("hints")) == {
        Hint("6929", "PJSIP/6929"),
        Hint("6500", "Queue:support"),
        Hint("90", "PJSIP/provider"),
    }


def test_a_call_that_names_no_lot_is_parked_in_the_default_one() -> None:
    """Whichever lot brought the extension along; where that one is not there, in this one."""
    line = "Event: ListDialplan\r\nExtension: {}\r\nApplication: {}\r\nAppData: {}\r\nRegistrar: {}"
    vip = [
        line.format("750", "Park", "", "res_parking"),
        line.format("760", "Park", "vip", "res_parking"),
        line.format("751", "ParkedCall", "vip,751", "res_parking/vip"),
        line.format("77", "Park", "", "pbx_config"),
    ]
    default = line.format("701", "ParkedCall", "default,701", "res_parking/default")
    here, both = (messages("\r\n\r\n".join(lines)) for lines in (vip, [*vip, default]))
    a_lot, the_default = Lot("vip", range(751, 753)), Lot("default", range(701, 704))
    assert told.parking_at(a_lot, here) == ("750", "760")
    assert told.parking_at(a_lot, both) == ("760",)
    assert told.parking_at(the_default, both) == ("750",)


@pytest.mark.parametrize(
    ("written", "name", "number"),
    [
        ('"Alice Müller" <6929>', "Alice Müller", "6929"),
        ("Alice <6929>", "Alice", "6929"),
        ('"" <6929>', "", "6929"),
        ("<6929>", "", "6929"),
        ("6929", "", "6929"),
        ("Alice", "Alice", ""),
        ("", "", ""),
        ('"A <B>" <6929', "", ""),
    ],
)
def test_caller_ids_are_read_as_asterisk_writes_them(written: str, name: str, number: str) -> None:
    """What is no caller id says nothing."""
    detail = f"Event: EndpointDetail\r\nObjectName: a\r\nCallerid: {written}"
    assert told.endpoint(messages(detail)) == Endpoint("a", name, number)


def test_both_the_phone_s_and_its_address_s_mailboxes_count() -> None:
    """Each once, the phone's first."""
    detail = "Event: EndpointDetail\r\nObjectName: a\r\nMailboxes: 1@x, 2@x"
    aor = "Event: AorDetail\r\nMailboxes: 2@x,3@x"
    read = told.endpoint(messages(f"{detail}\r\n\r\n{aor}"))
    assert read == Endpoint("a", mailboxes=("1@x", "2@x", "3@x"))


@given(st.text() | st.lists(st.text(), min_size=1))
def test_a_text_is_one_printable_line(value: str | list[str]) -> None:
    """Whatever an administrator has written somewhere: it comes to screens, logs and channels."""
    read = told.text({"Key": value}, "Key")
    assert read.isprintable()
    assert len(read) <= 128


@given(st.lists(st.sampled_from(["EndpointDetail", "Parkinglot", "QueueMember", "x"]), max_size=4))
def test_whatever_is_said_can_be_read(events: list[str]) -> None:
    """Messages without what they should have are no error: they say nothing."""
    said = messages("\r\n\r\n".join(f"Event: {event}\r\nQueue: \r\nMax: x" for event in events))
    for read in (told.endpoint, told.boxes, told.queues, told.lots, told.hints):
        read(said)
