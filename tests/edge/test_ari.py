"""An ARI that misbehaves: what is watched goes on, what is lost is told, nothing is left over."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from interact_ivr.ari.client import Access, AriError, Watch
from interact_ivr.ari.connection import Standing
from interact_ivr.ari.session import first_to_end
from interact_ivr.ari.watcher import Pbx, Watcher
from interact_ivr.config_pbx import trust
from interact_ivr.domain.errors import StoreUnavailable
from interact_ivr.domain.names import CallRef
from interact_ivr.domain.phone_calls import PhoneCall
from interact_ivr.pace import Pace
from testbed.certificate import make_certificate
from testbed.fake_ari import FakeAri, channel
from testbed.leftovers import nothing_left, there
from testbed.noted_pace import NotedPace

PATIENCE = 10.0
OURS = "0200"


class Store:
    """What the watcher asks of the service: which calls are on numbers; 0200 is ours alone."""

    def __init__(self) -> None:
        self.calls: set[str] = set()
        self.ages: dict[str, timedelta | None] = {}
        self.failures = 0
        self.error: Exception = StoreUnavailable("full")
        self.may_note = asyncio.Event()
        self.may_note.set()
        self.changed = asyncio.Event()

    async def rings(self, _: str, dialed: str, call: CallRef, age: timedelta | None = None) -> bool:
        """Take note, or fail; in its time."""
        await self.may_note.wait()
        self._fail()
        if dialed != OURS:
            return False
        self.calls.add(call.uniqueid)
        self.ages[call.uniqueid] = age
        self.changed.set()
        return True

    async def stopped(self, call: CallRef) -> None:
        """Take note, or fail."""
        self._fail()
        self.calls.discard(call.uniqueid)
        self.changed.set()

    async def calls_of(self, _: str) -> frozenset[str]:
        """Give them, or fail."""
        self._fail()
        return frozenset(self.calls)

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise self.error


class Desk:
    """What is on phones, as the service is told of it."""

    def __init__(self, changed: asyncio.Event) -> None:
        self.calls: dict[str, PhoneCall] = {}
        self.ended: list[str] = []
        self._changed = changed

    def shows(self, call: PhoneCall) -> None:
        """Take note."""
        self.calls[call.uniqueid] = call
        self._changed.set()

    def over(self, _: str, uniqueid: str, at: datetime) -> None:
        """Take note."""
        assert at.tzinfo is not None
        self.calls.pop(uniqueid)
        self.ended.append(uniqueid)
        self._changed.set()

    def extension_of(self, *_: object) -> None:
        """Know nobody."""


@dataclass
class Observer:
    """What was told."""

    changed: asyncio.Event
    standings: list[Standing] = field(default_factory=list)
    malformed_: list[str] = field(default_factory=list)
    failed_: list[str] = field(default_factory=list)
    unknown_: list[tuple[str, str]] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    count: int = 0

    def received(self) -> None:
        """Count."""
        self.count += 1

    def event(self, late: float) -> None:
        """Take note."""
        self.late.append(late)
        self.changed.set()

    def malformed(self, reason: str) -> None:
        """Take note."""
        self.malformed_.append(reason)
        self.changed.set()

    def unread(self, *_: object) -> None:
        """Take note."""
        self.changed.set()

    def unknown(self, call: str, reason: str) -> None:
        """Take note."""
        self.unknown_.append((call, reason))
        self.changed.set()

    def failed(self, call: str, _: Exception) -> None:
        """Take note."""
        self.failed_.append(call)
        self.changed.set()

    def stands(self, standing: Standing) -> None:
        """Take note."""
        self.standings.append(standing)
        self.changed.set()


@dataclass
class Scene:
    """A watcher and the ARI that it watches."""

    ari: FakeAri
    store: Store
    desk: Desk
    observer: Observer
    watcher: Watcher

    async def until(self, holds: Callable[[], bool], within: float = PATIENCE) -> None:
        """Wait until it *holds*; what happens wakes, and so does a short time."""
        async with asyncio.timeout(within):
            while not holds():
                self.store.changed.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.02):
                        await self.store.changed.wait()

    async def until_it_is(self, state: Watch, within: float = PATIENCE) -> None:
        """Wait until it stands so with the watching."""
        await self.until(lambda: self.watcher.standing.state is state, within)


@asynccontextmanager
async def scene(
    prepare: Callable[[FakeAri], None] = lambda _: None,
    pace: Pace | None = None,
    dnis_from: Sequence[str] = ("extension",),
    tls: ssl.SSLContext | None = None,
    ca_file: str = "",
) -> AsyncIterator[Scene]:
    """Watch a fake ARI, as *prepare* makes it."""
    async with AsyncExitStack() as stack:
        ari = await stack.enter_async_context(FakeAri(tls))
        prepare(ari)
        access = Access(ari.url, "ivr", lambda: "secret", "ours", lambda: trust(ca_file))
        store: Any = Store()
        observer = Observer(store.changed)
        desk = Desk(store.changed)
        watcher = Watcher(
            Pbx("main", access, {"inbound": ""}, dnis_from),
            store,
            desk,
            observer,
            lambda: datetime.now(UTC),
            pace,
        )
        watching = asyncio.create_task(watcher.run())
        yield Scene(ari, store, desk, observer, watcher)
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


@pytest.mark.parametrize(
    "said",
    [
        "no JSON",
        b"\xff\xfe",
        '{"type": "ChannelCreated"}',
        '{"type": "ChannelDestroyed", "timestamp": "now", "channel": {}}',
        "[" * 100_000,
    ],
)
async def test_what_is_malformed_is_counted_and_the_rest_is_heard(said: str | bytes) -> None:
    """In the same connection."""
    async with scene() as it:
        await it.until_it_is(Watch.WATCHING)
        await it.ari.say(said)
        await it.ari.create("1", OURS)
        await it.until(lambda: it.store.calls == {"1"})
        assert len(it.observer.malformed_) == 1
        assert it.watcher.malformed_events == 1
        assert it.ari.connections == 1


async def test_https_is_spoken_with_whom_one_trusts(tmp_path: Path) -> None:
    """By the websocket and by what is asked beside it; anybody else is told no password."""
    shown = make_certificate(tmp_path)
    async with scene(tls=shown.server(), ca_file=str(shown.file)) as it:
        await it.until_it_is(Watch.WATCHING)
        await it.ari.create("1", OURS)
        await it.until(lambda: it.store.calls == {"1"})
    async with scene(tls=shown.server()) as it:
        await it.until_it_is(Watch.UNREACHABLE)
        assert "certificate verify failed" in it.watcher.standing.reason
        assert it.ari.asked == []


async def test_what_is_away_is_told_once(tmp_path: Path) -> None:
    """However often it is tried, each time with the certificates read anew."""
    shown, pace = make_certificate(tmp_path), NotedPace(stable=60.0)
    async with scene(pace=pace, tls=shown.server(), ca_file=str(shown.file)) as it:
        await it.until_it_is(Watch.WATCHING)
        await it.ari.__aexit__()
        await it.until(lambda: len(pace.failures) >= 5)
        reasons = [each.reason for each in it.observer.standings]
        assert len([each for each in reasons if each.startswith("cannot connect")]) == 1


async def test_what_is_unknown_is_ignored() -> None:
    """Counted as an event, and nothing else."""
    async with scene() as it:
        await it.until_it_is(Watch.WATCHING)
        await it.ari.tell("SomethingNew", channel=7)
        await it.ari.create("1", OURS, context="agents")
        await it.ari.create("2", "0999")
        await it.ari.create("3", OURS)
        await it.until(lambda: it.store.calls == {"3"})
        assert it.observer.malformed_ == []
        assert it.observer.count >= 4


async def test_an_event_without_end_costs_the_connection_only() -> None:
    """It is over a megabyte: the socket is closed, and everything looked at anew."""
    async with scene() as it:
        await it.until_it_is(Watch.WATCHING)
        it.ari.channels.append(channel("1", OURS))
        with suppress(ConnectionError):
            await it.ari.say("x" * 2_000_000)
        await it.until(lambda: it.watcher.reconnects == 1)
        await it.until(lambda: it.store.calls == {"1"})


async def test_only_what_is_of_interest_is_sent() -> None:
    """Asterisk's filter has the types that are read, its takeover among them."""
    async with scene() as it:
        await it.until_it_is(Watch.WATCHING)
        assert set(it.ari.filter) == {
            *("ChannelCreated", "ChannelDestroyed", "ChannelUserevent", "ApplicationReplaced"),
            *("ChannelStateChange", "ChannelHold", "ChannelUnhold", "Dial"),
            *("ChannelEnteredBridge", "ChannelLeftBridge", "BridgeMerged", "BridgeDestroyed"),
        }
        assert it.watcher.standing.filtered


@pytest.mark.parametrize("status", [403, 404, 405])
async def test_where_there_is_no_filter_it_goes_without(status: int) -> None:
    """An old version, or a user who may only read; then no event of our own is asked for either."""

    def prepare(ari: FakeAri) -> None:
        ari.statuses = {("PUT", "applications"): status, ("POST", "events"): status}

    async with scene(prepare) as it:
        await it.until_it_is(Watch.WATCHING)
        assert not it.watcher.standing.filtered
        await it.until(lambda: it.ari.asked.count("GET /applications/ours") >= 3)
        assert it.watcher.standing.state is Watch.WATCHING
        assert sum(asked.startswith("POST /events") for asked in it.ari.asked) == 1


async def test_no_states_of_devices_are_subscribed_to() -> None:
    """Asterisk may deadlock over them when the websocket is lost: who may choose does without."""
    async with scene() as it:
        await it.until_it_is(Watch.WATCHING)
        assert "GET /events?app=ours&subscribeAll=false" in it.ari.asked
        subscribed = [asked for asked in it.ari.asked if "eventSource" in asked]
        path = "POST /applications/ours/subscription?eventSource"
        assert subscribed == [f"{path}={kind}:" for kind in ("channel", "channel", "bridge")]


async def test_who_may_only_read_is_told_of_all_there_is() -> None:
    """There is no other way to be told of all channels."""

    def prepare(ari: FakeAri) -> None:
        ari.statuses = {("POST", "applications"): 403}

    async with scene(prepare) as it:
        await it.until_it_is(Watch.WATCHING)
        assert "GET /events?app=ours&subscribeAll=true" in it.ari.asked


async def test_who_may_only_read_an_application_that_is_settled_is_not_watching() -> None:
    """Another program's registration was first: half of the calls would be none; that is told."""

    def prepare(ari: FakeAri) -> None:
        ari.settled = True
        ari.statuses = {("POST", "applications"): 403}

    async with scene(prepare) as it:
        await it.until_it_is(Watch.REFUSED)


async def test_who_cannot_subscribe_is_not_watching() -> None:
    """Asterisk says that it has done it, and has not; that is told."""

    def prepare(ari: FakeAri) -> None:
        ari.subscribes = False

    async with scene(prepare) as it:
        await it.until_it_is(Watch.REFUSED)
        assert "all channels" in it.watcher.standing.reason


@pytest.mark.parametrize(
    ("method", "path", "status", "state"),
    [
        ("GET", "events", 401, Watch.REFUSED),
        ("GET", "events", 404, Watch.UNREACHABLE),
        ("GET", "channels", 403, Watch.REFUSED),
        ("GET", "bridges", 500, Watch.UNREACHABLE),
        ("GET", "applications", 404, Watch.UNREACHABLE),
        ("GET", "asterisk", 301, Watch.UNREACHABLE),
    ],
)
async def test_what_is_refused_is_told_and_tried_again(
    method: str, path: str, status: int, state: Watch
) -> None:
    """With the status; and it is watched once that is mended."""

    def prepare(ari: FakeAri) -> None:
        ari.statuses = {(method, path): status}

    async with scene(prepare) as it:
        await it.until_it_is(state)
        assert str(status) in it.watcher.standing.reason
        assert "secret" not in it.watcher.standing.reason
        it.ari.statuses = {}
        await it.until_it_is(Watch.WATCHING)


async def test_what_asterisk_calls_itself_is_one_printable_line() -> None:
    """People read it on their terminals, and what it is not understood by."""
    escape = "\x1b]0;owned\x07"

    def prepare(ari: FakeAri) -> None:
        ari.bodies = {"asterisk": json.dumps({"system": {"version": escape * 100}}).encode()}

    async with scene(prepare) as it:
        await it.until_it_is(Watch.WATCHING)
        version = it.watcher.standing.version
        assert version.startswith("?]0;owned?")
        assert len(version) <= 200
        await it.ari.tell("ChannelDestroyed", timestamp=escape * 1000, channel={"id": "1"})
        await it.until(lambda: len(it.observer.malformed_) == 1)
        (malformed,) = it.observer.malformed_
        assert malformed.isprintable()
        assert len(malformed) <= 200


@pytest.mark.parametrize("path", ["asterisk", "applications", "channels", "bridges"])
async def test_an_answer_that_is_not_understood_is_told(path: str) -> None:
    """It is no Asterisk, or one of another kind."""

    def prepare(ari: FakeAri) -> None:
        ari.bodies = {path: b'{"error": 7}'}

    async with scene(prepare) as it:
        await it.until_it_is(Watch.UNREACHABLE)
        assert "not understood" in it.watcher.standing.reason


async def test_a_socket_without_pongs_is_given_up() -> None:
    """Within five seconds: nobody is there, whatever the kernel says."""

    def prepare(ari: FakeAri) -> None:
        ari.pongs = False
        ari.statuses = {("POST", "events"): 403}

    async with scene(prepare) as it:
        await it.until_it_is(Watch.WATCHING)
        await it.until(lambda: it.ari.connections == 2, within=5)


async def test_a_dead_socket_is_not_taken_for_a_taken_over_one() -> None:
    """Neither pongs nor echoes come: it is registered again, however long ours is still known."""

    def prepare(ari: FakeAri) -> None:
        ari.pongs = ari.echoes = False

    async with scene(prepare) as it:
        await it.until(lambda: any(asked.startswith("POST /events") for asked in it.ari.asked))
        await it.ari.tell("SomethingNew")  # the last that comes, so the next heartbeat is late
        await it.until(lambda: it.ari.connections == 2)
        assert Watch.TAKEN_OVER not in [each.state for each in it.observer.standings]


async def test_of_what_ends_together_the_first_one_counts() -> None:
    """Not chance: the reader knows best why it is over."""

    async def end(name: str) -> None:
        raise AriError(Watch.UNREACHABLE, name)

    for _ in range(20):
        with pytest.raises(AriError, match=r"^0$"):
            await first_to_end(*(end(str(at)) for at in range(8)))


async def test_asterisk_s_pings_are_answered() -> None:
    """It closes a websocket whose pongs do not come."""
    async with scene() as it:
        await it.until_it_is(Watch.WATCHING)
        await it.ari.sockets[-1].ping(b"there?")
        await it.until(lambda: it.ari.ponged == [b"there?"])


async def test_a_socket_that_is_told_nothing_is_given_up() -> None:
    """Our own event does not come; as the application is there, another one must have it."""

    def prepare(ari: FakeAri) -> None:
        ari.echoes = False

    async with scene(prepare) as it:
        await it.until_it_is(Watch.WATCHING)
        await it.until_it_is(Watch.TAKEN_OVER, within=5)
        connections = it.ari.connections
        await it.until(lambda: it.ari.asked.count("GET /applications/ours") >= 3)
        assert it.ari.connections == connections
        it.ari.statuses = {("GET", "applications"): 404}
        await it.until(lambda: it.ari.connections > connections)
        it.ari.statuses, it.ari.echoes = {}, True
        await it.until_it_is(Watch.WATCHING)  # that there is an application is no fault any more


async def test_a_socket_that_was_ours_is_proved_again_and_again() -> None:
    """One echo proves that instant, and none after it."""
    async with scene() as it:
        await it.until_it_is(Watch.WATCHING)
        await it.until(lambda: any(asked.startswith("POST /events") for asked in it.ari.asked))
        await it.until(lambda: len(it.observer.late) > 0)
        it.ari.echoes = False
        await it.until_it_is(Watch.TAKEN_OVER)


async def test_a_store_that_could_not_take_note_has_all_looked_at_again() -> None:
    """Of arrivals and of ends, and where it could not say what it knows."""
    async with scene() as it:
        await it.until_it_is(Watch.WATCHING)
        it.store.failures = 1
        await it.ari.create("1", OURS)
        await it.until(lambda: it.store.calls == {"1"})
        it.store.failures = 2
        await it.ari.destroy("1")
        await it.until(lambda: it.store.calls == set())
        assert "1" in it.observer.failed_
        assert it.ari.connections == 1


async def test_a_call_that_has_its_end_on_record_already_is_counted_no_more() -> None:
    """Its time was over while the store failed: the next look finds it neither here nor there."""
    async with scene() as it:
        await it.until_it_is(Watch.WATCHING)
        await it.ari.create("1", OURS)
        await it.until(lambda: it.store.calls == {"1"})
        assert it.watcher.calls == 1
        it.store.failures = 1
        await it.ari.destroy("1")
        await it.until(lambda: "1" in it.observer.failed_)
        it.store.calls.clear()
        await it.until(lambda: it.watcher.calls == 0)


async def test_what_nobody_expected_is_told_and_found_by_the_next_look() -> None:
    """A fault of ours costs the call its mark for now, and nothing else."""
    async with scene() as it:
        await it.until_it_is(Watch.WATCHING)
        it.store.error, it.store.failures = ZeroDivisionError("ours"), 1
        await it.ari.create("1", OURS)
        await it.until(lambda: it.observer.failed_ == ["1"])
        await it.ari.sockets[-1].close()
        await it.until(lambda: it.store.calls == {"1"})
        assert it.watcher.standing.state is Watch.WATCHING


async def test_all_that_is_being_done_ends_with_the_watching() -> None:
    """Of each call what is done and what waits behind it."""
    async with nothing_left(), scene() as it:
        await it.until_it_is(Watch.WATCHING)
        it.store.may_note.clear()
        before = asyncio.all_tasks()
        for name in "12":
            await it.ari.create(name, OURS)
            await it.ari.destroy(name)
        await it.until(lambda: len(asyncio.all_tasks() - before) >= 4)


async def test_a_call_that_has_asked_before_we_were_there_is_on_no_number() -> None:
    """What it was told stands on its channel, whatever the store knows; others may ask yet."""
    told = {"1": "NOT_ALLOCATED", "2": "UNKNOWN", "3": "AMBIGUOUS", "4": "UNAVAILABLE", "5": ""}

    def prepare(ari: FakeAri) -> None:
        ari.channels += [channel(name, OURS) for name in told]
        ari.channels.append(channel("6", OURS) | {"name": "Local/0200@inbound-1;2"})
        ari.variables = {(name, "INTERACT_STATUS"): said for name, said in told.items()}
        ari.variables["6", "INTERACT_STATUS"] = "FOUND"  # inherited: it has not asked itself

    async with scene(prepare) as it:
        await it.until(lambda: it.store.calls == {"3", "4", "5", "6"})
        await it.ari.create("7", OURS)
        await it.until(lambda: "7" in it.store.calls)
        assert it.store.calls == {"3", "4", "5", "6", "7"}
        assert not any("/7/" in asked for asked in it.ari.asked)


async def test_the_age_of_a_call_is_that_of_the_instant_it_is_used_at() -> None:
    """However long the rest of the look takes."""
    held = timedelta(seconds=0.5)

    def prepare(ari: FakeAri) -> None:
        ari.channels.append(channel("1", OURS))
        ari.may_look.clear()

    async with scene(prepare) as it:
        await it.until(lambda: "GET /bridges" in it.ari.asked)
        begun = asyncio.get_running_loop().time()
        end = begun + held.total_seconds()
        await it.until(lambda: asyncio.get_running_loop().time() >= end)
        it.ari.may_look.set()
        await it.until(lambda: it.store.calls == {"1"})
        age = it.store.ages["1"]
        assert age is not None
        assert held <= age


async def test_a_leg_that_asterisk_dials_is_not_read() -> None:
    """It is in the context of its trunk, as a call that comes in by that is."""
    async with scene(dnis_from=("to", "extension")) as it:
        await it.until_it_is(Watch.WATCHING)
        await it.ari.create("1", "s", state="Down")
        await it.ari.create("2", OURS, state="Ring")
        await it.until(lambda: it.watcher.unread == 1)
        assert not any("/1/" in asked for asked in it.ari.asked)


@pytest.mark.parametrize("answers_once", [False, True])
async def test_what_is_read_of_many_calls_is_read_over_one_connection(answers_once: bool) -> None:
    """Where Asterisk has just closed it, over another one: nothing is lost."""

    def prepare(ari: FakeAri) -> None:
        ari.answers_once = answers_once
        ari.variables = {(str(at), "CALLERID(rdnis)"): OURS for at in range(20)}

    async with scene(prepare, dnis_from=("diversion",)) as it:
        await it.until_it_is(Watch.WATCHING)
        before = len(it.ari.asked_over)
        for at in range(20):
            await it.ari.create(str(at), "trunk")
            await it.until(lambda n=at + 1: len(it.store.calls) == n)  # type: ignore[misc]
        assert answers_once or len(it.ari.asked_over) - before < 5
        await it.until(lambda: sum(each.startswith("POST") for each in it.ari.asked) >= 2)
        assert (it.watcher.unread, it.ari.connections) == (0, 1)


async def test_whom_a_call_was_diverted_from_is_read_when_its_invite_has_been_taken() -> None:
    """Asterisk tells of the channel before that: it would be read as empty, and the number lent."""

    def prepare(ari: FakeAri) -> None:
        ari.variables = {("1", "CALLERID(rdnis)"): ""}
        ari.not_yet = {"1": {"CALLERID(rdnis)": OURS}}

    async with scene(prepare, dnis_from=("diversion", "extension")) as it:
        await it.until_it_is(Watch.WATCHING)
        await it.ari.create("1", "trunk")
        await it.until(lambda: it.store.calls == {"1"})


async def test_a_takeover_that_asterisk_tells_of_is_known_at_once() -> None:
    """No proof is waited for: the socket still answers, and is ours no more."""
    async with scene() as it:
        await it.until_it_is(Watch.WATCHING)
        await it.ari.tell("ApplicationReplaced", application="ours")
        await it.until_it_is(Watch.TAKEN_OVER)
        told = it.watcher.standing.reason
        assert told == "another connection has registered our application"
        assert not any("POST /events" in each for each in it.ari.asked)


async def test_what_stands_behind_the_extension_is_not_read() -> None:
    """It would be a request for each call that is none of ours."""
    async with scene(dnis_from=("extension", "request_uri")) as it:
        await it.until_it_is(Watch.WATCHING)
        await it.ari.create("1", "0300")
        await it.ari.create("2", OURS)
        await it.until(lambda: len(it.observer.late) > 1)
        assert it.store.calls == {"2"}
        assert not any("variable" in each for each in it.ari.asked)


async def test_ends_are_not_overtaken_by_arrivals() -> None:
    """However quickly a call is over, it is not on the number afterwards."""
    async with scene() as it:
        await it.until_it_is(Watch.WATCHING)
        for at in range(300):
            await it.ari.create(str(at), OURS)
            await it.ari.destroy(str(at))
        await it.ari.create("last", OURS)
        await it.until(lambda: "last" in it.store.calls)
        await it.until(lambda: it.store.calls == {"last"})


async def test_calls_of_other_contexts_and_numbers_cost_the_store_nothing_at_their_end() -> None:
    """Only what is on record is taken off it."""
    async with scene() as it:
        await it.until_it_is(Watch.WATCHING)
        await it.ari.create("1", "0999")
        await it.until(lambda: len(it.observer.late) >= 1)
        it.store.failures = 1
        await it.ari.destroy("1")
        await it.ari.create("2", "0999", context="agents")
        await it.ari.destroy("2")
        await it.until(lambda: len(it.observer.late) >= 4)
        assert it.observer.failed_ == []


@pytest.mark.parametrize(
    "times", [20, pytest.param(200, marks=[pytest.mark.long, pytest.mark.timeout(300)])]
)
async def test_after_many_reconnects_nothing_is_left_over(times: int) -> None:
    """Neither a task nor a descriptor; and what is looked at each time is right."""

    def prepare(ari: FakeAri) -> None:
        ari.closes_when_looked_at = True

    async with scene(prepare, Pace(first=0.01, most=0.05)) as it:
        await it.until(lambda: it.ari.connections >= 3)
        tasks, descriptors = there()
        await it.until(lambda: it.ari.connections >= times + 3, within=times)
        it.ari.channels.append(channel("1", OURS))
        it.ari.closes_when_looked_at = False
        it.ari.cut()  # a look that has read the channels already is none of the new one
        await it.until(lambda: it.store.calls == {"1"})
        await it.until(lambda: there()[0] <= tasks + 5, within=3)
        assert there()[1] <= descriptors + 3


@pytest.mark.parametrize(("stable", "failures"), [(60.0, [1, 2, 3, 4]), (0.0, [1, 1, 1, 1])])
async def test_what_flaps_is_looked_at_less_and_less_often(
    stable: float, failures: list[int]
) -> None:
    """Only what was watched for a while begins anew with the shortest pause."""
    pace = NotedPace(stable=stable)
    async with scene(pace=pace) as it:

        async def came_to(times: int) -> None:
            await it.until(lambda: it.ari.connections == times)
            await it.until_it_is(Watch.WATCHING)

        for times in range(4):
            await came_to(times + 1)
            await it.ari.sockets[-1].close()
        await came_to(5)
    assert pace.failures == failures


def test_the_pause_grows_and_is_never_too_long() -> None:
    """Doubled up to the most, cut by up to a half, whatever the number of failures."""
    pace = Pace(first=0.1, most=2.0)
    for failed, longest in [(1, 0.1), (2, 0.2), (3, 0.4), (5, 1.6), (6, 2.0), (10_000, 2.0)]:
        pauses = [pace.pause(failed) for _ in range(100)]
        assert longest / 2 <= min(pauses) < max(pauses) <= longest
