"""A PBX's directory over AMI: what stands while the PBX is there, away, changing, or half up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

import pytest

from dialplan import Engine, Plan, QueueType
from interact_ivr.ami.session import Account
from interact_ivr.ami.watcher import PbxDirectory, Timing
from interact_ivr.pace import Pace
from testbed.ami_peer import BANNER, BOOTED, DONE, REFUSED, AmiPeer, ami, silence
from testbed.leftovers import nothing_left, there
from testbed.noted_pace import NotedPace
from testbed.ports import LOOPBACK

QUICK = Timing(patience=0.5, ping_every=0.1, settle=0.01, most_settle=0.05)
SOON = Pace(0.01, 0.02)
NEW_PHONE = "Event: Reload\r\nModule: res_pjsip.so\r\n\r\n"
KINDS = {"user": 1, "station": 2, "workgroup": 2, "orbit": 4, "line": 1}
"""Of the office's extensions."""


class Heard:
    """What was told of the directory, the latest last; and whoever waits for it."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.refused: list[str] = []

    def read(self, extensions: Mapping[str, int], refused: Sequence[str]) -> None:
        """Take note of it."""
        assert extensions.keys() <= KINDS.keys()
        self.refused = [*refused]
        self.told.append("read")

    def lost(self, why: str) -> None:
        """Take note of it."""
        self.told.append(why)

    async def until(self, holds: Callable[[], bool], within_seconds: float = 5) -> None:
        """Wait until *holds*."""
        end = asyncio.get_running_loop().time() + within_seconds
        for _ in iter(lambda: holds() or asyncio.get_running_loop().time() > end, True):
            await asyncio.sleep(0.005)
        assert holds(), self.told[-5:]


@asynccontextmanager
async def watching(
    port: int, heard: Heard, timing: Timing = QUICK, pace: Pace = SOON
) -> AsyncIterator[PbxDirectory]:
    """Keep a directory of the PBX at *port*."""
    account = Account(LOOPBACK, port, "interact-ivr", lambda: "right")
    directory = PbxDirectory(account, heard, timing, pace)
    task = asyncio.create_task(directory.run())
    try:
        yield directory
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture(autouse=True)
async def leaves_nothing() -> AsyncIterator[None]:
    """No task, no descriptor, no error that nobody caught."""
    async with nothing_left():
        yield


async def office(peer: AmiPeer) -> None:
    """Be the office's PBX."""
    await peer.welcome()
    await peer.serve()


async def test_what_was_told_last_stands_while_the_pbx_is_away() -> None:
    """Nobody waits for it, and why it is away is told once, however often it is tried."""
    heard = Heard()
    async with ami(office) as port, watching(port, heard) as directory:
        assert directory.owner("6929") is None
        assert directory.missing == "it was not asked yet"
        await heard.until(lambda: directory.missing is None)
        assert directory.extensions == KINDS
        known = directory.owner("6929")
        assert known is not None
        assert (known.id, known.mailbox) == ("Alice Müller", "6929@default")
        engine = Engine(Plan("any", extension_lengths=range(2, 7)), directory)
        assert engine.resolve("6500").queue_name == "Workgroup Queue: support"
    async with watching(port, heard) as never:
        await heard.until(lambda: "cannot be connected to" in (never.missing or ""))
        assert (never.owner("6929"), never.age_seconds) == (None, None)
    assert directory.owner("6929") == known
    assert engine.resolve("6500").queue_name == "Workgroup Queue: support"


async def test_it_comes_back_by_itself() -> None:
    """After whatever has happened, in any order: closed, refused, silent, half an answer."""
    heard = Heard()
    turns: list[str] = []

    async def misbehave(peer: AmiPeer) -> None:
        turn = len(turns)
        turns.append("")
        match turn:
            case 0:
                return
            case 1:
                await peer.answer(await peer.action(), REFUSED)
            case 2:
                await silence()
            case 3:
                await peer.welcome()
                while (action := await peer.action())["Action"] != "Parkinglots":
                    await peer.answer(action, peer.answer_to(action))
                turns[turn] = action["Action"]
                await peer.say("Response: Succ")
            case _:
                await office(peer)

    async with ami(misbehave) as port, watching(port, heard) as directory:
        await heard.until(lambda: directory.missing is None)
        assert directory.extensions == KINDS
    assert heard.told[-1] == "read"
    assert "refused: Login: Permission denied" in heard.told
    assert f"no answer to Login within {QUICK.patience} seconds" in heard.told
    assert turns[3] == "Parkinglots"


async def test_silence_is_noticed_while_nothing_is_asked() -> None:
    """A PBX that hangs keeps its connections; its pings are missing."""
    heard = Heard()

    async def hang(peer: AmiPeer) -> None:
        await peer.welcome()
        while (action := await peer.action())["Action"] != "Ping":
            await peer.answer(action, peer.answer_to(action))
        await silence()

    async with ami(hang) as port, watching(port, heard) as directory:
        await heard.until(lambda: directory.missing is None)
        await heard.until(lambda: directory.missing is not None)
        assert directory.missing == f"no answer to Ping within {QUICK.patience} seconds"
        assert directory.extensions == KINDS


async def test_only_what_has_changed_is_read_again() -> None:
    """An event says what; the PBX is asked for that alone, and for it after the event."""
    heard = Heard()
    peers: list[AmiPeer] = []

    async def change(peer: AmiPeer) -> None:
        peers.append(peer)
        await office(peer)

    async with ami(change) as port, watching(port, heard) as directory:
        await heard.until(lambda: directory.missing is None)
        (peer,) = peers
        asked = len(peer.actions)
        peer.says = {"PJSIPShowEndpoints": REFUSED}
        await peer.say(NEW_PHONE)
        await heard.until(lambda: directory.owner("6930") is None)
        later = {action["Action"] for action in peer.actions[asked:]}
        assert later - {"Ping"} == {"PJSIPShowEndpoints"}
        assert heard.refused == ["PJSIPShowEndpoints: Permission denied"]
        group = directory.owner("6500")
        assert group is not None
        assert group.queue_type is QueueType.WORKGROUP


async def test_what_changes_while_it_is_read_is_read_again() -> None:
    """The answer may have been given before the change."""
    heard = Heard()
    lists = 0

    async def change(peer: AmiPeer) -> None:
        nonlocal lists
        await peer.welcome()
        while True:
            action = await peer.action()
            if action["Action"] == "PJSIPShowEndpoints":
                lists += 1
                if lists == 1:
                    await peer.say(NEW_PHONE)
            await peer.answer(action, peer.answer_to(action))

    async with ami(change) as port, watching(port, heard):
        await heard.until(lambda: lists == 2)


async def test_all_is_read_again_after_a_while() -> None:
    """What no event tells of is known then: a phone in a database, say."""
    heard = Heard()
    often = Timing(0.5, ping_every=0.05, settle=0.01, most_settle=0.05, read_every=0.1)
    async with ami(office) as port, watching(port, heard, often):
        await heard.until(lambda: heard.told.count("read") >= 3)


async def test_what_one_question_tells_whole_is_read_more_often() -> None:
    """Boxes and queues: of one that is gone, not every PBX tells."""
    heard = Heard()
    often = Timing(0.5, ping_every=0.05, settle=0.01, most_settle=0.05, list_every=0.1)
    peers: list[AmiPeer] = []

    async def keep(peer: AmiPeer) -> None:
        peers.append(peer)
        await office(peer)

    async with ami(keep) as port, watching(port, heard, often):
        await heard.until(lambda: heard.told.count("read") >= 1)
        asked = len(peers[0].actions)
        await heard.until(lambda: heard.told.count("read") >= 3)
        later = {action["Action"] for action in peers[0].actions[asked:]}
    assert later - {"Ping"} == {"VoicemailUsersList", "QueueStatus"}


async def test_a_pbx_that_starts_is_not_asked_before_it_is_up() -> None:
    """What it tells before is half of it, and would put the other half out of mind."""
    heard = Heard()
    up = asyncio.Event()
    peers: list[AmiPeer] = []

    async def start(peer: AmiPeer) -> None:
        peers.append(peer)
        await peer.say(BANNER)
        await peer.answer(await peer.action(), DONE)
        serving = asyncio.create_task(peer.serve())
        await up.wait()
        await peer.say(BOOTED)
        await serving

    slow = Timing(patience=5, ping_every=0.1, settle=0.01, most_settle=0.05)
    async with ami(start) as port, watching(port, heard, slow) as directory:
        await heard.until(lambda: bool(peers) and len(peers[0].actions) == 7)
        assert {action["Action"] for action in peers[0].actions} == {"Login", "Filter"}
        up.set()
        await heard.until(lambda: directory.missing is None)
        assert directory.extensions == KINDS


async def test_a_flood_of_changes_is_read_now_and_then() -> None:
    """While everything changes, the PBX is asked for a small part of the time."""
    heard = Heard()

    async def flood(peer: AmiPeer) -> None:
        await peer.welcome()

        async def change() -> None:
            while True:
                await peer.say("Event: QueueMemberAdded\r\nQueue: support\r\n\r\n" * 100)
                await asyncio.sleep(0.001)

        task = asyncio.create_task(change())
        try:
            await peer.serve()
        finally:
            task.cancel()

    timing = Timing(patience=5, settle=0.2, most_settle=0.2)
    async with ami(flood) as port, watching(port, heard, timing):
        loop = asyncio.get_running_loop()
        await heard.until(lambda: heard.told.count("read") >= 1)
        begun = loop.time()
        await heard.until(lambda: heard.told.count("read") >= 5)
        assert loop.time() - begun >= 4 * timing.settle * 0.9


@pytest.mark.parametrize(("stable", "failures"), [(60.0, [1, 2, 3]), (0.0, [1, 1, 1])])
async def test_what_flaps_is_read_less_and_less_often(stable: float, failures: list[int]) -> None:
    """Only what stood for a while begins anew with the shortest pause."""
    heard, pace = Heard(), NotedPace(stable=stable)

    async def leave(peer: AmiPeer) -> None:
        await peer.welcome()
        while (action := await peer.action())["Action"] != "Ping":
            await peer.answer(action, peer.answer_to(action))

    async with ami(leave) as port, watching(port, heard, pace=pace) as directory:
        await heard.until(lambda: directory.sessions > 3)
    assert pace.failures[:3] == failures


@pytest.mark.parametrize("loops", [200])
async def test_nothing_is_left_after_many_reconnects(loops: int) -> None:
    """Neither while it goes on nor at the end, however each session ended."""
    heard = Heard()
    turns = 0

    async def end_somehow(peer: AmiPeer) -> None:
        nonlocal turns
        turns += 1
        endings: list[Callable[[AmiPeer], Awaitable[object]]] = [
            lambda peer: peer.say(b""),
            lambda peer: peer.say(BANNER),
            AmiPeer.welcome,
            AmiPeer.action,
        ]
        await endings[turns % len(endings)](peer)

    async with ami(end_somehow) as port, watching(port, heard):
        await heard.until(lambda: turns > 5)
        async with nothing_more(heard, lambda: turns > loops):
            pass
    assert "read" not in heard.told


@asynccontextmanager
async def nothing_more(heard: Heard, holds: Callable[[], bool]) -> AsyncIterator[None]:
    """See that tasks and descriptors are not more when *holds* than they are now, but for a few."""
    few = 10
    before = there()
    yield
    await heard.until(holds, 30)
    assert all(now <= then + few for now, then in zip(there(), before, strict=True))
