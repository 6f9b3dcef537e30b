"""An ARI that means harm, or has lost its mind: what it cannot have the service do, or keep."""

from __future__ import annotations

import weakref

import msgspec
import pytest
from aiohttp import web

from interact_ivr.ari.client import Access, Client, Watch
from interact_ivr.ari.events import MalformedError, channels_of, date_of
from interact_ivr.ari.proof import Proof
from testbed.fake_ari import FakeAri, channel
from testbed.ports import LOOPBACK
from tests.edge.test_ari import OURS, scene

MORE_THAN_AT_ONCE = 70
"""Calls; 64 are being taken note of, and the others' events wait."""


async def test_a_call_whose_turn_had_not_come_is_found_after_a_gap() -> None:
    """Arrivals and ends alike: what was cut off in its waiting is said again by the next look."""
    async with scene() as it:
        await it.until_it_is(Watch.WATCHING)
        await it.ari.create("early", OURS)
        await it.until(lambda: "early" in it.store.calls)
        it.store.may_note.clear()
        names = {str(number) for number in range(MORE_THAN_AT_ONCE)}
        for name in names:
            await it.ari.create(name, OURS)
        await it.ari.destroy("early")
        await it.until(lambda: it.observer.count > MORE_THAN_AT_ONCE)
        await it.ari.sockets[-1].close()
        await it.until(lambda: it.watcher.standing.state is not Watch.WATCHING)
        it.store.may_note.set()
        await it.until(lambda: it.store.calls == names)


async def test_a_number_that_could_not_be_read_is_read_after_a_gap() -> None:
    """It is counted, and not guessed; but what hid it may be over, and the call still there."""
    async with scene(dnis_from=("request_uri",)) as it:
        await it.until_it_is(Watch.WATCHING)
        await it.ari.create("1", "")
        await it.until(lambda: it.watcher.unread == 1)
        assert not it.store.calls
        it.ari.variables["1", "CALLERID(dnid)"] = OURS
        await it.ari.sockets[-1].close()
        await it.until(lambda: it.store.calls == {"1"})


@pytest.mark.parametrize("failures", [0, 1])
async def test_what_is_on_record_of_before_and_not_there_is_over(failures: int) -> None:
    """A call that ended while we were away; also where the store cannot say at once what it has."""
    async with scene() as it:
        await it.until_it_is(Watch.WATCHING)
        it.store.calls.add("long ago")
        it.store.failures = failures
        await it.ari.sockets[-1].close()
        await it.until(lambda: not it.store.calls)


async def test_nobody_is_followed_elsewhere() -> None:
    """The websocket goes where the configuration says, wherever the PBX's answer points."""
    asked = []

    async def elsewhere(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response()

    application = web.Application()
    application.router.add_route("*", "/{rest:.*}", elsewhere)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0).start()

    def send_away(ari: FakeAri) -> None:
        ari.sends_to = f"http://{LOOPBACK}:{runner.addresses[0][1]}/private"

    async with scene(send_away) as it:
        await it.until_it_is(Watch.UNREACHABLE)
        assert "302" in it.watcher.standing.reason
    await runner.cleanup()
    assert not asked


async def test_no_cookie_is_kept() -> None:
    """Each answer could bring others, for as long as the service runs."""

    def bake(ari: FakeAri) -> None:
        ari.cookie = "kept"
        ari.host = "localhost"  # aiohttp keeps none of an address

    async with scene(bake, dnis_from=("request_uri",)) as it:
        await it.until_it_is(Watch.WATCHING)
        await it.ari.create("1", OURS)
        await it.until(lambda: it.watcher.unread == 1)
        assert not it.ari.shown_cookies


class _Mark(str):
    """A text of which can be said whether anybody keeps it."""

    __slots__ = ("__weakref__",)


async def test_echoes_that_nobody_waits_for_are_not_kept() -> None:
    """A user who may only read never asks for one; another program may have them sent."""
    proof = Proof(Client(Access("", "", str, "")))
    mark = _Mark("another's")
    kept = weakref.ref(mark)
    proof.echo(mark)
    del mark
    assert kept() is None


@pytest.mark.parametrize(
    "header",
    [
        "Mon, 01 Jan 99999999999 00:00:00 GMT",
        "Mon, 01 Jan 2026 00:00:00 +99999999999999999999",
    ],
)
def test_a_date_out_of_reach_is_none(header: str) -> None:
    """No age follows from it, and nothing fails."""
    assert date_of(header) is None


def test_a_channel_s_id_is_as_short_as_asterisk_s() -> None:
    """It is kept, logged and written down; a megabyte is none."""
    with pytest.raises(MalformedError):
        channels_of(_answer("x" * 257))
    assert len(channels_of(_answer("x" * 149))) == 1


def _answer(name: str) -> bytes:
    return msgspec.json.encode([channel(name, OURS)])
