"""AMI at its edges: peers that close, refuse, keep silent, or send halves and giants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from interact_ivr.ami.session import Account, AmiLost, AmiRefused, Session, logged_in
from interact_ivr.ami.told import Message
from interact_ivr.config_pbx import trust
from testbed.ami_peer import BANNER, DONE, REFUSED, Action, AmiPeer, ami, silence
from testbed.certificate import make_certificate
from testbed.leftovers import nothing_left
from testbed.ports import LOOPBACK

PATIENCE = 0.5
Use = Callable[[Session], Awaitable[Any]]
TLS_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(200, 256)) * 9


@pytest.fixture(autouse=True)
async def nothing_is_left() -> AsyncIterator[None]:
    """Whatever the peer did: no task and no descriptor is left, and no error that nobody caught."""
    async with nothing_left():
        yield


def _account(port: int, secret: str = "right") -> Account:
    return Account(LOOPBACK, port, "interact-ivr", lambda: secret)


async def _use(port: int, use: Use, heard: Callable[[Message], None] = lambda _: None) -> Any:
    async with logged_in(_account(port), heard, PATIENCE) as session:
        return await use(session)


async def _lists(session: Session) -> Any:
    return await session.ask_all("QueueStatus")


async def _lost(
    conversation: Callable[[AmiPeer], Awaitable[None]],
    use: Use = _lists,
    within: float = PATIENCE * 4,
) -> str:
    async with ami(conversation) as port:
        with pytest.raises(AmiLost) as lost:
            await asyncio.wait_for(_use(port, use), within)
    return str(lost.value)


async def test_who_closes_at_once_is_gone() -> None:
    """With or without a greeting, and told at once."""

    async def close(peer: AmiPeer) -> None:
        pass

    async def greet(peer: AmiPeer) -> None:
        await peer.say(BANNER)

    for conversation in (close, greet):
        assert "Asterisk closed the connection" in await _lost(conversation)


async def test_nobody_there_is_told() -> None:
    """With what the system says of it."""
    async with ami(AmiPeer.serve) as port:
        pass
    with pytest.raises(AmiLost, match=r"^cannot be connected to: "):
        await _use(port, _lists)


async def test_a_refused_login_is_told_at_once() -> None:
    """In Asterisk's words, and the secret is not in it."""

    async def refuse(peer: AmiPeer) -> None:
        action = await peer.action()
        assert (action["Username"], action["Secret"]) == ("interact-ivr", "right")
        await peer.answer(action, REFUSED)
        await silence()

    assert await _lost(refuse) == "refused: Login: Permission denied"


async def test_a_refusal_is_one_printable_line() -> None:
    """Whatever the other side sends, and however much: people read it on their terminals."""

    async def refuse(peer: AmiPeer) -> None:
        words = "\x1b]0;owned\x07No\u202e way" + "y" * 10_000
        await peer.answer(await peer.action(), f"Response: Error\r\nMessage: {words}\r\n\r\n")
        await silence()

    told = await _lost(refuse)
    assert told.startswith("refused: Login: ]0;ownedNo way")
    assert told.isprintable()
    assert len(told) < 200


async def test_tls_is_spoken_where_it_is_wanted(tmp_path: Path) -> None:
    """A list that comes in many pieces is whole, too, and nothing is left of the connection."""
    shown = make_certificate(tmp_path)

    async def serve(peer: AmiPeer) -> None:
        await peer.welcome()
        await peer.serve()

    async with ami(serve, tls=shown.server()) as port:
        account = replace(_account(port), tls=lambda: trust(str(shown.file)))
        async with logged_in(account, lambda _: None, PATIENCE) as session:
            assert len(await _lists(session)) == 3


async def test_who_cannot_show_a_certificate_is_told_no_secret(tmp_path: Path) -> None:
    """One that nobody vouches for, one for another name, none at all; or there is no file."""
    (tmp_path / "other").mkdir()
    shown, other = make_certificate(tmp_path), make_certificate(tmp_path / "other")
    peers: list[AmiPeer] = []

    async def greet(peer: AmiPeer) -> None:
        peers.append(peer)
        await peer.say(BANNER)
        await peer.action()

    for tls, ca_file, reason in (
        (shown.server(), other.file, "certificate verify failed"),
        (shown.server(), "", "certificate verify failed"),
        (None, shown.file, "cannot be connected to: "),
        (shown.server(), tmp_path / "none", "none: "),
    ):
        async with ami(greet, tls=tls) as port:
            account = replace(_account(port), tls=partial(trust, str(ca_file)))
            with pytest.raises(AmiLost, match=reason):
                async with logged_in(account, lambda _: None, PATIENCE):
                    pass
    assert [peer.actions for peer in peers if peer.actions] == []


async def test_a_secret_that_cannot_be_read_is_told() -> None:
    """It is read at each login."""

    def no_secret() -> str:
        raise OSError("the environment has no AMI_SECRET")

    async with ami(AmiPeer.serve) as port:
        account = Account(LOOPBACK, port, "interact-ivr", no_secret)
        with pytest.raises(AmiLost, match="the secret cannot be read: the environment has no"):
            async with logged_in(account, lambda _: None, PATIENCE):
                pass


@pytest.mark.parametrize(
    "half", [b"", b"Asterisk Call Ma", BANNER.encode(), TLS_HELLO, b"\r\n" * 9, b"\xff\x00\r\n\r\n"]
)
async def test_silence_is_bounded(half: bytes) -> None:
    """From the first byte on, also behind half a message or something else than AMI."""

    async def be_silent(peer: AmiPeer) -> None:
        await peer.say(half)
        await silence()

    assert await _lost(be_silent) == f"no answer to Login within {PATIENCE} seconds"


@pytest.mark.parametrize(
    "beginning",
    [
        "",
        "Response: Success\r\nEventL",
        "Response: Success\r\nEventList: start\r\nMessage: will follow\r\n{id}\r\n",
        "Response: Success\r\nEventList: start\r\n{id}\r\nEvent: QueueParams\r\n{id}\r\n",
    ],
)
async def test_a_list_without_its_end_is_none(beginning: str) -> None:
    """The session ends with it: what came later might be taken for another answer."""

    async def begin(peer: AmiPeer) -> None:
        await peer.welcome()
        while (action := await peer.action())["Action"] == "Filter":
            await peer.answer(action, DONE)
        await peer.say(beginning.replace("{id}", f"ActionID: {action['ActionID']}\r\n"))
        await silence()

    async def ask_again(session: Session) -> None:
        with pytest.raises(AmiLost):
            await _lists(session)
        await session.ask("Ping")

    assert await _lost(begin, ask_again) == f"no answer to QueueStatus within {PATIENCE} seconds"


async def test_nothing_to_list_is_an_empty_list() -> None:
    """Without mailboxes, Asterisk says so by a plain success; no list follows, and no end."""

    async def serve(peer: AmiPeer) -> None:
        await peer.welcome()
        none = "There are no voicemail users currently defined."
        peer.says = {"VoicemailUsersList": f"Response: Success\r\nMessage: {none}"}
        await peer.serve()

    async def ask(session: Session) -> Any:
        return [*await session.ask_all("VoicemailUsersList")], len(await _lists(session))

    async with ami(serve) as port:
        assert await _use(port, ask) == ([], 3)


async def test_a_long_list_has_its_time() -> None:
    """As long as it goes on; it is silence that is bounded."""
    steps = 8

    async def slowly(peer: AmiPeer) -> None:
        await peer.welcome()
        while (action := await peer.action())["Action"] == "Filter":
            await peer.answer(action, DONE)
        loop, begun = asyncio.get_running_loop(), asyncio.get_running_loop().time()
        await peer.answer(action, "Response: Success\r\nEventList: start")
        for step in range(1, steps + 1):
            await asyncio.sleep(begun + step * PATIENCE / 4 - loop.time())
            await peer.answer(action, f"Event: QueueParams\r\nQueue: {step}")
        await peer.answer(action, "Event: QueueStatusComplete\r\nEventList: Complete")
        await peer.serve()

    async with ami(slowly) as port:
        assert [each["Queue"] for each in await _use(port, _lists)] == [*map(str, range(1, 9))]


async def test_a_message_without_an_end_is_bounded() -> None:
    """A server that sends on and on is left."""

    async def flood(peer: AmiPeer) -> None:
        await peer.welcome()
        for _ in range(100):
            await peer.say("x" * 65_536)
        await silence()

    async def wait(session: Session) -> None:
        await asyncio.wait({session.lost}, timeout=PATIENCE)
        assert session.lost.done()
        await _lists(session)

    assert await _lost(flood, wait) == "a message came without an end"


async def test_an_answer_of_giants_is_bounded() -> None:
    """Each message has its end, the answer none; it is not kept until the memory is full."""
    sent = 0

    async def flood(peer: AmiPeer) -> None:
        nonlocal sent
        await peer.welcome()
        while (action := await peer.action())["Action"] != "QueueStatus":
            await peer.answer(action, peer.answer_to(action))
        await peer.answer(action, "Response: Success\r\nEventList: start\r\n\r\n")
        giant = f"Event: QueueParams\r\nQueue: {'x' * 16_000}\r\n\r\n"
        for sent in range(1, 20_001):  # noqa: B007  looked at below
            await peer.answer(action, giant)

    assert "an answer without an end" in await _lost(flood, within=PATIENCE * 40)
    assert sent < 10_000


async def test_what_is_no_ami_ends_the_session() -> None:
    """A header that can be there once only, twice."""

    async def confuse(peer: AmiPeer) -> None:
        await peer.welcome()
        await peer.say("Response: Success\r\nActionID: 1\r\nActionID: 2\r\n\r\n")
        await silence()

    assert "what came is no AMI" in await _lost(confuse)


async def test_much_at_once_is_taken_in_turns() -> None:
    """A long list that comes in one piece leaves others their turns, and is whole."""
    turns = 0

    async def much(peer: AmiPeer) -> None:
        await peer.welcome()
        while (action := await peer.action())["Action"] == "Filter":
            await peer.answer(action, DONE)
        id_ = f"ActionID: {action['ActionID']}\r\n\r\n"
        each = f"Event: QueueParams\r\nQueue: Zoë\r\n{id_}"
        end = f"Event: QueueStatusComplete\r\nEventList: Complete\r\n{id_}"
        await peer.say(f"Response: Success\r\nEventList: start\r\n{id_}{each * 5_000}{end}")
        await peer.serve()

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def list_beside(session: Session) -> Any:
        counting = asyncio.create_task(count())
        try:
            return await _lists(session)
        finally:
            counting.cancel()

    async with ami(much) as port:
        listed = await _use(port, list_beside)
    assert [each["Queue"] for each in listed] == ["Zoë"] * 5_000
    assert turns > 5_000 * 80 / (16 * 1024)


async def test_a_character_in_two_parts_is_one() -> None:
    """TCP cuts where it likes."""
    half_is_read = asyncio.Event()

    async def cut(peer: AmiPeer) -> None:
        await peer.welcome()
        while (action := await peer.action())["Action"] == "Filter":
            await peer.answer(action, DONE)
        answer = (
            f"Response: Success\r\nName: Zoë\r\nActionID: {action['ActionID']}\r\n\r\n".encode()
        )
        at = answer.index("ë".encode()) + 1
        await peer.say(b"Event: Reload\r\n\r\n" + answer[:at])  # as one segment
        await half_is_read.wait()
        await peer.say(answer[at:])
        await peer.serve()

    def heard(event: Message) -> None:
        if event["Event"] == "Reload":
            half_is_read.set()

    async with ami(cut) as port:
        assert (await _use(port, lambda session: session.ask("Ping"), heard))["Name"] == "Zoë"


async def test_what_a_library_would_wait_for_is_answered() -> None:
    """Whatever its words: `Added interface to queue successfully` ends an answer, too."""

    async def serve(peer: AmiPeer) -> None:
        await peer.welcome()
        added = "Response: Success\r\nMessage: Added interface to queue"
        queued = "Response: Success\r\nMessage: Originate successfully queued"
        peer.says = {"QueueAdd": added, "Originate": queued}
        await peer.serve()

    async def ask(session: Session) -> list[str]:
        return [(await session.ask(action))["Message"] for action in ("QueueAdd", "Originate")]

    async with ami(serve) as port:
        assert [each.split()[0] for each in await _use(port, ask)] == ["Added", "Originate"]


async def test_a_refused_list_is_refused_and_the_session_goes_on() -> None:
    """The right for one action may be missing."""

    async def serve(peer: AmiPeer) -> None:
        await peer.welcome()
        peer.says = {"QueueStatus": REFUSED}
        await peer.serve()

    async def ask(session: Session) -> Message:
        with pytest.raises(AmiRefused, match="QueueStatus: Permission denied"):
            await _lists(session)
        return await session.ask("Ping")

    async with ami(serve) as port:
        assert (await _use(port, ask))["Response"] == "Success"


async def test_nothing_is_sent_in_another_session() -> None:
    """What was asked when the connection was lost is told lost, and asked by nobody later."""
    peers: list[list[Action]] = []

    async def close_when_asked(peer: AmiPeer) -> None:
        peers.append(peer.actions)
        await peer.welcome()
        while (await peer.action())["Action"] != "QueueAdd":
            await peer.answer(peer.actions[-1], DONE)

    async def add(session: Session) -> None:
        await session.ask("QueueAdd", Queue="sales", Interface="PJSIP/6929")

    async with ami(close_when_asked) as port:
        with pytest.raises(AmiLost, match="Asterisk closed the connection"):
            await _use(port, add)
        await _use(port, lambda session: session.ask("Ping"))
    assert peers[0][-1]["Action"] == "QueueAdd"
    assert {action["Action"] for action in peers[1]} == {"Login", "Filter", "Ping"}


async def test_no_value_becomes_another_header() -> None:
    """A line's end in a value is refused before anything is sent."""

    async def serve(peer: AmiPeer) -> None:
        await peer.welcome()
        await peer.serve()

    async def ask(session: Session) -> None:
        with pytest.raises(AmiRefused, match="a value that is not one printable line"):
            await session.ask("PJSIPShowEndpoint", Endpoint="a\r\nAction: Originate")

    async with ami(serve) as port:
        await _use(port, ask)


async def test_events_are_heard_and_answers_are_not() -> None:
    """Those of a list belong to who asked for it."""
    heard: list[Message] = []

    async def serve(peer: AmiPeer) -> None:
        await peer.welcome()
        await peer.say("Event: Reload\r\nModule: All\r\n\r\n")
        await peer.serve()

    async with ami(serve) as port:
        assert len(await _use(port, _lists, heard.append)) == 3
    assert [event["Event"] for event in heard] == ["FullyBooted", "Reload"]


async def test_who_gives_up_leaves_nothing() -> None:
    """At whatever point: while it connects, logs in or waits for an answer."""

    async def serve(peer: AmiPeer) -> None:
        await peer.welcome()
        while (await peer.action())["Action"] == "Filter":
            await peer.answer(peer.actions[-1], DONE)
        await silence()

    async with ami(serve) as port:
        for turns in range(60):
            task = asyncio.create_task(_use(port, _lists))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
