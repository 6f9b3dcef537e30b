"""Whose each extension is by what a PBX told: the rules, one by one."""

from __future__ import annotations

import pytest

from dialplan import Owner, QueueType
from interact_ivr.ami.owners import owners
from interact_ivr.ami.told import Endpoint, Hint, Lot, Queue, Told

USER, STATION, WORKGROUP = QueueType.USER, QueueType.STATION, QueueType.WORKGROUP
ORBIT, LINE = QueueType.ORBIT, QueueType.LINE
BOXES = dict.fromkeys(["6929@default", "6940@sales", "6941@a", "6941@b"], ("0", "0"))


def _owner(extension: str, *endpoints: Endpoint, **told: object) -> Owner | None:
    return owners(Told(endpoints, **told)).get(extension)  # type: ignore[arg-type]


def test_each_kind_has_its_type() -> None:
    """Types 2 to 6: a phone with a mailbox, one without, a queue, a parking lot, a trunk."""
    office = Told(
        endpoints=(
            Endpoint("6929", "Alice", "6929", ("6929@default",)),
            Endpoint("6930", "Lobby", "6930"),
            Endpoint("90", is_trunk=True),
        ),
        boxes=BOXES,
        queues=(Queue("6000"),),
        lots=(Lot("default", range(701, 703), ("700",)),),
    )
    assert owners(office) == {
        "6929": Owner("6929", USER, "Alice", "6929@default"),
        "6930": Owner("6930", STATION, "Lobby"),
        "6000": Owner("6000", WORKGROUP, "6000"),
        "700": Owner("700", ORBIT, "default"),
        "701": Owner("701", ORBIT, "default"),
        "702": Owner("702", ORBIT, "default"),
        "90": Owner("90", LINE, "90"),
    }


def test_a_lot_of_billions_of_spaces_is_not_counted_out() -> None:
    """As a slip in ``parkpos`` has it; whose all else is, is known none the later."""
    lot = Lot("default", range(701, 10**100), ("700",))
    known = owners(Told((Endpoint("90", is_trunk=True),), lots=(lot,)))
    assert known["701"] == Owner("701", ORBIT, "default")
    assert known["90"] == Owner("90", LINE, "90")
    assert len(known) < 200_000


@pytest.mark.parametrize(
    ("endpoint", "extension"),
    [
        (Endpoint("6929", caller_number="100"), "6929"),
        (Endpoint("alice", caller_number="6929"), "6929"),
        (Endpoint("*6", caller_number=""), "*6"),
        (Endpoint("alice", caller_number="unknown"), None),
        (Endpoint("alice", caller_number="+13175551234"), None),
        (Endpoint("alice"), None),
    ],
)
def test_an_extension_is_a_name_that_can_be_dialed(
    endpoint: Endpoint, extension: str | None
) -> None:
    """Else the number that is shown; what has neither has no extension but by a hint."""
    assert [*owners(Told((endpoint,)))] == ([extension] if extension else [])


def test_a_name_comes_before_a_shown_number() -> None:
    """Whichever is listed first: a phone may show the switchboard's number."""
    own, shows = Endpoint("6929", "Own"), Endpoint("alice", "Shows", "6929")
    for endpoints in ((own, shows), (shows, own)):
        owner = _owner("6929", *endpoints)
        assert owner is not None
        assert owner.id == "Own"


@pytest.mark.parametrize(
    ("devices", "owner"),
    [
        ("PJSIP/alice", Owner("50", USER, "Alice", "6929@default")),
        ("Custom:night&PJSIP/alice", Owner("50", USER, "Alice", "6929@default")),
        ("Queue:sales", Owner("50", WORKGROUP, "sales")),
        ("park:701@parkedcalls", Owner("50", ORBIT, "lot")),
        ("park:800@parkedcalls", Owner("50", ORBIT, "800")),
        ("PJSIP/trunk", Owner("50", LINE, "trunk")),
        ("DAHDI/1", Owner("50", STATION, "DAHDI/1")),
        ("PJSIP/nobody", None),
        ("Custom:night", None),
        ("MWI:6929@default", None),
        ("", None),
    ],
)
def test_a_hint_says_whose_an_extension_is(devices: str, owner: Owner | None) -> None:
    """By the first of its devices that is somebody's."""
    told = Told(
        endpoints=(
            Endpoint("alice", "Alice", mailboxes=("6929@default",)),
            Endpoint("trunk", is_trunk=True),
        ),
        boxes=BOXES,
        lots=(Lot("lot", range(701, 702)),),
        hints=frozenset({Hint("50", devices)}),
    )
    assert owners(told).get("50") == owner


def test_a_hint_comes_before_all_else() -> None:
    """The Asterisk dialplan decides what an extension does; a name is only a name."""
    hints = frozenset({Hint("6929", "Queue:sales")})
    owner = _owner("6929", Endpoint("6929"), lots=(Lot("l", range(6929, 6930)),), hints=hints)
    assert owner == Owner("6929", WORKGROUP, "sales")


@pytest.mark.parametrize(
    ("extension", "mailboxes", "box"),
    [
        ("6930", ("6930@default", "6929@default"), "6929@default"),
        ("6929", (), "6929@default"),
        ("6940", (), "6940@sales"),
        ("6941", (), ""),
        ("6930", ("6930@default",), ""),
    ],
)
def test_a_mailbox_is_one_that_there_is(
    extension: str, mailboxes: tuple[str, ...], box: str
) -> None:
    """The phone's own, else the one called as it is dialed, where that is one only."""
    owner = _owner(extension, Endpoint(extension, mailboxes=mailboxes), boxes=BOXES)
    assert owner == Owner(extension, USER if box else STATION, extension, box)


def test_without_a_voicemail_of_its_own_a_pbx_is_believed() -> None:
    """Its boxes may be on another machine."""
    owner = _owner("6929", Endpoint("6929", mailboxes=("6929@there",)))
    assert owner == Owner("6929", USER, "6929", "6929@there")


@pytest.mark.parametrize(
    "member", ["PJSIP/6930", "Local/6930@office/n", "hint:6930@office", "Local/6930@office"]
)
def test_who_answers_a_queue_is_a_user(member: str) -> None:
    """With or without a mailbox."""
    queues = (Queue("support", (member,)),)
    assert _owner("6930", Endpoint("6930"), queues=queues) == Owner("6930", USER, "6930")
    assert _owner("6931", Endpoint("6931"), queues=queues) == Owner("6931", STATION, "6931")


def test_what_cannot_be_dialed_is_nobody_s_extension() -> None:
    """Patterns, names and empty texts are none."""
    hints = frozenset({Hint("_69XX", "PJSIP/a"), Hint("", "PJSIP/a"), Hint("help", "PJSIP/a")})
    assert owners(Told((Endpoint("a"),), queues=(Queue("sales"),), hints=hints)) == {}
