"""The journal as a person asks it: real processes and calls, with a service and without."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from interact_ivr.app import opened
from interact_ivr.config import load_config
from interact_ivr.config_keys import Config, JournalConfig
from interact_ivr.control.client import Refused
from interact_ivr.domain.names import new_ulid
from interact_ivr.observing import Observing
from testbed.line import Line, control
from testbed.service import INTERACT_IVR, Service, ServiceError

CALLER = "380441234567"
LIFE = ["allocated", "retrieved", "lent early", "freed"]


def lived(line: Line, first: str, second: str) -> None:
    """Let *first* be retrieved by a call, and *second* be freed."""
    line.allocate(first)
    assert line.call(callerid=CALLER).variables["INTERACT_ID"] == first
    line.allocate(second)
    line.service.ask("free", line.number)


def events(entries: list[dict[str, Any]]) -> list[str]:
    """Give what happened."""
    return [entry["event"] for entry in entries]


def on_disk(service: Service) -> bytes:
    """Read the store's file and its log."""
    files = (service.database, service.database.with_name(service.database.name + "-wal"))
    return b"".join(file.read_bytes() for file in files if file.exists())


# Questions


def test_each_question_is_answered_in_order(line: Line) -> None:
    """Of a number in any written form, of an interaction, of a call, since, the newest."""
    lived(line, "order 1", "order 2")
    ask = line.service.ask
    assert events(ask("journal", "--number", f"+{line.number}")) == LIFE
    assert events(ask("journal", "--number", line.number, "--limit", "2")) == LIFE[2:]
    assert events(ask("journal", "--number", line.number, "--since", "1h")) == LIFE
    assert ask("journal", "--number", line.number, "--since", "2999-01-01") == []
    assert events(ask("journal", "--interaction", "order 2"))[-2:] == LIFE[2:]
    (retrieved,) = ask("journal", "--call", f"{line.group}.1")
    assert (retrieved["number"], retrieved["interaction"]) == (line.key, "order 1")
    assert retrieved["call"] == {"pbx": "", "uniqueid": f"{line.group}.1"}
    assert retrieved["ani"] == f"+{CALLER}"
    assert ask("journal", "--call", f"{line.group}.1", "--pbx", "other") == []


def test_people_see_a_table(line: Line) -> None:
    """One row an entry, oldest first, with the times of their own clock."""
    lived(line, "order 3", "order 4")
    shown = line.service.command("journal", "--number", line.number).stdout
    rows = [row for row in shown.splitlines() if line.key in row]
    assert [event in row for event, row in zip(LIFE, rows, strict=True)] == [True] * 4


def test_who_held_it_is_one_sentence_and_one_object(line: Line) -> None:
    """Interaction, allocation, from, to, how it ended, and by which call; or that nobody did."""
    lived(line, "order 5", "order 6")
    made, ended, *_ = line.service.ask("journal", "--number", line.number)
    question = ("journal", "--number", line.number, "--at")
    assert line.service.ask(*question, made["at"])["hold"] == {
        "interaction": "order 5",
        "allocation": made["allocation"],
        "since": made["at"],
        "expires_at": made["expires_at"],
        "until": ended["at"],
        "ended": "retrieved",
        "call": {"pbx": "", "uniqueid": f"{line.group}.1"},
        "ani": f"+{CALLER}",
    }
    said = line.service.command(*question, made["at"]).stdout
    assert said.startswith(f"{line.key} was held by order 5 at ")
    assert said.endswith(f"when it was retrieved by call {line.group}.1\n")
    assert line.service.ask(*question, ended["at"])["hold"] is None
    assert line.service.command(*question, ended["at"]).stdout.startswith(f"Nobody held {line.key}")


def test_nobody_on_record_is_not_called_nobody(line: Line) -> None:
    """Where the journal does not reach back, the sentence says so."""
    line.allocate("order 7")
    said = line.service.command("journal", "--number", line.number, "--at", "2001-01-01").stdout
    assert "the journal begins later" in said


def test_the_first_of_all_times_is_as_good_as_1970(line: Line) -> None:
    """In whatever time zone: the answer says which instant it is of."""
    line.allocate("order 8")
    for at in ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00-14:00"):
        told = control(line.service, "journal.who_held", number=line.number, at=at)
        assert (told["hold"], told["at"]) == (None, "1970-01-01T00:00:00Z")


@pytest.mark.parametrize(
    "options",
    [
        ("--number", "1", "--interaction", "a"),
        ("--number", "1", "--call", "a"),
        ("--pbx", "main"),
        ("--at", "2026-01-01"),
        ("--number", "1", "--at", "noon"),
        ("--number", "1", "--at", "2h"),
        ("--number", "1", "--at", "2026-01-01", "--follow"),
        ("--since", "2 hours"),
        ("--since", "0001-01-01T00:00+14:00"),
        ("--limit", "0"),
    ],
)
def test_a_question_that_makes_no_sense_is_not_understood(
    service: Service, options: tuple[str, ...]
) -> None:
    """Exit status 2, and a sentence that names the option."""
    done = service.command("journal", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


def test_what_cannot_be_answered_is_said(service: Service) -> None:
    """A number that never was ours, an instant that has not come: exit status 1, one sentence."""
    for options, fault in (
        (("--number", "380999999999"), "was not found"),
        (("--number", "380999999999", "--at", "2999-01-01"), "a time that has come"),
    ):
        done = service.command("journal", *options)
        assert done.returncode == 1
        assert fault in done.stderr


def test_without_a_service_the_command_reads_under_the_lock(
    service_factory: Callable[..., Service],
) -> None:
    """The same answers; only following needs somebody who writes."""
    service = service_factory()
    lived(Line.taken_into(service), "order 8", "order 9")
    running = service.ask("journal")
    service.stop()
    assert service.ask("journal") == running
    assert service.ask("journal", "--limit", "1") == running[-1:]
    refused = service.command("journal", "--follow")
    assert refused.returncode == 1
    assert "no service listens" in refused.stderr


def test_more_than_a_page_is_asked_for_page_by_page(
    service_factory: Callable[..., Service],
) -> None:
    """Nothing is lost or doubled between pages, nor more held than one."""
    service = service_factory()
    service.stop()
    ids = aged(service, 2500, age=timedelta(hours=1))
    assert [entry["id"] for entry in service.ask("journal")] == ids
    service.start()
    assert [entry["id"] for entry in service.ask("journal")] == ids
    assert [entry["id"] for entry in service.ask("journal", "--limit", "1500")] == ids[-1500:]
    with pytest.raises(Refused, match="limit"):
        control(service, "journal.list", limit=1001)


# Following


@contextmanager
def following(service: Service, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Follow the journal in a process of its own."""
    child = subprocess.Popen(
        [*INTERACT_IVR, "journal", "--follow", "--json", *options],
        env={**os.environ, "INTERACT_IVR_CONFIG": str(service.config)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def next_entry(child: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for a line."""
    assert child.stdout is not None
    entry: dict[str, Any] = json.loads(child.stdout.readline())
    return entry


def test_who_follows_sees_a_change_within_a_second(line: Line) -> None:
    """One JSON object a line; what was there is shown as --limit asks; Ctrl-C is no failure."""
    line.allocate("order 10")
    with following(line.service, "--number", line.number, "--limit", "1") as child:
        assert next_entry(child)["event"] == "allocated"
        for _ in range(3):
            line.allocate("order 10")
            changed = time.monotonic()
            assert next_entry(child)["event"] == "renewed"
            assert time.monotonic() - changed < 1
        child.send_signal(signal.SIGINT)
        assert child.wait(5) == 0


def test_a_wait_ends_in_time_with_nothing(line: Line) -> None:
    """The server waits as long as it is told; what others do to other numbers is no answer."""
    line.allocate("order 11")
    after = control(line.service, "journal.list", number=line.number, newest=0)["after"]
    begun = time.monotonic()
    page = control(line.service, "journal.list", number=line.number, after=after, wait_seconds=0.3)
    assert page == {"entries": [], "after": after}
    assert time.monotonic() - begun >= 0.3


def test_who_follows_a_service_that_stops_is_told(service_factory: Callable[..., Service]) -> None:
    """The stop waits for nobody who follows, and the log has no failure of it."""
    service = service_factory()
    Line.taken_into(service).allocate("order 12")
    with following(service, "--limit", "1") as child:
        next_entry(child)
        begun = time.monotonic()
        service.stop()
        assert time.monotonic() - begun < 5
        _, told = child.communicate(timeout=5)
        assert child.returncode == 1
        assert told.startswith("error: ")
    assert [each for each in service.log_path.read_text().splitlines() if each[:1] != "{"] == []
    assert not [each for each in service.log() if each["level"] == "error"]


# Purging


def aged(service: Service, count: int, age: timedelta) -> list[str]:
    """Write *count* entries of ended allocations of one removed number; give their ids."""
    ids = [""]
    begin = datetime.now(UTC) - age
    rows = []
    for at in (begin + timedelta(milliseconds=step) for step in range(count)):
        ids.append(new_ulid(at, os.urandom(10), after=ids[-1]))
        micros = int(at.timestamp() * 1_000_000)
        rows.append((ids[-1], micros, "freed", 1, "+380970000000", ids[-1], "someone"))
    with closing(sqlite3.connect(service.database)) as connection, connection:
        connection.executemany(
            "INSERT INTO journal (id, at, event, environment_id, number, allocation_id,"
            " interaction) VALUES (?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
    return ids[1:]


def test_what_is_old_is_purged_while_calls_go_on(service_factory: Callable[..., Service]) -> None:
    """Counted and logged; what is younger stays, and every call meanwhile is answered."""
    service = service_factory("[journal]\ndays = 1\n")
    line = Line.taken_into(service)
    service.stop()
    aged(service, 5000, age=timedelta(days=2))
    young = aged(service, 10, age=timedelta(hours=23))
    service.start()
    calls = 0
    while not service.log("purged"):
        calls += 1
        line.allocate(f"order {calls}")
        assert line.call().variables["INTERACT_STATUS"] == "FOUND"
    (purged,) = service.log("purged")
    assert calls > 1
    assert (purged["entries"], purged["allocations"], purged["answers"]) == (5000, 0, 0)
    kept = service.ask("journal")
    assert [entry["id"] for entry in kept[:10]] == young
    assert len(kept) == 10 + 2 * calls


async def test_what_a_reload_says_the_next_purge_goes_by(
    service_factory: Callable[..., Service],
) -> None:
    """A journal that is to be kept for less is purged of more."""
    service = service_factory()
    service.stop()
    aged(service, 3, age=timedelta(days=3))
    young = aged(service, 2, age=timedelta(hours=1))
    config = load_config(service.config)
    async with opened(config, "a test", Observing()) as parts, asyncio.timeout(5):
        await parts.adopt(msgspec.structs.replace(config, journal=JournalConfig(days=2)))
        purging = asyncio.create_task(parts.purge.run())
        while len(kept := (await parts.journal.entries("", None, limit=9)).entries) > len(young):
            assert not purging.done()
        purging.cancel()
    assert [entry.id for entry in kept] == young


# Calling numbers


@pytest.mark.parametrize("setting", ["plain", "hash", "none"])
def test_the_call_sees_its_number_and_the_journal_what_is_set(
    service_factory: Callable[..., Service], setting: str
) -> None:
    """Plain, a hash that is the same for the same caller, or nothing; also when asked again."""
    never_asks = "[pool]\nredial_for_seconds = 0\n"  # which of the caller's two it is about
    service = service_factory(f'{never_asks}[journal]\nani = "{setting}"\n')
    line = Line.taken_into(service)
    for order in ("order 1", "order 2"):
        line.allocate(order)
        for _ in ("called", "asked again"):
            told = line.call(callerid=CALLER, uniqueid=order).variables
            assert (told["INTERACT_ID"], told["INTERACT_ANI"]) == (order, f"+{CALLER}")
    one, two = (entry["ani"] for entry in service.ask("journal") if entry["call"])
    assert one == two
    assert (CALLER.encode() in on_disk(service)) == (setting == "plain")
    key = service.database.with_name(service.database.name + ".ani-key")
    assert key.exists() == (setting != "none")
    match setting:
        case "plain":
            assert one == f"+{CALLER}"
        case "hash":
            assert one.startswith("h:")
            assert stat.S_IMODE(key.stat().st_mode) == 0o600
        case _:
            assert one is None


WITHHELD = {"callingpres": "32"}


@pytest.mark.parametrize("then", [{}, WITHHELD], ids=["shown", "withheld"])
@pytest.mark.parametrize("first", [{}, WITHHELD], ids=["shown", "withheld"])
@pytest.mark.parametrize("setting", ["plain", "hash"])
def test_a_withheld_number_redials_and_is_nowhere(
    service_factory: Callable[..., Service],
    setting: str,
    first: dict[str, str],
    then: dict[str, str],
) -> None:
    """Not in the call, the journal, the log or the store's bytes; redialing goes both ways."""
    service = service_factory(f'[journal]\nani = "{setting}"\n[log]\nlevel = "debug"\n')
    line = Line.taken_into(service)
    line.allocate("order 1")
    for status, presented in (("FOUND", first), ("REDIAL", then)):
        told = line.call(callerid=f"+{CALLER}", **presented).variables
        assert (told["INTERACT_STATUS"], told["INTERACT_ID"]) == (status, "order 1")
        assert told["INTERACT_ANI"] == ("" if presented else f"+{CALLER}")
    made, retrieved = service.ask("journal")
    who_held = ("journal", "--number", line.number, "--at", made["at"], "--json")
    asked = (("journal",), ("journal", "--json"), who_held, ("status",))
    seen = [service.command(*question).stdout for question in asked]
    service.stop()
    written = on_disk(service) + service.log_path.read_bytes() + "".join(seen).encode()
    if first:
        assert retrieved["ani"] is None
        assert line.key in seen[2]
        assert CALLER.encode() not in written
    else:
        assert (retrieved["ani"] == f"+{CALLER}") == (setting == "plain")
        assert (CALLER.encode() in written) == (setting == "plain")


def test_the_expected_caller_may_withhold_the_number(
    service_factory: Callable[..., Service],
) -> None:
    """What the app told is compared alike, and is nowhere either."""
    service = service_factory()
    line = Line.taken_into(service)
    control(service, "allocate", interaction="order 1", group=line.group, caller=CALLER)
    found = line.call(callerid=f"+{CALLER}", **WITHHELD).variables
    assert (found["INTERACT_CALLER_MATCH"], found["INTERACT_ANI"]) == ("1", "")
    assert CALLER.encode() not in on_disk(service)


# Forgetting


def test_a_person_is_forgotten_and_gone_from_the_files(
    service_factory: Callable[..., Service],
) -> None:
    """Told with counts; the file and its log hold no trace, and the service serves on."""
    service = service_factory()
    line = Line.taken_into(service)
    lived(line, "person to forget", "person to keep")
    done = service.ask("journal", "forget", "--interaction", "person to forget", "--yes")
    assert done == {
        "tombstone": done["tombstone"],
        "entries": 2,
        "anis": 1,
        "allocations": 1,
        "answers": 1,
        "scrubbed": True,
    }
    assert done["tombstone"].startswith("forgotten-")
    kept = on_disk(service)
    assert [text in kept for text in (b"to forget", CALLER.encode(), b"to keep")] == [
        False,
        False,
        True,
    ]
    assert events(service.ask("journal", "--number", line.number)) == LIFE
    again = service.command("journal", "forget", "--interaction", "person to forget", "--yes")
    assert (again.returncode, again.stdout) == (0, "nothing of person to forget is on record\n")
    line.allocate("order 1")
    assert line.call().variables["INTERACT_ID"] == "order 1"


def test_who_holds_a_number_is_forgotten_by_force_only(line: Line) -> None:
    """Refused with the number; --force frees it first."""
    line.allocate("holder")
    with pytest.raises(ServiceError, match=f"'holder' holds \\{line.key}"):
        line.service.ask("journal", "forget", "--interaction", "holder", "--yes")
    assert line.state() == "allocated"
    done = line.service.ask("journal", "forget", "--interaction", "holder", "--yes", "--force")
    assert (done["entries"], done["allocations"]) == (2, 1)
    assert line.journal()[-1] == "freed"


def test_one_that_ran_out_unnoticed_is_no_hindrance(
    service_factory: Callable[..., Service],
) -> None:
    """Its expiry is put on record first; here nobody sweeps, since no service runs."""
    service = service_factory("[pool]\nhold_for_seconds = 0.001\n")
    line = Line.taken_into(service)
    service.stop()
    service.ask("allocate", "late one", "--group", line.group)
    done = service.ask("journal", "forget", "--interaction", "late one", "--yes")
    assert (done["entries"], done["allocations"]) == (2, 1)
    assert line.journal() == ["allocated", "expired"]


def test_nothing_is_forgotten_without_a_yes(line: Line) -> None:
    """Asked first, and no answer is no."""
    lived(line, "asked about", "other")
    for answer in ("n\n", "\n", ""):
        done = line.service.command(
            "journal", "forget", "--interaction", "asked about", text=answer
        )
        assert done.returncode == 1
    assert events(line.service.ask("journal", "--interaction", "asked about")) == LIFE[:2]
    done = line.service.command("journal", "forget", "--interaction", "asked about", text="y\n")
    assert done.returncode == 0


async def test_a_file_too_large_to_rewrite_meanwhile_is_told(tmp_path: Path) -> None:
    """Who calls does not wait for the rewriting of a large file: that is for a quiet hour."""
    config = msgspec.convert({"store": {"url": f"sqlite:///{tmp_path}/interact-ivr.db"}}, Config)
    for rewrite_up_to, scrubbed in ((0, False), (None, True)):
        async with opened(config, "a test", Observing(), rewrite_up_to=rewrite_up_to) as parts:
            assert (await parts.journal.forget("", "nobody", force=False))[2] is scrubbed
