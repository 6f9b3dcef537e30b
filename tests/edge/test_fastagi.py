"""FastAGI at its edges: peers that misbehave, and values that bend, against the served process."""

from __future__ import annotations

import resource
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interact_ivr.agi.variables import Variable
from interact_ivr.control.client import Refused
from testbed.agi_peer import Channel, Peer, environment
from testbed.hostile import TEXTS
from testbed.line import Line, control
from testbed.service import Service

USAGE = (
    b"520-Invalid command syntax.  Proper usage follows:\n"
    b"Usage: EXEC <application> <options>\n"
    b"\tExecutes <application> with given <options>.\n"
    b"520 End of proper usage.\n"
)
DEAD = b"511 Command Not Permitted on a dead channel or intercept routine\n"
EMPTY = dict.fromkeys((name.value for name in Variable), "")
UNAVAILABLE = EMPTY | {"INTERACT_STATUS": "UNAVAILABLE"}
TLS_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(200, 256)) * 9
HTTP = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:4573\r\nUser-Agent: scanner\r\n\r\n"
MEGABYTE = 1 << 20

few = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def status(channel: Channel) -> str:
    return channel.variables["INTERACT_STATUS"]


def lookup_in_time(line: Line) -> None:
    """Look up a number that nobody waits on, as a bystander of what the test does."""
    begun = time.monotonic()
    assert status(line.call()) == "NOT_ALLOCATED"
    assert time.monotonic() - begun < 0.5


def lookup_until_answered(line: Line, seconds: float = 5.0) -> None:
    """Dial again and again, as callers do, until one is answered."""
    deadline = time.monotonic() + seconds
    while True:
        with suppress(ConnectionError), line.dial() as peer:
            if peer.converse().variables:
                return
        assert time.monotonic() < deadline, "no call is answered any more"


def until(holds: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold"


def peak_megabytes(pid: int) -> float:
    for text in Path(f"/proc/{pid}/status").read_text().splitlines():
        if text.startswith("VmHWM:"):
            return int(text.split()[1]) / 1024
    raise AssertionError("the kernel does not tell VmHWM")


def turned_away(service: Service, why: str) -> float:
    return service.metric(f'agi_turned_away_total{{why="{why}"}}')


@contextmanager
def locked_store(service: Service) -> Iterator[None]:
    """Hold the database file as another program does that writes and does not end."""
    with closing(sqlite3.connect(service.database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


# Connections that are no calls


def test_probes_disturb_nothing(service: Service, line: Line) -> None:
    """A monitor that connects and closes, 1,000 times, costs no call anything."""
    for count in range(1000):
        Peer.call(service.agi_port).close()
        if count % 250 == 0:
            lookup_in_time(line)
    lookup_in_time(line)
    until(lambda: control(service, "status")["sessions"] == 0)


@pytest.mark.parametrize("said", [b"", b"agi_net", b"agi_network: yes\nagi_ch"], ids=len)
def test_half_a_line_then_silence_is_closed(service: Service, said: bytes) -> None:
    """Whoever stops within the environment is closed after the opening limit of 1 s."""
    with Peer.call(service.agi_port) as peer:
        peer.send(said)
        assert 0.9 < peer.wait_closed() < 1.5


def test_a_trickle_does_not_move_the_deadline(service: Service) -> None:
    """The limit is for the whole environment: a byte now and then buys no time."""
    with Peer.call(service.agi_port) as peer:
        begun = time.monotonic()
        with suppress(ConnectionError):
            while peer.still_waits(0.05) and time.monotonic() - begun < 3:
                peer.send(b"a")
        assert 0.9 < time.monotonic() - begun < 1.5


@pytest.mark.parametrize(
    "block", [b"x" * 4096, b"agi_x: y\n" * 400, b"xy\n" * 1300], ids=["giant", "lines", "short"]
)
def test_a_megabyte_of_environment_is_closed_in_bounded_memory(
    service: Service, line: Line, block: bytes
) -> None:
    """With line ends or without, it is closed long before its end, and little of it is kept."""
    lookup_in_time(line)
    Path(f"/proc/{service.pid}/clear_refs").write_text("5")  # the peak begins anew
    before = peak_megabytes(service.pid)
    for _ in range(10):
        with Peer.call(service.agi_port) as peer:
            begun = time.monotonic()
            with pytest.raises(ConnectionError):
                peer.send(block * (8 * MEGABYTE // len(block)))  # past what the kernel keeps
            assert time.monotonic() - begun < 0.9, "it was the opening limit that ended it"
    assert peak_megabytes(service.pid) - before < 20
    lookup_in_time(line)


def test_idle_connections_take_nothing_from_calls(service: Service, line: Line) -> None:
    """200 silent peers: every look-up meanwhile takes under 0.5 s, and the service ends them."""
    with ExitStack() as stack:
        begun = time.monotonic()
        idle = [stack.enter_context(Peer.call(service.agi_port)) for _ in range(200)]
        until(lambda: control(service, "status")["sessions"] >= 200, 0.5)
        for _ in range(20):
            lookup_in_time(line)
        assert time.monotonic() - begun < 1.0, "the look-ups met no idle connection"
        for peer in idle:
            peer.wait_closed()
        assert 0.9 < time.monotonic() - begun < 2.0


def test_more_than_most_sessions_are_refused_at_once(
    service_factory: Callable[..., Service],
) -> None:
    """One too many is closed at once, logged and counted; with room again, calls are answered."""
    service = service_factory(agi="most_sessions = 5")
    line = Line.taken_into(service)
    with ExitStack() as stack:
        for _ in range(5):
            call = stack.enter_context(line.dial())
            assert call.command(), "it is asked, and says nothing more"
        for _ in range(3):
            with Peer.call(service.agi_port) as refused:
                assert refused.wait_closed() < 0.3
    (told,) = service.wait_log("session refused")
    assert (told["why"], told["source"]) == ("full", "127.0.0.1")
    assert turned_away(service, "full") == 3
    until(lambda: control(service, "status")["sessions"] == 0)
    lookup_in_time(line)


def test_silent_ones_give_way_to_calls(service_factory: Callable[..., Service]) -> None:
    """However many connect and say nothing: the longest silent one goes, and the call is told."""
    service = service_factory(agi="most_sessions = 5")
    line = Line.taken_into(service)
    with ExitStack() as stack:
        silent = [stack.enter_context(Peer.call(service.agi_port)) for _ in range(6)]
        assert silent[0].wait_closed() < 0.5
        assert control(service, "status")["sessions"] == 5
        lookup_in_time(line)
    assert 1 <= turned_away(service, "silent") <= 2, "the call may be silent, too, for a moment"


def test_who_is_not_allowed_is_closed_at_once(service_factory: Callable[..., Service]) -> None:
    """Before a byte of theirs is read; the log has one line of many, the metric has each."""
    service = service_factory(agi='allow = ["127.0.0.2", "192.0.2.0/24"]')
    line = Line.taken_into(service)
    line.allocate("whose it is")
    for _ in range(20):
        with Peer.call(service.agi_port) as stranger:
            assert stranger.wait_closed() < 0.5
    with Peer.call(service.agi_port) as stranger, suppress(ConnectionError):
        stranger.send(line.opening())
        assert not stranger.converse().variables
    (told,) = service.wait_log("session refused")
    assert (told["why"], told["source"]) == ("stranger", "127.0.0.1")
    assert turned_away(service, "stranger") == 21
    with Peer.call(service.agi_port, source="127.0.0.2") as pbx:
        pbx.send(line.opening())
        assert status(pbx.converse()) == "FOUND"


def test_out_of_file_descriptors_it_recovers(service_factory: Callable[..., Service]) -> None:
    """Too few descriptors: silent ones give theirs to a call, and room is used again."""
    service = service_factory()
    line = Line.taken_into(service)
    resource.prlimit(service.pid, resource.RLIMIT_NOFILE, (60, 60))
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(Peer.call(service.agi_port))
        lookup_in_time(line)
    lookup_until_answered(line)
    until(lambda: control(service, "status")["sessions"] == 0)
    lookup_in_time(line)


@pytest.mark.parametrize(
    "said", [TLS_HELLO, HTTP, b"\n", b"\n\n\n", b"\0" * 100 + b"\n\n"], ids=len
)
def test_other_protocols_are_closed_without_a_word(service: Service, said: bytes) -> None:
    """A TLS hello, an HTTP request, empty lines: no command is sent to what is not Asterisk."""
    with Peer.call(service.agi_port) as peer:
        peer.send(said)
        assert peer.wait_closed() < 1.5


@few
@given(st.binary(max_size=300))
def test_random_bytes_are_closed_without_a_word(service: Service, said: bytes) -> None:
    """Whatever the bytes, the peer is closed, and nothing is logged as an error of ours."""
    with Peer.call(service.agi_port) as peer:
        peer.send(said)
        peer.end()
        peer.wait_closed()


NEARLY_AGI = st.lists(
    st.sampled_from(
        [
            *("agi_", "network_script", "arg_", "callingpres", "1", "9" * 5000, ": ", "health"),
            *("?", "&", "a=b", "%", "%ff", "=", "\n", "\r\n", "unknown", "é", "\u0661", "\x85"),
            *("\ud83d", " "),
        ]
    ),
    max_size=40,
).map("".join)


@few
@given(NEARLY_AGI)
def test_an_environment_of_nonsense_is_no_error_of_ours(service: Service, said: str) -> None:
    """What looks nearly like AGI is answered or closed; it never reaches the log as a traceback."""
    with Peer.call(service.agi_port) as peer, suppress(ConnectionError):
        peer.send(b"agi_network_script: health\n" + said.encode("utf-8", "surrogatepass") + b"\n\n")
        peer.converse()
    assert "Traceback" not in service.log_path.read_text("utf-8")


@pytest.mark.parametrize(
    "given",
    [
        {"network_script": "retrieve_interaction?" + "&".join(f"a{n}=b" for n in range(30))},
        {"network_script": "retrieve_interaction?environment=%zz%ff%00"},
        {"arg_" + "9" * 5000: "x"},
        {"callingpres": "9" * 5000},
        {"callingpres": "\u0663\u0662"},
    ],
    ids=["many fields", "bad escapes", "argument number", "giant presentation", "arabic digits"],
)
def test_odd_environments_raise_nothing(line: Line, given: dict[str, str]) -> None:
    """Each is refused or read; none is an error that nobody foresaw, and none takes the number."""
    line.allocate(f"odd {line.group}")
    channel = line.call(**given)
    if channel.commands:
        assert status(channel) in {"FOUND", "UNAVAILABLE"}
    log = line.service.log_path.read_text("utf-8")
    assert "Traceback" not in log
    assert "Unhandled" not in log
    if not channel.commands or status(channel) == "UNAVAILABLE":
        assert line.state() == "allocated"


def test_an_unknown_script_is_closed_at_once_and_logged(tmp_path: Path) -> None:
    """A misspelt script costs the call no time, and the log says which scripts there are."""
    with Service(tmp_path / "service") as service:
        with Peer.call(service.agi_port) as peer:
            peer.send(environment("retreive_interaction"))
            assert peer.wait_closed() < 0.5
        (logged,) = service.wait_log("no such script")
        assert logged["script"] == "retreive_interaction"
        known = ["free_number", "health", "number_details", "retrieve_interaction"]
        assert logged["known"] == known
        for at in range(60):
            with Peer.call(service.agi_port) as peer:
                peer.send(environment(f"script-{at}"))
                peer.wait_closed()
        assert len(service.log("no such script")) <= 40, "twenty in ten seconds"


# The conversation


def test_an_environment_may_come_in_single_bytes(line: Line) -> None:
    """Segments mean nothing: one byte in each, and the call is found."""
    line.allocate("slow but whole")
    with Peer.call(line.service.agi_port) as peer:
        for byte in line.opening():
            peer.send(bytes([byte]))
        channel = peer.converse()
    assert channel.variables["INTERACT_ID"] == "slow but whole"


def test_a_retrieval_is_one_command_with_the_status_last(line: Line) -> None:
    """One MSet sets every variable of the contract, all inherited, `INTERACT_STATUS` last."""
    allocation = line.allocate("order 4711/a")
    channel = line.call(callerid="0501234567")
    waited = channel.variables.pop("INTERACT_WAITED")
    assert 0 <= int(waited) < 30
    assert channel.last_pair == "INTERACT_STATUS"
    assert channel.variables | {"INTERACT_WAITED": ""} == EMPTY | {
        "INTERACT_STATUS": "FOUND",
        "INTERACT_ID": "order 4711/a",
        "INTERACT_GROUP": line.group,
        "INTERACT_ALLOCATION": allocation["id"],
        "INTERACT_DNIS": line.key,
        "INTERACT_ANI": "0501234567",
    }
    assert channel.inherited == set(EMPTY)
    (command,) = channel.commands
    assert command.startswith(b'EXEC MSet "')
    assert command.endswith(b'__INTERACT_STATUS=FOUND"\n')
    assert line.state() == "resting"
    assert line.journal() == ["allocated", "retrieved"]


def test_one_command_at_a_time(service_factory: Callable[..., Service]) -> None:
    """While a reply is owed nothing is sent, also where a value goes in a command of its own."""
    service = service_factory('[interaction]\nalphabet = "printable"\n')
    line = Line.taken_into(service, group='a "group", quoted')
    line.allocate('an "id", quoted')
    with line.dial() as peer:
        channel = peer.converse(quiet_seconds=0.1)
    assert [command.split(b" ")[0] for command in channel.commands] == [b"SET", b"SET", b"EXEC"]
    assert status(channel) == "FOUND"


def test_hangup_among_the_replies_is_no_reply(line: Line) -> None:
    """`HANGUP` before, after or in place of nothing: the reply that follows it counts."""
    line.allocate("leaving")
    with line.dial() as peer:
        peer.send(b"HANGUP\n")
        command = peer.command()
        assert command is not None
        peer.send(b"HANGUP\n" + peer.channel.execute(command))
        assert peer.command() is None
    assert line.journal() == ["allocated", "retrieved"]


@pytest.mark.parametrize(
    "answer",
    [
        DEAD,
        USAGE,
        b"510 Invalid or unknown command\n",
        b"200 result=-1\n",
        b"200 result=-2\n",
        b"HANGUP\n" + DEAD,
        b"\x16\x03\x01 garbage\n",
        b"2" * 10_000,
        b"",
    ],
    ids=lambda answer: repr(answer[:15]),
)
def test_what_was_not_acknowledged_is_undelivered(line: Line, answer: bytes) -> None:
    """Any reply but success, or none: nothing more is sent, and the journal says `undelivered`."""
    line.allocate("who knows")
    with line.dial() as peer:
        assert peer.command() is not None
        peer.send(answer)
        peer.end() if answer == b"" else None
        assert peer.wait_closed() < 1.5
    until(lambda: line.journal() == ["allocated", "retrieved", "undelivered"])


def test_the_same_call_asking_again_is_told_again_and_no_other(line: Line) -> None:
    """Gone between commit and acknowledgement: this call gets the same FOUND, another nothing."""
    line.allocate("waiting customer")
    same = {"uniqueid": "pbx-1.7", "script": "retrieve_interaction?pbx=one"}
    with line.dial(**same) as peer:
        command = peer.command()
        assert command is not None
        told = Channel()
        told.execute(command)
    until(lambda: line.journal() == ["allocated", "retrieved", "undelivered"])

    assert status(line.call()) == "LATE"
    other_pbx = line.call(uniqueid="pbx-1.7", script="retrieve_interaction?pbx=two")
    assert status(other_pbx) == "LATE"
    assert line.call(**same).variables == told.variables
    line.allocate("the next customer")
    assert line.call(**same).variables == told.variables
    assert line.call().variables["INTERACT_ID"] == "the next customer"


def test_a_call_without_a_uniqueid_is_told_nothing(line: Line) -> None:
    """Nothing tells two such calls apart, and repeats are keyed by it: nobody's number is taken."""
    line.allocate("first")
    for none in ("", "unknown"):
        assert line.call(uniqueid=none).variables == UNAVAILABLE
    assert line.state() == "allocated"


@pytest.mark.parametrize("leave", [Peer.close, Peer.reset], ids=["closes", "resets"])
def test_a_call_that_leaves_at_any_moment_is_not_taken_or_on_record(
    line: Line, leave: Callable[[Peer], None]
) -> None:
    """Gone before the look-up, it takes nothing; gone later, the journal says `undelivered`."""
    bystander = Line.taken_into(line.service)
    for count in range(50):
        line.allocate(f"leaving {count} {leave.__name__}")
        peer = line.dial()
        peer.still_waits(count % 5 / 1000)
        leave(peer)
        lookup_in_time(bystander)  # came later, so the one that left was accepted before
        until(lambda: control(line.service, "status")["sessions"] == 0)
        events = line.journal()
        taken = events[-1] == "undelivered"
        assert taken or line.state() == "allocated"
        assert events.count("retrieved") == events.count("undelivered")
        line.call(line.number, script="free_number")
    assert "Traceback" not in line.service.log_path.read_text("utf-8")


# What was dialed, and by whom


def test_the_argument_wins_over_all_that_the_channel_knows(line: Line) -> None:
    """A number given is the only one looked up, also when it is none of ours."""
    line.allocate("mine")
    other = Line.taken_into(line.service)
    other.allocate("theirs")
    knows_mine = {"extension": line.number, "dnid": line.number}
    assert other.call("4999999", "", f"exten={line.number}", **knows_mine).variables == EMPTY | {
        "INTERACT_STATUS": "UNKNOWN"
    }
    found = other.call(other.number, "", f"exten={line.number}", **knows_mine)
    assert found.variables["INTERACT_ID"] == "theirs"
    assert line.state() == "allocated"


@pytest.mark.parametrize("place", ["exten", "extension", "dnid", "argument"])
def test_the_dialed_number_is_found_wherever_it_stands(line: Line, place: str) -> None:
    """`exten=`, the extension or the DNID: the first that names a number of ours, in any form."""
    line.allocate("dialed")
    written = f"00 +{line.number[:3]} ({line.number[3:5]}) {line.number[5:]}".removeprefix("00 ")
    positional = written if place == "argument" else ""
    exten = written if place == "exten" else "900100"
    known = {"extension": "s", "dnid": "unknown"} | ({place: written} if place[0] != "a" else {})
    known.pop("exten", None)
    assert line.call(positional, "", f"exten={exten}", **known).variables["INTERACT_ID"] == "dialed"


@pytest.mark.parametrize("word", ["s", "h", "i", "t", "unknown"])
@pytest.mark.parametrize("place", ["exten", "extension", "dnid", "argument"])
def test_words_of_asterisk_are_no_number_that_anyone_dialed(
    service: Service, word: str, place: str
) -> None:
    """`s h i t unknown` never count, though a telephone's keys would spell them in digits."""
    keys = {"s": "7", "h": "4", "i": "4", "t": "8", "unknown": "8656696"}
    with suppress(Refused):  # of an earlier word: it is in the pool
        Line.taken_into(service, number=keys[word])
    known = {"extension": "s", "dnid": "unknown", place: word}
    exten = known.pop("exten", "")
    positional = known.pop("argument", "")
    with Peer.call(service.agi_port) as peer:
        arguments = (positional, "", f"exten={exten}")
        peer.send(environment("retrieve_interaction", *arguments, **known))
        assert peer.converse().variables == EMPTY | {"INTERACT_STATUS": "UNKNOWN"}


@pytest.mark.parametrize(
    ("given", "ani"),
    [
        ({"callerid": "0501234567"}, "0501234567"),
        ({"callerid": "+380501234567", "callingpres": "0"}, "+380501234567"),
        ({"callerid": "0501234567", "callingpres": "3"}, "0501234567"),
        ({"callerid": "0501234567", "callingpres": "32"}, ""),
        ({"callerid": "0501234567", "callingpres": "35"}, ""),
        ({"callerid": "0501234567", "callingpres": "67"}, ""),
        ({"callerid": "anonymous"}, ""),
        ({"callerid": "Restricted"}, ""),
        ({"callerid": "unknown"}, ""),
        ({"callerid": ""}, ""),
    ],
)
def test_a_withheld_caller_has_no_ani(line: Line, given: dict[str, str], ani: str) -> None:
    """Presentation other than allowed, or a word for a number: `INTERACT_ANI` is empty."""
    assert line.call(**given).variables["INTERACT_ANI"] == ani


@pytest.mark.parametrize(
    "caller",
    [
        "1" * 3000,
        "sip:" + "9" * 2500 + "@example.com",
        'sip:1",__INTERACT_STATUS=FOUND,__INTERACT_ID="@x',
        "sip:1\\",
        '5" \tSET VARIABLE X "1',
        "5\x01\x7f\x1b[31m1",
    ],
    ids=lambda caller: repr(caller[:12]),
)
def test_no_caller_bends_what_a_call_is_told(line: Line, caller: str) -> None:
    """A caller's name for themselves is theirs to choose: the call is found all the same."""
    line.allocate("found anyhow")
    channel = line.call(callerid=caller)
    assert status(channel) == "FOUND"
    assert channel.variables["INTERACT_ID"] == "found anyhow"
    assert channel.variables.keys() == EMPTY.keys()
    assert line.journal() == ["allocated", "retrieved"]


def test_an_unknown_environment_gets_no_other_ones_numbers(line: Line) -> None:
    """A misspelt environment is UNAVAILABLE: never the default one's answer instead."""
    line.allocate("ours")
    script = "retrieve_interaction?environment=tpyo"
    assert line.call(script=script).variables == UNAVAILABLE
    freed = line.call(line.number, script="free_number?environment=tpyo")
    assert freed.variables == {"INTERACT_FREE_STATUS": "UNAVAILABLE"}
    assert line.state() == "allocated"
    assert line.call(script="retrieve_interaction?environment=default").variables["INTERACT_ID"]


# The other scripts


def test_free_number_sets_its_status_and_nothing_else(line: Line) -> None:
    """FREED once, then NOT_ALLOCATED, and UNKNOWN for a number of nobody's."""
    told = []
    line.allocate("freed")
    for number in (line.number, line.number, "4999999", ""):
        channel = line.call(number, script="free_number")
        assert channel.variables.keys() == channel.inherited == {"INTERACT_FREE_STATUS"}
        told.append(channel.variables["INTERACT_FREE_STATUS"])
    assert told == ["FREED", "NOT_ALLOCATED", "UNKNOWN", "UNKNOWN"]
    assert line.journal() == ["allocated", "freed"]


def test_free_number_with_an_allocation_ends_only_that_one(line: Line) -> None:
    """The id of an earlier allocation frees nobody else's."""
    earlier = line.allocate("one")["id"]
    line.call()
    current = line.allocate("two")["id"]
    for allocation, expected in ((earlier, "NOT_ALLOCATED"), ("x", "NOT_ALLOCATED")):
        channel = line.call(line.number, allocation, script="free_number")
        assert channel.variables["INTERACT_FREE_STATUS"] == expected
        assert line.state() == "allocated"
    channel = line.call(line.number, current, script="free_number")
    assert channel.variables["INTERACT_FREE_STATUS"] == "FREED"


def test_health_is_ready(line: Line) -> None:
    """`health` sets READY where a call would be answered, and nothing else."""
    assert line.call(script="health").variables == {"INTERACT_HEALTH": "READY"}


# The store, broken and whole again


def test_a_locked_store_is_unavailable_and_heals(line: Line) -> None:
    """In time for the guard of 1.8 s, nothing half set, nothing taken; no restart afterwards."""
    line.allocate("patient")
    with locked_store(line.service):
        for _ in range(3):
            begun = time.monotonic()
            assert line.call().variables == UNAVAILABLE
            assert time.monotonic() - begun < 1.8
        assert line.call(script="health").variables == {"INTERACT_HEALTH": "UNAVAILABLE"}
        freed = line.call(line.number, script="free_number")
        assert freed.variables == {"INTERACT_FREE_STATUS": "UNAVAILABLE"}
    assert line.call(script="health").variables == {"INTERACT_HEALTH": "READY"}
    assert line.call().variables["INTERACT_ID"] == "patient"


def test_many_calls_at_a_locked_store_are_all_told_in_time(line: Line) -> None:
    """Calls that come one after another do not wait for each other's failures."""
    with locked_store(line.service), ExitStack() as stack:
        begun = time.monotonic()
        peers = []
        for _ in range(60):
            peers.append(stack.enter_context(line.dial()))
            assert peers[-1].still_waits(0.005)
        for peer in peers:
            assert peer.converse().variables == UNAVAILABLE
        assert time.monotonic() - begun < 0.6 + 1.8
    lookup_in_time(line)


def test_a_retrieval_past_its_deadline_is_not_run(line: Line) -> None:
    """A service that stood still: the call gave up long ago, so it must not take the number."""
    line.allocate("not taken")
    service = line.service
    with ExitStack() as stack:
        begun = time.monotonic()
        peer = stack.enter_context(Peer.call(service.agi_port))
        with locked_store(service):
            peer.send(line.opening())
            assert peer.still_waits(0.1)  # the writer waits for the lock, for 0.25 s
            service.signal(signal.SIGSTOP)
            stack.callback(service.signal, signal.SIGCONT)
        assert peer.still_waits(begun + 1.6 - time.monotonic())
        service.signal(signal.SIGCONT)
        assert peer.converse().variables == UNAVAILABLE
    lookup_in_time(Line.taken_into(service))  # the writer has come to what stands behind it
    assert line.state() == "allocated"
    assert line.journal() == ["allocated"]


def test_a_call_that_left_before_its_turn_takes_nothing(line: Line) -> None:
    """What waits in the backlog of a service that stood still, and has closed, is not run."""
    line.allocate("gone")
    line.service.signal(signal.SIGSTOP)
    try:
        line.dial().close()
    finally:
        line.service.signal(signal.SIGCONT)
    lookup_in_time(Line.taken_into(line.service))
    until(lambda: control(line.service, "status")["sessions"] == 0)
    assert line.journal() == ["allocated"]


# Interaction ids


def refusal(line: Line, interaction: str) -> list[str]:
    try:
        line.allocate(interaction)
    except Refused as refused:
        return refused.faults
    return []


def arrives_whole_or_is_refused(line: Line, interaction: str) -> bool:
    """Allocate and call; say whether the id was taken."""
    faults = refusal(line, interaction)
    if faults:
        assert faults[0].startswith("interaction: expected ")
        return False
    channel = line.call()
    assert channel.variables["INTERACT_ID"] == interaction
    assert status(channel) == "FOUND"
    assert channel.variables.keys() == channel.inherited == EMPTY.keys()
    assert channel.last_pair == "INTERACT_STATUS"
    alone, together = channel.commands[:-1], channel.commands[-1]
    assert together.startswith(b'EXEC MSet "__INTERACT_')
    own = [b"SET VARIABLE __INTERACT_ID", b"SET VARIABLE __INTERACT_GROUP"]
    assert [command.split(b' "')[0] for command in alone] == own[: len(alone)]
    return True


def test_awkward_ids_arrive_whole_or_are_refused(service_factory: Callable[..., Service]) -> None:
    """With the widest setting: whole, in exactly its own commands, or refused by name."""
    service = service_factory('[interaction]\nalphabet = "printable"\n')
    line = Line.taken_into(service, group="😀" * 128)
    texts = [
        text for name, text in TEXTS.items() if name.startswith(("AGI", "characters", "lengths"))
    ]
    refused = [text for text in texts if not arrives_whole_or_is_refused(line, text)]
    assert [text for text in refused if text.isprintable() and 0 < len(text.strip(" ")) < 129] == [
        " x",
        "x ",
    ]
    quoted = Line.taken_into(service, group='"' * 128)
    assert arrives_whole_or_is_refused(quoted, "\\" * 128)


def test_any_text_is_whole_or_refused(service_factory: Callable[..., Service]) -> None:
    """The corpus is what somebody thought of; this is what nobody did."""
    line = Line.taken_into(service_factory('[interaction]\nalphabet = "printable"\n'))

    @settings(max_examples=60, deadline=None)
    @given(st.text(max_size=130) | st.text('\\",()[]${}= ;|\t\n', max_size=40))
    def holds(text: str) -> None:
        arrives_whole_or_is_refused(line, text)

    holds()


def test_the_default_alphabet_refuses_what_bends_an_expression(line: Line) -> None:
    """Out of the box no id holds a quote, a comma, a backslash, a bracket, a dollar sign."""
    for sign in "\"',\\()[]$|;&<>`^%!?*é😀\t":
        with pytest.raises(Refused) as refused:
            line.allocate(f"order{sign}1")
        assert f"{sign!a} at position 6" in refused.value.faults[0]
    assert line.state() == "idle"
