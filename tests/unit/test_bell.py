"""Sockets that have something to read: each is told of once for each time that was asked for."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import partial

import pytest

from interact_ivr.agi.bell import Bell
from interact_ivr.agi.doorway import Arrival, GoneError

TURNS = 10
"""Of the event loop, within which everything is seen that has come."""


@asynccontextmanager
async def hung() -> AsyncIterator[Bell]:
    """Give a bell that hangs."""
    bell = Bell()
    bell.hang()
    yield bell
    bell.take_down()


@contextmanager
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Give the service's end of a connection, and Asterisk's."""
    ours, asterisks = socket.socketpair()
    ours.setblocking(False)
    with ours, asterisks:
        yield ours, asterisks


async def turns() -> None:
    """Let all be seen."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


@pytest.mark.parametrize("comes_first", [False, True])
async def test_it_rings_once_for_each_time_it_was_asked_to(comes_first: bool) -> None:
    """What is left unread keeps nobody busy, and is told of again when that is asked for."""
    rung: list[str] = []
    async with hung() as bell:
        with pair() as (ours, asterisks):
            if comes_first:
                asterisks.sendall(b"a")
            bell.ring_for(ours, lambda: rung.append("first"))
            asterisks.sendall(b"b")
            await turns()
            asterisks.sendall(b"c")
            await turns()
            assert rung == ["first"]
            bell.ring_for(ours, lambda: rung.append("second"))
            await turns()
            assert rung == ["first", "second"]
            bell.forget(ours)


async def test_an_end_rings_too() -> None:
    """A caller who hangs up is noticed as what they say is."""
    rung: list[str] = []
    async with hung() as bell:
        with pair() as (ours, asterisks):
            bell.ring_for(ours, lambda: rung.append("ended"))
            await turns()
            assert rung == []
            asterisks.close()
            await turns()
            assert rung == ["ended"]
            bell.forget(ours)


async def test_who_is_forgotten_is_not_rung_for() -> None:
    """Also where the next connection has its descriptor."""
    rung: list[str] = []
    async with hung() as bell:
        with pair() as (ours, asterisks):
            bell.ring_for(ours, lambda: rung.append("forgotten"))
            bell.forget(ours)
            bell.forget(ours)
            asterisks.sendall(b"a")
            await turns()
        with pair() as (ours, asterisks):
            bell.ring_for(ours, lambda: rung.append("next"))
            asterisks.sendall(b"a")
            await turns()
            bell.forget(ours)
    assert rung == ["next"]


async def test_who_ends_another_in_the_same_turn_is_rung_for_alone() -> None:
    """As the longest silent one is ended for a new one: its own turn may be due already."""
    rung: list[str] = []
    async with hung() as bell:
        with pair() as (one, ones), pair() as (other, others):

            def end_other(name: str, victim: socket.socket) -> None:
                rung.append(name)
                bell.forget(victim)

            bell.ring_for(one, lambda: end_other("one", other))
            bell.ring_for(other, lambda: end_other("other", one))
            ones.sendall(b"a")
            others.sendall(b"a")
            await turns()
            assert len(rung) == 1


async def test_a_fault_at_one_keeps_no_other_from_being_rung_for() -> None:
    """The kernel tells of each once alone: the event loop hears of the fault, and goes on."""
    rung, faults = list[str](), list[str]()
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: faults.append(str(context["exception"]))
    )
    async with hung() as bell:
        with ExitStack() as stack:
            pairs = [stack.enter_context(pair()) for _ in range(4)]

            def ring(at: int) -> None:
                rung.append(str(at))
                if at % 2:
                    raise ValueError(f"{at}")

            for at, (ours, asterisks) in enumerate(pairs):
                bell.ring_for(ours, partial(ring, at))
                asterisks.sendall(b"a")
            await turns()
            assert (sorted(rung), sorted(faults)) == (["0", "1", "2", "3"], ["1", "3"])
            bell.take_down()
            for ours, _ in pairs:
                bell.forget(ours)


async def test_whoever_never_ends_to_talk_is_given_up_in_time() -> None:
    """Each word is a turn of the event loop, and the time is over for them as for the silent."""

    async def listen_to_all(arrival: Arrival, asterisks: socket.socket) -> None:
        by = asyncio.get_running_loop().time() + 0.05
        while True:
            asterisks.sendall(b"HANGUP\n")
            await arrival.more(by)
            assert arrival.conversation.reply() is None

    async with hung() as bell:
        with pair() as (ours, asterisks), pytest.raises(TimeoutError):
            await listen_to_all(Arrival(ours, bell), asterisks)


@pytest.mark.parametrize("ends", [False, True])
async def test_whoever_says_nothing_is_waited_for_until_they_end(ends: bool) -> None:
    """Or until the time is over."""
    loop = asyncio.get_running_loop()
    async with hung() as bell:
        with pair() as (ours, asterisks):
            arrival = Arrival(ours, bell)
            if ends:
                loop.call_later(0.05, asterisks.close)
            with pytest.raises(GoneError if ends else TimeoutError):
                await arrival.more(loop.time() + (60 if ends else 0.05))
            arrival.close()
            assert ours.fileno() == -1
