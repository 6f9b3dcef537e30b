"""Watching a real Asterisk when something fails in between: nothing twice, nothing stuck, no fight.

Within five seconds the status says what is so, and a number is neither lent while a call is on it
nor kept back by one that is over.
"""

from __future__ import annotations

import json
import signal
import threading
import time
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from interact_ivr.ari.calls import Look
from interact_ivr.ari.client import Access, AriError, Client
from interact_ivr.ari.session import Hearing, Session
from interact_ivr.ari.told import Event
from testbed.conf import PASSWORD, READER, USER
from testbed.ivr import extensions
from testbed.line import control
from testbed.pbx import Pbx
from testbed.service import Service
from testbed.sipp import Call, SippError, place_calls
from testbed.tools import Tools
from testbed.watched import (
    ASKS_LATER,
    POLL_SECONDS,
    SLOW,
    STAYS,
    Watched,
    change_password,
    table,
)

LOSSES = 100
WatchedFactory = Callable[..., Watched]
ServiceFactory = Callable[..., Service]
Beside = ThreadPoolExecutor


class Deaf(Hearing):
    """Hears nothing."""

    async def looked(self, look: Look) -> None:
        """Hear nothing."""

    async def heard(self, event: Event) -> None:
        """Hear nothing."""

    def received(self) -> None:
        """Hear nothing."""

    def malformed(self, reason: str) -> None:
        """Hear nothing."""
        raise AssertionError(reason)


class LostError(Exception):
    """Raised to end a session as soon as it watches."""


def lose() -> None:
    """End it."""
    raise LostError


def test_asterisk_is_restarted_in_mid_call(
    tools: Tools, watched_factory: WatchedFactory, beside: Beside
) -> None:
    """Its calls are over, so the number is lent again; the gap is named while there is one."""
    watched = watched_factory()
    watched.service.import_numbers(STAYS)
    calling = watched.dialing(tools, beside, Call(STAYS, hang_up_after_seconds=3))
    watched.wait_until_ringing()
    watched.pbx.kill()
    watched.wait_until_it_is("unreachable")
    assert "pbx testbed" in watched.ready()["degraded"]
    assert not watched.may_be_lent()
    watched.pbx.start()
    watched.wait_until_it_is("watching")
    watched.wait_until_ringing(0)
    assert watched.may_be_lent()
    assert watched.ready()["degraded"] == {}
    with suppress(SippError):  # nobody answered its BYE
        calling.result()


def test_the_websocket_is_cut_in_mid_call(
    tools: Tools, watched_factory: WatchedFactory, beside: Beside
) -> None:
    """A call that goes on still keeps its number; one that ends meanwhile does not."""
    watched = watched_factory(relayed=True)
    watched.service.import_numbers(STAYS)
    calling = watched.dialing(tools, beside, Call(STAYS, hang_up_after_seconds=4))
    watched.wait_until_ringing()
    watched.relay.cut()
    watched.wait_for(lambda pbx: pbx["reconnects"] == 1, "to a reconnect")
    assert not watched.may_be_lent()
    watched.relay.freeze()
    calling.result()
    watched.relay.thaw()
    watched.wait_until_ringing(0)
    assert watched.may_be_lent()


def test_a_call_that_comes_while_the_websocket_is_cut_is_seen_afterwards(
    tools: Tools, watched_factory: WatchedFactory, beside: Beside
) -> None:
    """With its age: it was there before the expiry, and is FOUND though it asks after it."""
    watched = watched_factory("[pool]\nhold_for_seconds = 4\n", relayed=True)
    watched.pbx.cli("dialplan set global WAITS 6")
    watched.service.import_numbers(ASKS_LATER)
    watched.service.ask("allocate", "order-1")
    watched.relay.freeze()
    calling = watched.dialing(tools, beside, Call(ASKS_LATER))
    watched.pbx.wait_seen("arrived")
    watched.relay.thaw()
    watched.relay.cut()
    watched.wait_until_ringing()
    calling.result()
    (seen,) = watched.pbx.wait_seen("ivr")
    assert (seen.values["INTERACT_STATUS"], seen.values["INTERACT_ID"]) == ("FOUND", "order-1")
    assert [entry["event"] for entry in watched.service.ask("journal")] == [
        "allocated",
        "retrieved",
    ]


async def test_devices_that_change_while_the_websocket_is_lost_do_not_end_aris_answers(
    watched_factory: WatchedFactory, beside: Beside
) -> None:
    """Asterisk deadlocks over who is told of devices' states (its issue 2170): we are not."""
    pbx = watched_factory().pbx
    access = Access(f"http://127.0.0.1:{pbx.http_port}/ari", USER, lambda: PASSWORD, "lost")
    over = threading.Event()
    changing = [beside.submit(change_devices, pbx, over) for _ in range(2)]
    try:
        async with Client(access) as client:
            client.read_password()
            watched = [await is_watched(client) for _ in range(LOSSES)]
    finally:
        over.set()
    assert all(each.result() for each in changing)
    assert sum(watched) >= LOSSES / 2


async def is_watched(client: Client) -> bool:
    """Watch, and lose the websocket at once; False where Asterisk still ends the one before."""
    try:
        with suppress(LostError):
            await Session(client, Deaf()).run(lose)
    except AriError as error:
        if "no answer" in str(error):
            raise
        return False
    return True


def test_a_silent_network_is_noticed(watched_factory: WatchedFactory) -> None:
    """Nothing is closed and nothing comes: known within five seconds, and over within five more."""
    watched = watched_factory(relayed=True)
    watched.relay.freeze()
    watched.wait_until_it_is("unreachable")
    watched.relay.thaw()
    watched.wait_until_it_is("watching")


@pytest.mark.parametrize(
    "times", [5, pytest.param(200, marks=[pytest.mark.long, pytest.mark.timeout(600)])]
)
def test_after_many_reconnects_nothing_is_left_over(
    watched_factory: WatchedFactory, times: int
) -> None:
    """Neither a task nor a descriptor nor a thread, and each time it is watched again."""
    watched = watched_factory(relayed=True)
    cut(watched, 3)
    before = watched.service.held()
    cut(watched, 3 + times)
    watched.wait_until_it_is("watching")
    assert watched.service.held().exceeds(before) == []


def cut(watched: Watched, times: int) -> None:
    """Cut the websocket until it was lost and found again so many times."""
    while (lost := watched.standing()["reconnects"]) < times:
        watched.relay.cut()
        watched.wait_for(lambda pbx: pbx["reconnects"] > lost, "back")


def test_the_ari_user_is_changed(watched_factory: WatchedFactory) -> None:
    """Told as refused, without the password; the new one is read where the old one was."""
    watched = watched_factory()
    change_password(watched.pbx, "another")
    standing = watched.wait_until_it_is("refused")
    assert "401" in standing["reason"]
    watched.password.write_text("another")
    watched.wait_until_it_is("watching")
    log = watched.service.log_path.read_text()
    assert "another" not in log
    assert f'"{PASSWORD}:' not in log


@pytest.mark.parametrize("end", [Service.kill, Service.stop])
def test_the_service_is_restarted_in_mid_call(
    tools: Tools, watched_factory: WatchedFactory, beside: Beside, end: Callable[[Service], None]
) -> None:
    """What rings is on record: afterwards the number is still not lent, and the call is FOUND."""
    watched = watched_factory("[pool]\nhold_for_seconds = 2\n")
    watched.pbx.cli("dialplan set global WAITS 8")
    watched.service.import_numbers(ASKS_LATER)
    watched.service.ask("allocate", "order-1")
    calling = watched.dialing(tools, beside, Call(ASKS_LATER))
    watched.wait_until_ringing()
    end(watched.service)
    watched.service.start()
    watched.wait_until_it_is("watching")
    watched.wait_until_ringing()
    assert not watched.may_be_lent()
    calling.result()
    (seen,) = watched.pbx.wait_seen("ivr")
    assert (seen.values["INTERACT_STATUS"], seen.values["INTERACT_ID"]) == ("FOUND", "order-1")


def test_a_call_that_ends_while_the_service_is_away_keeps_no_number(
    tools: Tools, watched_factory: WatchedFactory, beside: Beside
) -> None:
    """Nobody has told of its end: that is found out by looking."""
    watched = watched_factory()
    watched.service.import_numbers(STAYS)
    calling = watched.dialing(tools, beside, Call(STAYS, hang_up_after_seconds=1))
    watched.wait_until_ringing()
    watched.service.signal(signal.SIGSTOP)
    watched.service.kill()
    calling.result()
    watched.service.start()
    watched.wait_until_it_is("watching")
    watched.wait_until_ringing(0)
    assert watched.may_be_lent()


@pytest.mark.parametrize("allocated", [True, False], ids=["FOUND", "NOT_ALLOCATED"])
def test_a_call_that_has_its_answer_does_not_ring_again(
    tools: Tools, watched_factory: WatchedFactory, beside: Beside, *, allocated: bool
) -> None:
    """It stays in the context that it came in by; a look after a gap tells no difference."""
    stays_on = """
exten => _3809745205XX,1,Gosub(interact-retrieve,s,1)
 same => n,Gosub(testbed-report,s,1(asked))
 same => n,Answer()
 same => n,Wait(60)
"""
    watched = watched_factory("[pool]\nrest_for_seconds = 0\n", relayed=True, more=stays_on)
    watched.service.import_numbers("380974520500")
    if allocated:
        watched.service.ask("allocate", "order-1")
    calling = watched.dialing(tools, beside, Call("380974520500", hang_up_after_seconds=6))
    watched.pbx.wait_seen("asked")
    watched.relay.cut()
    watched.wait_for(lambda pbx: pbx["reconnects"] == 1, "to a reconnect")
    watched.service.kill()
    watched.service.start()
    watched.wait_until_it_is("watching")
    assert watched.standing()["calls"] == 0
    assert watched.may_be_lent()
    assert not calling.done()
    calling.result()


def test_a_second_watcher_of_the_same_name_is_reported_and_not_fought(
    watched_factory: WatchedFactory, service_factory: ServiceFactory
) -> None:
    """The first one stands back for as long as the second is there, and comes back by itself."""
    watched = watched_factory()
    second = service_factory(watched.table)
    second.wait_log("the pbx is watched")
    standing = watched.wait_until_it_is("taken over")
    assert "another connection" in standing["reason"]
    assert "pbx testbed" in watched.ready()["degraded"]
    seen = [state_of(second) for _ in holding(3.0)]
    assert set(seen) == {"watching"}
    assert watched.standing()["ari"] == "taken over"
    assert watched.standing()["reconnects"] == 0
    second.stop()
    watched.wait_until_it_is("watching")


def test_a_taken_over_socket_that_is_told_nothing_is_noticed(
    watched_factory: WatchedFactory,
) -> None:
    """Where a filter of the other one's keeps ApplicationReplaced from us, the silence tells."""
    watched = watched_factory()
    filter_out_everything(watched.pbx)
    standing = watched.wait_until_it_is("taken over")
    assert standing["reason"] == "the websocket is silent"
    watched.wait_until_it_is("watching")  # nobody else has it: the filter went with our socket


def test_a_user_who_may_only_read_is_enough(
    tools: Tools, watched_factory: WatchedFactory, service_factory: ServiceFactory, beside: Beside
) -> None:
    """Then Asterisk sends everything, and calls are seen all the same; so is a takeover."""
    watched = watched_factory(ari_user=f'"{READER}"')
    assert watched.standing()["filtered"] is False
    watched.service.import_numbers(STAYS)
    calling = watched.dialing(tools, beside, Call(STAYS, hang_up_after_seconds=2))
    watched.wait_until_ringing()
    assert not watched.may_be_lent()
    calling.result()
    watched.wait_until_ringing(0)
    assert watched.standing()["malformed"] == 0
    service_factory(watched.table)
    watched.wait_until_it_is("taken over")


def test_a_number_that_is_called_over_two_pbxes_is_kept_by_both(
    tools: Tools,
    watched_factory: WatchedFactory,
    pbx_factory: Callable[..., Pbx],
    beside: Beside,
) -> None:
    """Each call for itself: the end of one, or its PBX's, ends nothing of the other."""
    watched = watched_factory()
    other = pbx_factory(extensions=extensions(watched.service.agi, SLOW, query="pbx=second"))
    watched.service.stop()
    second = table(other.http_port, watched.password, name='"second"')
    watched.service.configure(watched.table + second)
    watched.service.start()
    watched.wait_until_it_is("watching")
    watched.service.import_numbers(STAYS)
    short = watched.dialing(tools, beside, Call(STAYS, hang_up_after_seconds=2))
    long = beside.submit(place_calls, tools, other, [Call(STAYS, hang_up_after_seconds=5)])
    watched.wait_until_ringing()
    other.wait_seen("arrived")
    short.result()
    watched.wait_until_ringing(0)
    assert not watched.may_be_lent()
    assert not long.done()
    long.result()
    wait_until_it_may_be_lent(watched)


def test_two_pbxes_are_watched_each_by_itself(watched_factory: WatchedFactory) -> None:
    """One that is away is named, and hinders neither the other nor, unless required, readiness."""
    watched = watched_factory()
    other = '[[pbx]]\nname = "other"\nari_url = "http://127.0.0.1:1/ari"\nami_host = ""\n' + (
        f'ari_password = "{watched.password}"\n'
    )
    for required in (False, True):
        named = other + f"required = {str(required).lower()}\n"
        watched.service.stop()
        watched.service.configure(watched.table + named)
        watched.service.start()
        watched.wait_until_it_is("watching")
        ready = watched.ready()
        assert ready["ready"] is not required
        assert list(ready["missing" if required else "degraded"]) == ["pbx other"]
    states = {pbx["name"]: pbx["ari"] for pbx in control(watched.service, "status")["pbx"]}
    assert states == {"testbed": "watching", "other": "unreachable"}


def wait_until_it_may_be_lent(watched: Watched) -> None:
    """Wait until the only number there is can be allocated to somebody new."""
    for _ in holding(5.0):
        if watched.may_be_lent():
            return
    raise AssertionError(f"the number is stuck\n{watched.service.tail()}")


def state_of(service: Service) -> str:
    """Say how it stands with the watching by *service*."""
    state: str = control(service, "status")["pbx"][0]["ari"]
    return state


def holding(seconds: float) -> Iterator[None]:
    """Go round until so much time has passed."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        yield
        time.sleep(POLL_SECONDS)


def change_devices(pbx: Pbx, over: threading.Event) -> int:
    """Change a device's state until it is over, and say how often."""
    count = 0
    while not over.is_set():
        count += 1
        ask_ari(pbx, f"deviceStates/Stasis:desk?deviceState={('INUSE', 'NOT_INUSE')[count % 2]}")
    return count


def filter_out_everything(pbx: Pbx) -> None:
    """Have Asterisk send the application nothing any more, as whoever may write can."""
    ask_ari(pbx, "applications/interact-ivr-test/eventFilter", {"allowed": [{"type": "Dial"}]})


def ask_ari(pbx: Pbx, path: str, body: object = None) -> None:
    """Put something there."""
    asked = urllib.request.Request(
        f"http://127.0.0.1:{pbx.http_port}/ari/{path}",
        method="PUT",
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Content-Type": "application/json",
            "Authorization": "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode(),
        },
    )
    with urllib.request.urlopen(asked, timeout=5) as answer:
        assert answer.status in (200, 204)
