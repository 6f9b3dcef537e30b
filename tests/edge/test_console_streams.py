"""The console's stream over HTTP: with whom it ends, when, and that nobody takes all of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from interact_ivr.api.console.sessions import Limits
from interact_ivr.api.routes import CONSOLE_COOKIE
from interact_ivr.domain.access import Role
from interact_ivr.domain.errors import StoreUnavailable
from interact_ivr.stores.journal import StoredJournal
from testbed.desk import ACME, BOLT, Desk, Stream, until
from testbed.visitor import CONSOLE, HERE, PASSWORD, Visitor, stock

NUMBER = "+13178723000"
SETTINGS = '[environment]\ndefault = "acme/live"\n'


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Give a desk of the test's own."""
    with Desk(tmp_path, SETTINGS) as desk:
        stock(desk, NUMBER)
        yield desk


@pytest.fixture
def few(tmp_path: Path) -> Iterator[Desk]:
    """Give one that has eight streams at most."""
    with Desk(tmp_path, f"{SETTINGS}[http]\nmost_connections = 10\n") as desk:
        yield desk


def listening(visitor: Visitor) -> Stream:
    """Open the stream of what happens; it is open once the answer has begun."""
    cookie = f"{CONSOLE_COOKIE}={visitor.shown}"
    return visitor.desk.listen(f"{HERE}/happenings", Cookie=cookie)


def rest(stream: Stream, until_told: str = "") -> str:
    """Give what is told until the stream ends, or tells of this."""
    told = ""
    while (event := stream.next()) is not None:
        told += event.data
        if until_told and until_told in told:
            break
    return told


def goes_on(desk: Desk, stream: Stream, name: str) -> bool:
    """Say whether *stream* tells of what happens now, under this *name*."""
    lent = desk.wait(desk.parts.allocations.allocate(ACME, name, None))
    desk.wait(desk.parts.allocations.free_known(ACME, lent.number, None))
    return name in rest(stream, name)


def ended(desk: Desk, change: str) -> Any:
    """Have something happen to the user vic, after which their session is none."""
    administration = desk.parts.administration
    if change in ("removed", "password"):
        desk.wait(administration.remove_user("acme", "vic"))
    if change == "password":  # there is no other way to another one
        desk.wait(administration.add_user("acme", "vic", "another horse", Role.VIEWER))
    if change == "role":
        desk.wait(administration.set_user("acme", "vic", Role.ADMIN))
    if change == "no role":
        desk.wait(administration.set_user("acme", "vic", None))


@pytest.mark.parametrize("change", ["removed", "password", "role", "no role"])
def test_a_stream_ends_with_its_user_as_they_were(desk: Desk, change: str) -> None:
    """Nothing that happens afterwards is told; another's goes on, and a page asks to sign in."""
    vic, ann = Visitor.of(desk, Role.VIEWER, name="vic"), Visitor.of(desk, Role.VIEWER, name="ann")
    with listening(vic) as stream, listening(ann) as other:
        assert goes_on(desk, stream, "before")
        ended(desk, change)
        desk.wait(desk.parts.allocations.allocate(ACME, "afterwards", None))
        assert "afterwards" in rest(other, "afterwards")
        assert "afterwards" not in rest(stream)
    assert vic.look(f"{HERE}/happenings").status == 401


def test_a_stream_ends_where_one_signs_out(desk: Desk) -> None:
    """With that session and no other of the same user."""
    vic = Visitor.of(desk, Role.VIEWER, name="vic")
    elsewhere = Visitor(desk)
    elsewhere.sign_in("vic")
    with listening(vic) as stream, listening(elsewhere) as other:
        assert vic.act(f"{CONSOLE}/sign-out").status == 303
        assert rest(stream) == ""
        assert goes_on(desk, other, "afterwards")


def test_a_stream_begins_with_what_was_before(desk: Desk) -> None:
    """The page may have been made long ago; who looks whether they may read is told nothing."""
    vic = Visitor.of(desk, Role.VIEWER)
    lent = desk.wait(desk.parts.allocations.allocate(ACME, "before", None))
    desk.wait(desk.parts.allocations.free_known(ACME, lent.number, None))
    with listening(vic) as stream:
        first = stream.next()
        assert first is not None
        told = [(each["what"], each["interaction"]) for each in json.loads(first.data)]
        assert (first.name, told) == ("before", [("allocated", "before"), ("freed", "before")])
        assert goes_on(desk, stream, "afterwards")
    cookie = f"{CONSOLE_COOKIE}={vic.shown}"
    looked = desk.ask(f"{HERE}/happenings", "", "HEAD", b"", Cookie=cookie)
    assert (looked.status, looked.body) == (200, b"")


def test_a_stream_begins_without_the_store(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What happens is told, once it does."""

    async def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(StoredJournal, "entries", away)
    with listening(Visitor.of(desk, Role.VIEWER)) as stream:
        assert goes_on(desk, stream, "now")


@contextmanager
def clocked(desk: Desk) -> Iterator[list[float]]:
    """Let the sessions' time be what the test says: the seconds that are added to the clock's."""
    sessions, added = desk.house.console.sessions, [0.0]
    real = sessions.clock
    sessions.clock = lambda: real() + added[0]
    yield added
    sessions.clock = real


def test_a_stream_ends_when_the_whole_session_does(desk: Desk) -> None:
    """However much it was used: an open page is use, and puts off the idle end alone."""
    vic = Visitor.of(desk, Role.VIEWER, name="vic")
    desk.house.console.sessions.limits = Limits(idle=1_000.0, whole=3_500.0)
    with clocked(desk) as added, listening(vic) as stream:
        for at in range(1, 4):  # its stream is use: none of these times is idle
            added[0] = at * 900.0
            assert goes_on(desk, stream, f"at-{at}")
        added[0] = 3_600.0
        desk.wait(desk.parts.allocations.allocate(ACME, "too-late", None))
        assert "too-late" not in rest(stream)
    assert vic.look(f"{HERE}/pool").status == 401


def test_a_stream_ends_with_an_idle_session(desk: Desk) -> None:
    """Also where nothing happens: as after a machine has slept."""
    vic = Visitor.of(desk, Role.VIEWER, name="vic")
    with clocked(desk) as added, listening(vic) as stream:
        added[0] = desk.house.console.sessions.limits.idle
        assert stream.next() is None
    assert vic.look(f"{HERE}/pool").status == 401


def test_no_tenant_takes_all_streams(few: Desk) -> None:
    """Whoever has most gives way, to as many for each; with as many, nobody does."""
    greedy, modest = Visitor.of(few, Role.VIEWER), Visitor.of(few, Role.VIEWER, "bolt")
    with ExitStack() as stack:
        theirs = [stack.enter_context(listening(greedy)) for _ in range(8)]
        assert few.do(lambda: len(few.house.streams)) == 8
        assert greedy.look(f"{HERE}/happenings").status == 503
        ours = []
        for oldest in theirs[:4]:
            ours.append(stack.enter_context(listening(modest)))
            assert oldest.next() is None
        assert modest.look(f"{HERE}/happenings").status == 503
        assert greedy.look(f"{HERE}/happenings").status == 503
        until(lambda: few.do(lambda: len(few.house.streams)) == 8)
        assert told_of(few, theirs[4:], ACME)
        assert told_of(few, ours, BOLT)


def test_no_user_takes_all_of_a_tenant_s(few: Desk) -> None:
    """An agent's page comes in where one of the console has all that there are."""
    greedy = Visitor.of(few, Role.VIEWER)
    token = few.token("6929")
    with ExitStack() as stack:
        theirs = [stack.enter_context(listening(greedy)) for _ in range(8)]
        agent = stack.enter_context(
            few.listen("/api/v1/agents/6929/events", Authorization=f"Bearer {token}")
        )
        assert agent.response.status == 200
        assert theirs[0].next() is None
        assert told_of(few, theirs[1:], ACME)


def told_of(desk: Desk, streams: Sequence[Stream], environment: str) -> bool:
    """Say whether each of *streams* tells of what happens in *environment*."""
    stock(desk, NUMBER, environment=environment)
    desk.wait(desk.parts.allocations.allocate(environment, f"of {environment}", None))
    name = f"of {environment}"
    return all(name in rest(each, name) for each in streams)


def test_a_password_of_before_is_none(desk: Desk) -> None:
    """Who was removed and let in anew signs in with the new one."""
    vic = Visitor.of(desk, Role.VIEWER, name="vic")
    ended(desk, "password")
    assert vic.sign_in("vic", PASSWORD).status == 401
    assert vic.sign_in("vic", "another horse").status == 303
