"""What the console's pages say over HTTP: pools, the journal, numbers explained, plans tried."""

from __future__ import annotations

import asyncio
import html
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from interact_ivr.api.routes import CONSOLE_COOKIE
from interact_ivr.domain.access import Role
from testbed.desk import ACME, BOLT, Desk
from testbed.visitor import HERE, Visitor, stock, words

ADMIN, VIEWER, AGENT = Role.ADMIN, Role.VIEWER, Role.AGENT
NUMBER = "+13178723000"
PATIENCE_SECONDS = 120.0


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Give a desk without a number."""
    with Desk(tmp_path, '[environment]\ndefault = "acme/live"\n') as desk:
        yield desk


def test_the_pool_is_searched_and_drawn(desk: Desk) -> None:
    """By group, state, text and beginning, page by page."""
    admin = Visitor.of(desk, ADMIN)
    assert "There are no numbers yet" in words(admin.look(f"{HERE}/pool"))
    stock(desk, *(f"+131787230{n:02}" for n in range(60)), group="sales")
    stock(desk, "+12025550100")
    desk.wait(desk.parts.allocations.allocate(ACME, "basket-1", "sales"))
    page = admin.look(f"{HERE}/pool")
    said = words(page)
    assert "61 numbers" in said
    assert 'aria-label="+120: 1 idle"' in page.text
    assert page.text.count('name="number" value="') == 50
    after = re.search(r'href="(pool\?after=[^"]+)"', page.text)
    assert after is not None
    assert admin.look(f"{HERE}/{html.unescape(after[1])}").text.count('name="number" value="') == 11
    for query, count in (
        ("state=allocated", 1),
        ("text=basket-1", 1),
        ("text=2025", 1),
        ("prefix=%2B12", 1),
        ("group=sales&text=25550", 0),
        ("state=drained", 0),
    ):
        shown = admin.look(f"{HERE}/pool?{query}")
        assert shown.text.count('name="number" value="') == count, query
    assert NUMBER not in admin.look(f"{HERE}/pool?application=default&group=none").text


def test_all_that_fit_are_counted_before_they_are_drained(desk: Desk) -> None:
    """By the filter that the pool is shown by; what the others are stays, and allocations do."""
    admin = Visitor.of(desk, ADMIN)
    stock(desk, *(f"+1317872{n:04}" for n in range(0, 9000, 150)), group="sales")
    stock(desk, "+12025550100")
    lent = desk.wait(desk.parts.allocations.allocate(ACME, "basket-1", "sales"))
    shown = admin.look(f"{HERE}/pool?group=sales&prefix=%2B13178720")
    link = re.search(r'href="(\.?[^"]*matching[^"]*enabled=false[^"]*)"', shown.text)
    assert link is not None
    asked = admin.look(f"{HERE}/{html.unescape(link[1])}")
    assert "Would change 7" in words(asked)
    assert "0 drained" not in words(asked)
    assert words(admin.look(f"{HERE}/pool?state=drained")).count("+1317") == 0, (
        "it was only counted"
    )
    form = re.findall(r'<input type="hidden" name="([a-z]+)" value="([^"]*)">', asked.text)
    sent = [(name, html.unescape(value)) for name, value in form]
    answer = admin.act(f"{HERE}/matching", sent)
    assert answer.status == 303
    after = words(admin.look(f"{HERE}/{answer.headers['location']}"))
    assert "7 numbers were drained" in after
    counts = desk.wait(desk.parts.numbers.counts(ACME))
    assert sum(counts.values()) == 61 - 7
    assert lent.number in words(admin.look(f"{HERE}/pool?text=basket-1"))
    assert "No number would change" in words(admin.look(f"{HERE}/{html.unescape(link[1])}"))
    assert "No number would change" in words(admin.look(f"{HERE}/matching?state=drained"))


def test_a_pool_of_many_steps_is_drained_whole(desk: Desk) -> None:
    """And lent again: none is left out where a step ends."""
    admin = Visitor.of(desk, ADMIN)
    csv = "number\n380974520xxx\n"
    assert admin.act(f"{HERE}/import", [("csv", csv), ("dry_run", "false")]).status == 303
    for enabled, left in (("false", 0), ("true", 1_000)):
        admin.act(f"{HERE}/matching", [("enabled", enabled)])
        assert sum(desk.wait(desk.parts.numbers.counts(ACME)).values()) == left


def test_the_journal_tells_who_held_a_number(desk: Desk) -> None:
    """And finds a number, an interaction, a call or a caller; several at once are refused."""
    viewer = Visitor.of(desk, VIEWER)
    stock(desk, NUMBER)
    desk.wait(desk.parts.allocations.allocate(ACME, "basket-1", None))
    held = words(viewer.look(f"{HERE}/journal?number=317-872-3000&at=2099-01-01T00:00"))
    assert "a time that has come" in held
    now = desk.parts.clock.now().replace(tzinfo=None).isoformat()
    held = words(viewer.look(f"{HERE}/journal?number=317-872-3000&at={now}"))
    assert f"{NUMBER} at " in held
    assert "it holds the number now" in held
    before = words(viewer.look(f"{HERE}/journal?number={quote(NUMBER)}&at=2020-01-01T00:00"))
    assert "Nobody" in before
    assert "basket-1" in words(viewer.look(f"{HERE}/journal?interaction=basket-1"))
    for query in ("call=1.1", "caller=%2B14085551234", "since=2099-01-01T00:00"):
        assert "says nothing of it" in words(viewer.look(f"{HERE}/journal?{query}")), query
    for query in ("number=1&call=1", "at=2020-01-01T00:00", "since=yesterday", "number=%2B44"):
        assert viewer.look(f"{HERE}/journal?{query}").status == 400, query


def test_a_number_is_explained_as_the_engine_does(desk: Desk) -> None:
    """To agents, too; the plan is shown to viewers."""
    agent = Visitor.of(desk, AGENT)
    said = words(agent.look(f"{HERE}/explain?number=1-800-FLOWERS"))
    for each in ("+18003569377", "toll free", "matches", "(Toll Free) 1 (800) 356-9377"):
        assert each in said
    assert "emergency" in words(agent.look(f"{HERE}/explain?number=911"))
    assert "No number" in words(agent.look(f"{HERE}/explain?number=%3F"))
    assert "The dial plan" not in said
    plan = words(Visitor.of(desk, VIEWER).look(f"{HERE}/plan"))
    assert re.search(r"(\d+) of \1 cases hold", plan)
    assert "Try another plan" not in plan


def test_another_plan_is_tried_with_real_numbers(desk: Desk) -> None:
    """Its faults, or what would change; it reads no other file of the machine."""
    admin = Visitor.of(desk, ADMIN)
    stock(desk, NUMBER)
    desk.wait(desk.parts.allocations.allocate(ACME, "basket-1", None))
    for text, status, said in (
        ('name = "same"\nextends = "nanp"\n', 200, "0 of 1 numbers change"),
        ('name = "abroad"\nextends = "e164:GB"\n', 200, "1 of 1 numbers change"),
        ("name = 1\n", 400, "name: expected"),
        ("name = ", 400, "not TOML"),
        ('name = "x"\nextends = "/etc/passwd"\n', 400, "extends: expected a shipped plan"),
        ('name = "x"\ndirectory = "/etc/passwd"\n', 400, "directory: expected none"),
    ):
        answer = admin.act(f"{HERE}/plan", [("plan", text)])
        assert (answer.status, said in words(answer)) == (status, True), (text, words(answer))
        assert "/tmp" not in answer.text
    assert admin.look(f"{HERE}/explain?number={quote(NUMBER)}").status == 200


def test_who_looks_at_the_plan_often_keeps_no_thread_from_calls(desk: Desk) -> None:
    """What calls read has a thread at once: looking through a plan takes one of them only."""

    async def still_looking() -> int:
        looks = [asyncio.create_task(desk.parts.plans.seen(ACME)) for _ in range(24)]
        await asyncio.sleep(0)
        await asyncio.to_thread(bool)
        left = sum(not look.done() for look in looks)
        await asyncio.gather(*looks)
        return left

    assert desk.wait(still_looking()) > 12


def test_another_tenant_s_plan_waits_for_one_of_theirs_at_most(desk: Desk) -> None:
    """However many somebody tries at once: tenants take turns."""
    done: list[str] = []

    async def try_one(environment: str) -> None:
        await desk.parts.plans.tried(environment, 'name = "same"\nextends = "nanp"\n')
        done.append(environment)

    def begin() -> list[asyncio.Task[None]]:
        return [asyncio.create_task(try_one(each)) for each in (ACME, ACME, ACME, BOLT)]

    tasks, deadline = desk.do(begin), time.monotonic() + PATIENCE_SECONDS
    while len(done) < len(tasks):
        assert time.monotonic() < deadline
        desk.wait(asyncio.wait(tasks, timeout=1.0))
    assert done.index(BOLT) <= 1


def test_environments_are_worlds_of_their_own(desk: Desk) -> None:
    """What happens in one is on no page, and in no stream, of another."""
    here, there = Visitor.of(desk, VIEWER), Visitor.of(desk, VIEWER, "bolt")
    stock(desk, NUMBER)
    stock(desk, NUMBER, environment=BOLT)
    cookies = [f"{CONSOLE_COOKIE}={each.shown}" for each in (here, there)]
    with (
        desk.listen(f"{HERE}/happenings", Cookie=cookies[0]) as ours,
        desk.listen(f"{HERE}/happenings", Cookie=cookies[1]) as theirs,
    ):
        desk.wait(desk.parts.allocations.allocate(ACME, "of-acme", None))
        desk.wait(desk.parts.allocations.allocate(BOLT, "of-bolt", None))
        for stream, mine, other in ((ours, "of-acme", "of-bolt"), (theirs, "of-bolt", "of-acme")):
            event = stream.next()
            assert event is not None
            assert (mine in event.data, other in event.data) == (True, False)
    for visitor, mine, other in ((here, "of-acme", "of-bolt"), (there, "of-bolt", "of-acme")):
        for name in ("live", "journal", "pool"):
            shown = visitor.look(f"{HERE}/{name}").text
            assert (mine in shown, other in shown) == (True, False)
