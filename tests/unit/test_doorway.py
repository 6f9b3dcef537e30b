"""Connections that are no calls yet: calls pass them, and none stays longer than it may."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

import pytest

from interact_ivr.agi.doorway import Arrival, Doorway, GoneError, ProbeError
from interact_ivr.agi.wire import Call, WireError
from testbed.ports import LOOPBACK

CALL = b"agi_network_script: health\n\n"
TURNS = 40
"""Of the event loop, within which everything is seen that has come."""
LONG = 60.0


class House:
    """Lets everybody in, and notes what it is told."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.errors: list[GoneError | WireError] = []
        self.gave_way_to: list[str] = []

    def lets_in(self, source: str) -> bool:
        """Say yes."""
        return bool(source)

    def call_came(self, arrival: Arrival, call: Call) -> None:
        """Take it, and hang up."""
        arrival.connection.close()
        self.calls.append(call)

    def left(self, error: GoneError | WireError) -> None:
        """Note why."""
        self.errors.append(error)

    def gave_way(self, source: str) -> None:
        """Note for whom."""
        self.gave_way_to.append(source)


@asynccontextmanager
async def opened(house: House, most: int = 1000, seconds: float = LONG) -> AsyncIterator[Doorway]:
    """Give a doorway that listens."""
    doorway = Doorway(house, most=most, seconds=seconds)
    await doorway.listen(LOOPBACK, 0)
    yield doorway
    await asyncio.wait_for(doorway.close(), 5)


def come(stack: ExitStack, doorway: Doorway, said: bytes = b"") -> socket.socket:
    """Connect, and say something; the kernel has it before anybody looks."""
    peer = stack.enter_context(socket.create_connection(doorway.sockets[0].getsockname()))
    peer.sendall(said)
    return peer


async def some_turns() -> None:
    """Let the event loop look so many times."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


async def test_it_is_taken_down_once_however_often_that_is_said() -> None:
    """Who closes a listener again, in doubt, is not told of a descriptor that is another's now."""
    async with opened(House()) as doorway:
        pass
    doorway.take_down()
    doorway.take_down()


async def test_a_call_behind_many_silent_ones_is_seen_in_a_few_turns() -> None:
    """It waits for none of them: not for one turn each, either."""
    house = House()
    with ExitStack() as stack:
        async with opened(house) as doorway:
            for _ in range(TURNS * 5):
                come(stack, doorway, b"agi_net")
            come(stack, doorway, CALL)
            await some_turns()
            assert [call.variables["network_script"] for call in house.calls] == ["health"]
            assert doorway.waiting == TURNS * 5
            stack.close()


async def test_who_says_all_at_once_takes_nobody_s_place() -> None:
    """A call is none of those who are silent, however many of these there may be."""
    house = House()
    with ExitStack() as stack:
        async with opened(house, most=2) as doorway:
            for said in (b"", b"a", CALL, CALL):
                come(stack, doorway, said)
            await some_turns()
            assert (len(house.calls), doorway.waiting, house.gave_way_to) == (2, 2, [])
            stack.close()


async def test_the_longest_silent_one_gives_way() -> None:
    """One more silent one than may be: the first is closed, the others stay."""
    house = House()
    with ExitStack() as stack:
        async with opened(house, most=2) as doorway:
            first, *others = (come(stack, doorway) for _ in range(3))
            await some_turns()
            assert first.recv(1) == b""
            assert (doorway.waiting, house.gave_way_to) == (2, [LOOPBACK])
            others[1].sendall(CALL)
            await some_turns()
            assert len(house.calls) == 1
            stack.close()


@pytest.mark.parametrize("count", [1, 200])
async def test_whose_time_is_over_is_ended(count: int) -> None:
    """All of them, however many come to their end at once."""
    house = House()
    with ExitStack() as stack:
        async with opened(house, seconds=0.05) as doorway:
            peers = [come(stack, doorway, b"agi_net") for _ in range(count)]
            await some_turns()
        for peer in peers:
            assert peer.recv(1) == b""
    assert {str(error) for error in house.errors} == {"no environment within 0.05 s"}
    assert len(house.errors) == count


@pytest.mark.parametrize(("said", "kind"), [(b"", ProbeError), (b"agi_net", GoneError)])
async def test_who_leaves_is_no_call(said: bytes, kind: type[GoneError]) -> None:
    """Nothing is run for half an environment, and a probe is told from it."""
    house = House()
    with ExitStack() as stack:
        async with opened(house) as doorway:
            come(stack, doorway, said).close()
            await some_turns()
            assert doorway.waiting == 0
    assert [type(error) for error in house.errors] == [kind]
    assert house.calls == []
