"""The event streams of agents' calls: told at once, ended in time, no reader waited for."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from interact_ivr.api import event_streams
from interact_ivr.domain.access import Role
from interact_ivr.domain.phone_calls import PhoneState
from testbed.certificate import make_certificate
from testbed.desk import BOLT, Desk, Event, Stream, customer, on_phone, until
from testbed.ports import LOOPBACK
from testbed.wire import Wire, request

EVENTS = "/api/v1/agents/6929/events"
MANY = 500


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Give a desk without a call."""
    with Desk(tmp_path) as desk:
        yield desk


def listening(desk: Desk, token: str, path: str = EVENTS) -> Stream:
    """Open a stream that was answered."""
    stream = desk.listen(path, Authorization=f"Bearer {token}")
    assert stream.response.status == 200
    return stream


def state_of(event: Event | None) -> str | None:
    """Give the state that an event tells; None: no call."""
    assert event is not None
    assert event.name == "call"
    told = json.loads(event.data)
    return None if told is None else str(told["state"])


def streams(desk: Desk) -> int:
    """Count the streams that the service has open."""
    return desk.do(len, desk.house.streams)


def test_the_present_comes_first_and_then_each_change(desk: Desk) -> None:
    """Each is what /call gives at that instant; no call is null; who comes again begins anew."""
    token = desk.token("6929")
    with listening(desk, token) as stream:
        assert stream.response.getheader("Content-Type") == "text/event-stream"
        assert state_of(stream.next()) is None
        for state in PhoneState:
            desk.shows(on_phone(state=state))
            told = stream.next()
            assert state_of(told) == state
            assert told is not None
            assert json.loads(told.data) == desk.ask(EVENTS[:-6] + "call", token).json()
        with listening(desk, token) as second:
            assert state_of(second.next()) == "held"
        desk.over()
        assert state_of(stream.next()) is None
    until(lambda: streams(desk) == 0)


def test_what_is_told_of_a_call_later_is_told_at_once(desk: Desk) -> None:
    """The interaction, where the look-up comes after the ringing."""
    desk.shows(on_phone())
    with listening(desk, desk.token("6929")) as stream:
        first = stream.next()
        desk.told()
        told = stream.next()
        assert first is not None
        assert told is not None
        assert [json.loads(each.data)["interaction"] for each in (first, told)] == [
            None,
            "basket-4711",
        ]


def test_a_quiet_stream_is_kept_alive(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a comment now and then, and nothing that a program would take for a change."""
    monkeypatch.setattr(event_streams, "HEARTBEAT_SECONDS", 0.5)
    with listening(desk, desk.token("6929")) as stream:
        assert state_of(stream.next()) is None
        lines = [stream.response.readline() for _ in range(2)]
    assert lines == [b":\n", b"\n"]


def test_a_token_that_is_taken_back_ends_its_stream(desk: Desk) -> None:
    """Within two seconds, without a further word; another's goes on, and a new one is 401."""
    token, other = desk.token("6929"), desk.token("6929")
    with listening(desk, token) as stream, listening(desk, other) as going_on:
        assert (state_of(stream.next()), state_of(going_on.next())) == (None, None)
        desk.take_back(token)
        begun = time.monotonic()
        desk.shows(on_phone())
        assert stream.next() is None
        assert time.monotonic() - begun < 2.0
        assert state_of(going_on.next()) == "ringing"
    assert desk.ask(EVENTS, token).status == 401


def test_a_removed_environment_ends_its_streams(desk: Desk) -> None:
    """As its tokens go with it."""
    token = desk.token("6929", environment=BOLT)
    with listening(desk, token) as stream:
        assert state_of(stream.next()) is None
        desk.take_back(token)
        desk.wait(desk.parts.administration.remove_environment(BOLT))
        assert stream.next() is None


def test_streams_end_when_the_service_stops(desk: Desk) -> None:
    """At once, each as it should: nobody is waited for, and no new one is begun."""
    open_streams = [listening(desk, desk.token("6929")) for _ in range(20)]
    for stream in open_streams:
        assert state_of(stream.next()) is None
    begun = time.monotonic()
    desk.close()
    assert time.monotonic() - begun < 1.0
    assert [stream.next() for stream in open_streams] == [None] * 20


def test_while_it_stops_no_stream_is_begun(desk: Desk) -> None:
    """503, and when to come again."""
    desk.do(desk.house.streams.close)
    refused = desk.ask(EVENTS, desk.token("6929"))
    assert (refused.status, refused.json()["code"]) == (503, "too_many_streams")
    assert refused.headers["retry-after"] == "2"


def test_there_are_as_many_streams_as_may_be(tmp_path: Path) -> None:
    """Four of five connections; all else is answered, and one that ends makes room."""
    with Desk(tmp_path, "[http]\nmost_connections = 10\n") as desk:
        token = desk.token("6929")
        first, *others = [listening(desk, token) for _ in range(8)]
        assert desk.ask(EVENTS, token).status == 503
        assert desk.ask(EVENTS[:-6] + "call", token).status == 204
        first.close()
        until(lambda: streams(desk) == 7)
        for stream in (listening(desk, token), *others):
            stream.close()


def test_who_goes_away_is_forgotten(desk: Desk) -> None:
    """By a close, and by a reset in the middle of an event."""
    token = desk.token("6929")
    open_streams = [listening(desk, token) for _ in range(4)]
    until(lambda: streams(desk) == 4)
    for stream in open_streams[:2]:
        stream.close()
    for stream in open_streams[2:]:
        stream.reset()
    desk.shows(on_phone())
    until(lambda: streams(desk) == 0)
    assert desk.do(lambda: desk.parts.agents.screens) == 0


def test_who_does_not_read_is_dropped_and_waited_for_by_nobody(desk: Desk) -> None:
    """What is kept for them is bounded; the others are told each change meanwhile."""
    token = desk.token("6929")
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect((LOOPBACK, desk.port))
    slow.sendall(request("GET", EVENTS, {"Authorization": f"Bearer {token}"}))
    until(lambda: streams(desk) == 1)
    with listening(desk, token) as quick:
        assert state_of(quick.next()) is None
        for count in range(2000):
            desk.shows(on_phone(customer(name=f"{count} " + "x" * 100)))
            told = quick.next()
            assert told is not None
            assert f"{count} x" in told.data
            if streams(desk) == 1:
                break
        assert streams(desk) == 1, "the slow one is still there"
    slow.close()


def test_what_comes_behind_a_stream_s_request_is_passed_over(desk: Desk) -> None:
    """Nothing of it is kept, and the stream goes on; its connection is good for no other answer."""
    with Wire(desk.port) as wire:
        wire.send(request("GET", EVENTS, {"Authorization": f"Bearer {desk.token('6929')}"}))
        until(lambda: streams(desk) == 1)
        for _ in range(50):
            wire.send(request("GET", "/healthz") * 500)
        desk.shows(on_phone())
        came = b""
        while b"ringing" not in came:
            came += wire._receive()
        assert b"Connection: close" in came
        assert came.count(b"HTTP/1.1") == 1
        desk.do(desk.house.streams.close)
        assert b"HTTP/1.1" not in wire.rest()


def test_a_stream_is_one_answer_in_the_log_and_in_the_metrics(desk: Desk) -> None:
    """With the time until it began: hours of listening would be no answer's time."""
    with listening(desk, desk.token("6929")) as stream:
        assert state_of(stream.next()) is None
    until(lambda: streams(desk) == 0)

    def told() -> str:
        return desk.ask("/metrics").text

    line = 'interact_ivr_http_requests_total{path="/api/v1/agents/{extension}/events",status="200"}'
    until(lambda: f"{line} 1.0" in told())
    assert "interact_ivr_event_streams 0.0" in told()


def test_many_streams_are_each_told_their_own_and_only_their_own(tmp_path: Path) -> None:
    """500 agents of two tenants with the same extensions, a call each: 500 events, each at home."""
    with Desk(tmp_path) as desk:
        half = MANY // 2
        tokens = {
            environment: desk.token(role=Role.VIEWER, environment=environment)
            for environment in ("acme/live", "bolt/live")
        }
        agents = [(name, str(1000 + at)) for name in tokens for at in range(half)]

        async def agent(environment: str, extension: str, ready: asyncio.Semaphore) -> list[object]:
            reader, writer = await asyncio.open_connection(LOOPBACK, desk.port)
            path = f"/api/v1/agents/{extension}/events"
            shown = {"Authorization": f"Bearer {tokens[environment]}"}
            writer.write(request("GET", path, shown))
            told: list[object] = []
            while len(told) < 3:
                line = await reader.readline()
                assert line, "the stream has ended"
                if line.startswith(b"data: "):
                    call = json.loads(line[6:])
                    told.append(call and (call["interaction"], call["extension"]))
                    if len(told) == 1:
                        ready.release()
            writer.close()
            return told

        async def all_of_them() -> list[list[object]]:
            ready = asyncio.Semaphore(0)
            async with asyncio.timeout(60), asyncio.TaskGroup() as group:
                tasks = [group.create_task(agent(*each, ready)) for each in agents]
                for _ in agents:
                    await ready.acquire()
                for at, (environment, extension) in enumerate(agents):
                    desk.told(f"c{at}", f"{environment}-{extension}", environment=environment)
                    there = customer(f"c{at}", environment)
                    desk.shows(on_phone(there, uniqueid=f"p{at}", extension=extension))
                for at in range(MANY):
                    desk.over(f"p{at}")
            return [task.result() for task in tasks]

        for (environment, extension), told in zip(agents, asyncio.run(all_of_them()), strict=True):
            assert told == [None, (f"{environment}-{extension}", extension), None]


def test_over_tls_it_is_the_same(tmp_path: Path) -> None:
    """Told at once; who does not read is dropped; and the service stops."""
    shown = make_certificate(tmp_path, "desk")
    keys = f'tls_certificate = "{shown.file}"\ntls_key = "{shown.key}"\n'
    trusting = ssl.create_default_context(cafile=shown.file)
    with Desk(tmp_path, f"[http]\n{keys}") as desk:
        token = desk.token("6929")
        asked = request("GET", EVENTS, {"Authorization": f"Bearer {token}"})
        with Wire(desk.port, tls=trusting) as quick, Wire(desk.port, tls=trusting) as slow:
            for wire in (quick, slow):
                wire.send(asked)
            until(lambda: streams(desk) == 2)
            for count in range(20_000):
                desk.shows(on_phone(customer(name=f"<{count}> " + "x" * 4000)))
                came = b""
                while f"<{count}> ".encode() not in came:
                    came += quick._receive()
                if streams(desk) == 1:
                    break
            assert streams(desk) == 1, "the slow one is still there"
            desk.close()
            quick.rest()
