"""A pool's inventory by the command line, with a service that takes calls meanwhile, or dies."""

from __future__ import annotations

import json
import os
import pty
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from interact_ivr.cli import main
from interact_ivr.config import load_config
from interact_ivr.control.client import Refused, ask
from testbed.agi_peer import Peer, environment
from testbed.line import Line, control
from testbed.service import INTERACT_IVR, Service

BIG = "3809745xxxxx"
BIG_COUNT = 100_000
TWO_THOUSAND = "380974520000-380974521999"
SMALLER = "38097450xxxx"
"""Five steps of writing: who is killed at the first has four to go."""


@pytest.fixture(params=[True, False], ids=["running", "stopped"])
def pool(request: pytest.FixtureRequest, service_factory: Callable[..., Service]) -> Service:
    """Give a service of the test's own, whose commands go to it or, stopped, to its store."""
    service = service_factory()
    if not request.param:
        service.stop()
    return service


def told(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Give the faults of a command that failed."""
    assert done.returncode == 1, done
    return [line.removeprefix("error: ") for line in done.stderr.splitlines()]


def numbers(service: Service) -> dict[str, dict[str, Any]]:
    """Give what is listed, by number."""
    return {number["number"]: number for number in service.ask("number", "list")}


def hidden(service: Service) -> int:
    """Count the rows of the file that no command shows."""
    query = "SELECT count(*) FROM number WHERE free_from < (SELECT floor FROM inventory)"
    with closing(sqlite3.connect(f"file:{service.database}?mode=ro", uri=True)) as connection:
        (count,) = connection.execute(query).fetchone()
        return int(count)


def count(service: Service) -> int:
    """Count the pool."""
    return sum(service.ask("status")["pool"].values())


class Writing(Exception):
    """Raised by a client that goes away in the middle of an import."""


def import_until_written(
    service: Service, then: Callable[[], None], number: str = SMALLER, **where: str
) -> Any:
    """Import a range, and do *then* once some of its numbers are written."""
    seen: list[bool] = []

    def told_part(_: Any) -> None:
        if not seen:
            seen.append(True)
            then()

    rows = [{"line": 2, "number": number}]
    socket = Path(load_config(service.config).control.socket)
    return ask(socket, "number.import", {"rows": rows, **where}, told=told_part)


# Importing


def test_a_range_is_each_of_its_numbers(pool: Service) -> None:
    """With the row's group; between two ends, and where an x stands."""
    text = "number,group\n38097452020x,a\n4500-4502,b\n380974520299,\n"
    answer = pool.ask("number", "import", "-", text=text)
    assert answer == {"imported": 14, "already_there": 0}
    shown = numbers(pool)
    assert [shown[f"+38097452020{digit}"]["group"] for digit in range(10)] == ["a"] * 10
    assert sorted(number["entered"] for number in shown.values() if number["group"] == "b") == [
        "4500",
        "4501",
        "4502",
    ]


FAULTS = """number,group,dnid
38097452020x,,
+380 97 452 02 05,,
4599-4500,,
38097xxxxxxx,,
380974520300-380974520301,,7
380974520301,,
380974520400,b,
"""


def test_every_fault_of_ranges_and_numbers_has_its_line(pool: Service) -> None:
    """A range against a number names both lines; what differs from the pool says how."""
    pool.ask("number", "import", "-", text="number,group\n380974520400,a\n")
    assert told(pool.command("number", "import", "-", text=FAULTS)) == [
        "line 3: +380 97 452 02 05 is the number of line 2 again (both are +380974520205)",
        "line 4: number: expected a range whose first number is not behind its last, "
        "got '4599-4500'",
        "line 5: number: expected a range of at most 1,000,000 numbers, got one with 7 x",
        "line 6: dnid: expected none for a range, whose numbers it would not tell apart, got 7",
        "line 7: 380974520301 is the number of line 6 again (both are +380974520301)",
        "line 8: +380974520400 is in the environment already, its group is a, not b",
    ]
    assert [*numbers(pool)] == ["+380974520400"]


@pytest.mark.parametrize(
    "left",
    [
        *("=1+1", "3.17873E+10", "3,17873e+10", "3E+11", "380974520200.0", "+380974520200,00"),
        *("380,974,520,200.00", "380.974.520.200,00", "380 974\u00a0520 200,0", "5E-02"),
        *("3.8 E+11", "380\u202f974\u202f520,00", "380'974'520.00", "########", "NULL"),
        *("#REF!", "#N/A", "#DIV/0!", "#SPILL!", "#NAME?", "Err:502", "TRUE", " false "),
        *("#N/D", "#NV", "#¡REF!", "#ССЫЛКА!", "#BEZUG!", "WAHR", "vrai"),
    ],
)
def test_what_a_spreadsheet_leaves_in_a_number_s_place_is_none(pool: Service, left: str) -> None:
    """Its letters have keys on a telephone, and its digits are no number's."""
    text = f'number\n380974520200\n"{left}"\n'
    (fault,) = told(pool.command("number", "import", "-", text=text))
    assert fault.startswith("line 3: number: expected a number, no spreadsheet's formula or fault")
    added = pool.command("number", "add", "--", left)
    assert (added.returncode, "spreadsheet" in added.stderr) == (1, True)
    assert not numbers(pool)


@pytest.mark.parametrize(
    "number",
    [
        *("1E2", "12e3", "800E4", "380.97.452.0200", "0800.000", "380 974 520 200"),
        *(
            "380.974.520.200",
            "+380 97 452 02 00",
            "(097) 452-02-00",
            "*21*380974520200#",
            "#31#6929",
        ),
    ],
)
def test_what_only_looks_like_a_spreadsheet_s_is_a_number(pool: Service, number: str) -> None:
    """Letters have keys on a telephone, and dots part what is read out."""
    pool.ask("number", "add", number)
    assert len(numbers(pool)) == 1


def test_a_flood_of_faults_is_told_in_part(pool: Service) -> None:
    """The first thousand, and how many more there are."""
    pool.ask("number", "add", TWO_THOUSAND)
    faults = told(pool.command("number", "import", "-", text=f"number,group\n{TWO_THOUSAND},a\n"))
    assert len(faults) == 1001
    assert faults[-1] == "and 1,000 faults more"


def test_what_is_there_already_and_the_same_is_passed_over(pool: Service) -> None:
    """So a file that has grown is imported again; what stands is not touched."""
    pool.ask("number", "import", "-", text="number,dnid\n380974520200,20\n")
    lent = pool.ask("allocate", "order 1")
    text = "number,dnid\n+380 97 4520200,20\n380974520201,\n"
    answer = pool.ask("number", "import", "-", text=text)
    assert answer == {"imported": 1, "already_there": 1}
    standing = numbers(pool)["+380974520200"]
    assert (standing["interaction"], standing["entered"]) == ("order 1", lent["entered"])


def test_a_dry_run_says_what_would_change_and_changes_nothing(pool: Service) -> None:
    """New, there already and the same, refused with the reason; 1 where it would be refused."""
    pool.ask("number", "import", "-", text="number,group\n380974520200,a\n380974520201,a\n")
    before = pool.database.read_bytes(), numbers(pool)
    good = "number,group\n380974520200,a\n3809745203xx,\n"
    done = pool.command("number", "import", "-", "--dry-run", text=good)
    assert done.returncode == 0
    new, same, refused = done.stdout.splitlines()
    assert new.startswith("100 new: +380974520300, +380974520301, ")
    assert new.endswith("+380974520309, ...")
    assert (same, refused) == ("1 already there and the same", "0 refused")

    bad = pool.command("number", "import", "-", "--dry-run", text=good + "380974520201,b\n?,\n")
    assert bad.stdout.splitlines()[2] == "2 refused, so none would be taken"
    assert [fault.split(":")[0] for fault in told(bad)] == ["line 4", "line 5"]
    answer = pool.command("number", "import", "-", "--dry-run", "--json", text=good + "?,\n")
    assert (answer.returncode, json.loads(answer.stdout)["refused"]) == (1, 1)
    assert (pool.database.read_bytes(), numbers(pool)) == before


def test_a_file_s_own_headings_are_mapped(pool: Service) -> None:
    """By --column; what is wrong with it is usage, what is missing is the file's fault."""
    arguments = ("number", "import", "-", "--column", "number=DID", "--column", "group=Skill")
    text = "Site,Skill,DID\nKyiv,sales,380974520200\n"
    assert pool.ask(*arguments, text=text)["imported"] == 1
    assert numbers(pool)["+380974520200"]["group"] == "sales"
    assert told(pool.command(*arguments, text="DID\n1\n"))[0].startswith(
        "-: line 1: expected a header with Skill"
    )
    for wrong in ("colour=x", "number", "number=", "=DID"):
        done = pool.command("number", "import", "-", "--column", wrong)
        assert done.returncode == 2
        assert repr(wrong) in done.stderr


def test_progress_is_for_terminals(service: Service, tmp_path: Path) -> None:
    """On standard error, and only where somebody looks."""
    file = tmp_path / "numbers.csv"
    file.write_text("number\n" + "".join(f"38099{each:07}\n" for each in range(5000)))
    arguments = [*INTERACT_IVR, "number", "import", str(file), "--config", str(service.config)]
    ours, theirs = pty.openpty()
    with closing(os.fdopen(ours, "rb", buffering=0)) as screen:
        done = subprocess.run(
            arguments,
            env={**os.environ, "TERM": "xterm"},
            stdout=subprocess.PIPE,
            stderr=theirs,
            check=True,
        )
        os.close(theirs)
        seen = screen.read(65536)
    assert done.stdout == b"5000 numbers imported\n"
    assert b"reading" in seen
    assert b"writing" in seen
    quiet = subprocess.run(arguments, capture_output=True, check=True)
    assert (quiet.stdout, quiet.stderr) == (b"0 numbers imported, 5000 were there already\n", b"")


def test_calls_are_answered_while_an_import_is_written(
    service_factory: Callable[..., Service],
) -> None:
    """They see nothing of it, are lent nothing of it, and find what they look for."""
    line = Line.taken_into(service_factory(), number="14155550100")
    service = line.service
    seen = []

    def meanwhile() -> None:
        line.allocate("a")
        assert line.call().variables["INTERACT_ID"] == "a"
        assert hidden(service) > 0
        assert control(service, "number.list")["numbers"][0]["group"] == line.group
        assert len(control(service, "number.list")["numbers"]) == 1
        with Peer.call(service.agi_port) as peer:
            peer.send(environment("retrieve_interaction", dnid="380974500000"))
            assert peer.converse().variables["INTERACT_STATUS"] == "UNKNOWN"
        with pytest.raises(Refused, match="another import into this environment"):
            control(service, "number.add", numbers=["380974500000"])
        with pytest.raises(Refused, match="no number is available"):
            control(service, "allocate", interaction="b", group="none")
        assert control(service, "allocate", interaction="b")["number"] == line.key
        assert hidden(service) > 0
        seen.append(True)

    answer = import_until_written(service, meanwhile, BIG)
    assert answer == {"imported": BIG_COUNT, "already_there": 0}
    assert seen
    assert count(service) == BIG_COUNT + 1
    assert hidden(service) == 0
    assert control(service, "allocate", interaction="c")["entered"].startswith("3809745")


def test_killed_in_mid_import_nothing_of_it_is_there(
    service_factory: Callable[..., Service],
) -> None:
    """After kill -9 the pool is as it was; what was left is taken away, and all can be added."""
    line = Line.taken_into(service_factory(), number="14155550100")
    service = line.service
    with pytest.raises(ConnectionError):
        import_until_written(service, service.kill)
    assert hidden(service) > 0
    assert [*numbers(service)] == ["+14155550100"]  # a command without a service
    service.start()
    assert control(service, "number.list")["numbers"][0]["group"] == line.group
    (gone,) = service.wait_log("unfinished import taken away", timeout_seconds=20)
    assert gone["numbers"] > 0
    assert hidden(service) == 0
    assert count(service) == 1
    assert control(service, "number.add", numbers=["380974500000"])["added"] == 1


def test_what_could_not_be_taken_away_goes_later(service_factory: Callable[..., Service]) -> None:
    """The store fails an import, and what would undo it: that is done once the store can."""
    service = service_factory()
    with closing(sqlite3.connect(service.database, isolation_level=None)) as other:

        def hold() -> None:
            other.execute("BEGIN IMMEDIATE")

        with pytest.raises(Refused, match="another program holds its file"):
            import_until_written(service, hold)
        assert hidden(service) > 0
        other.execute("ROLLBACK")
    service.wait_log("unfinished import taken away", timeout_seconds=20)
    assert hidden(service) == 0
    assert count(service) == 0


def test_an_application_removed_in_mid_import_takes_it_along(
    service_factory: Callable[..., Service],
) -> None:
    """The import is told so, and nothing of it is there."""
    service = service_factory()
    control(service, "application.add", application="sales")

    def remove() -> None:
        control(service, "application.remove", application="sales")

    with pytest.raises(Refused, match="the application was removed meanwhile"):
        import_until_written(service, remove, application="sales")
    assert hidden(service) == 0
    assert control(service, "number.add", numbers=["380974500000"])["added"] == 1


def test_stopped_in_mid_import_all_or_nothing_of_it_is_there(
    service_factory: Callable[..., Service],
) -> None:
    """A stop lets it finish, or hangs up on it; never is a part of it seen."""
    service = service_factory()
    try:
        answer = import_until_written(service, service.stop)
    except ConnectionError:
        expected = 0
    else:
        expected = answer["imported"]
        assert expected == 10_000
    service.start()
    assert count(service) == expected


def test_an_import_takes_away_what_another_left(service_factory: Callable[..., Service]) -> None:
    """Where no service was started in between; none of the old numbers comes to light."""
    service = service_factory()
    with pytest.raises(ConnectionError):
        import_until_written(service, service.kill)
    left = hidden(service)
    assert left > 0
    assert service.ask("number", "add", "3809745000xx")["added"] == 100
    assert hidden(service) == 0
    assert len(numbers(service)) == 100


def test_who_asked_is_gone_and_so_is_the_import(service_factory: Callable[..., Service]) -> None:
    """A client that ends while its import is sent, or written, has imported nothing."""
    service = service_factory()

    def leave() -> None:
        raise Writing

    with pytest.raises(Writing):
        import_until_written(service, leave)
    service.wait_log("no request")
    assert hidden(service) == 0

    def breaking_off() -> Iterator[object]:
        yield {"rows": [{"line": 3, "number": "380974520201"}], "more": True}

    socket = Path(load_config(service.config).control.socket)
    first = {"rows": [{"line": 2, "number": "380974520200"}], "more": True}
    with pytest.raises(Refused, match=r"expected more rows of number\.import, got the end"):
        ask(socket, "number.import", first, parts=breaking_off())
    assert count(service) == 0
    assert control(service, "number.add", numbers=["380974520200"])["added"] == 1


def test_a_refused_import_is_told_why_however_much_it_still_sends(service: Service) -> None:
    """The refusal comes back although the client was not done, and is no broken pipe."""
    socket = Path(load_config(service.config).control.socket)
    chunk = {"rows": [{"line": 2, "number": "1" * 100}] * 1000, "more": True}
    with pytest.raises(Refused, match="environment 'default/other' was not found"):
        ask(
            socket,
            "number.import",
            {"environment": "other", "more": True},
            parts=iter([chunk] * 100),
        )


# One by one


def test_numbers_are_added_by_name(pool: Service) -> None:
    """One, several, ranges; with group, DNID and disabled; faults say which of them."""
    assert pool.ask("number", "add", "380974520200", "--dnid", "20", "--group", "a") == {
        "added": 1,
        "already_there": 0,
    }
    done = pool.command("number", "add", "3809745203xx", "4500-4501", "--disabled")
    assert done.stdout == "102 numbers added\n"
    shown = numbers(pool)
    assert (shown["+380974520200"]["dnid"], shown["+380974520200"]["group"]) == ("20", "a")
    assert not shown["+380974520399"]["enabled"]
    assert told(pool.command("number", "add", "1x", "?", "15", "+380974520200")) == [
        "number 2: number: expected a digit, a letter, * or #, got '?'",
        "number 3: 15 is the number of number 1 again (both are /15)",
        "number 4: +380974520200 is in the environment already, its group is a, not none, "
        "its dnid is 20, not none",
    ]
    assert len(numbers(pool)) == 103


def test_a_number_is_drained_and_taken_out(pool: Service) -> None:
    """Disabled, its allocation stands; removed by force, it ends as freed, on record."""
    pool.ask("number", "add", "38097452020x")
    lent = pool.ask("allocate", "order 1")["number"]
    done = pool.command("number", "disable", lent)
    assert done.stdout == f"{lent} is not lent any more\n"
    assert pool.ask("allocate", "order 1")["number"] == lent
    assert told(pool.command("number", "remove", lent, "+380974520209")) == [
        f"number {lent} is allocated"
    ]
    assert len(numbers(pool)) == 10
    assert pool.ask("number", "remove", lent, "+380974520209", "--force") == {
        "numbers": [lent, "+380974520209"]
    }
    assert len(numbers(pool)) == 8
    with closing(sqlite3.connect(pool.database)) as connection:
        query = "SELECT event FROM journal WHERE number = ? ORDER BY id"
        events = [event for (event,) in connection.execute(query, [lent])]
    assert events == ["allocated", "renewed", "freed"]


def test_all_that_fit_are_drained_and_lent_again(pool: Service) -> None:
    """Counted first, if one likes; of those that fit, those that change are said."""
    pool.command("number", "add", "3809745203xx", "--group", "sales")
    pool.command("number", "add", "3809745204xx")
    dry = pool.command("number", "disable", "--group", "sales", "--dry-run")
    assert dry.stdout == "100 would be changed: each is not lent any more\n"
    assert all(each["enabled"] for each in numbers(pool).values())
    assert pool.ask("number", "disable", "--group", "sales") == {"count": 100}
    assert pool.ask("number", "disable", "--prefix", "+38097452030") == {"count": 0}
    assert pool.ask("number", "disable", "--all") == {"count": 100}
    assert not any(each["enabled"] for each in numbers(pool).values())
    assert pool.command("number", "enable", "--all").stdout == "200 changed: each can be lent\n"


@pytest.mark.parametrize(
    "arguments", [(), ("380974520200", "--all"), ("380974520200", "--dry-run"), ("--dry-run",)]
)
def test_numbers_are_either_named_or_fit(arguments: tuple[str, ...]) -> None:
    """By no word, and by both, nothing is asked of any service."""
    done = CliRunner().invoke(main, ["number", "disable", *arguments])
    assert (done.exit_code, "either NUMBERs, or" in done.output) == (2, True)


def test_a_removal_by_force_that_fails_changes_nothing(pool: Service) -> None:
    """Not even of the numbers before the one it failed at: they wait and are lent as ever."""
    pool.ask("number", "add", "38097452020x")
    lent = [pool.ask("allocate", f"order {each}")["number"] for each in range(3)]
    before = numbers(pool)
    broken = "BEFORE DELETE ON number WHEN old.number = '+380974520202'"
    with closing(sqlite3.connect(pool.database, isolation_level=None)) as connection:
        connection.execute(f"CREATE TRIGGER broken {broken} BEGIN SELECT RAISE(ABORT, ''); END")
        assert pool.command("number", "remove", *lent, "--force").returncode == 1
        events = connection.execute("SELECT DISTINCT event FROM journal").fetchall()
        connection.execute("DROP TRIGGER broken")
    assert (events, numbers(pool)) == ([("allocated",)], before)
    assert pool.ask("number", "remove", *lent, "--force") == {"numbers": lent}


def test_an_allocation_that_ran_out_keeps_no_number(
    service_factory: Callable[..., Service],
) -> None:
    """Although nothing has put its end on record yet, it is: as expired, before the removal."""
    pool = service_factory("[pool]\nhold_for_seconds = 0.001\n")
    pool.stop()
    pool.ask("number", "add", "380974520200")
    pool.ask("allocate", "order 1")
    assert pool.ask("number", "remove", "380974520200") == {"numbers": ["+380974520200"]}
    with closing(sqlite3.connect(pool.database)) as connection:
        events = connection.execute("SELECT event FROM journal ORDER BY id").fetchall()
    assert events == [("allocated",), ("expired",)]


@pytest.mark.parametrize("text", ["380974520200\udcff", "sip:\udcff@example.com"], ids=ascii)
def test_bytes_that_are_no_text_are_refused(pool: Service, text: str) -> None:
    """Whoever carries it out; the pool can still be shown."""
    (fault,) = told(pool.command("number", "add", text))
    assert "got '\\udcff' at position" in fault
    assert numbers(pool) == {}


def test_enabling_disabling_and_removing_know_all_numbers_or_do_nothing(pool: Service) -> None:
    """Each that is none of ours is named, and the others stay as they are."""
    pool.ask("number", "add", "380974520200")
    for command in ("disable", "enable", "remove"):
        assert told(pool.command("number", command, "1", "380974520200", "2")) == [
            "number 1 was not found",
            "number 2 was not found",
        ]
        assert numbers(pool)["+380974520200"]["enabled"]
    pool.ask("number", "disable", "+380 (97) 452-02-00")
    assert not numbers(pool)["+380974520200"]["enabled"]
    assert told(pool.command("allocate", "order 1")) == ["no number is available in the pool"]
    pool.ask("number", "enable", "380974520200")
    assert pool.ask("allocate", "order 1")["number"] == "+380974520200"


def test_numbers_are_of_an_environment_s_application(service: Service) -> None:
    """Every command speaks of one pool; a number of another one is there, but not to be had."""
    control(service, "tenant.add", tenant="inventory")
    for name in ("live", "test"):
        control(service, "environment.add", environment=f"inventory/{name}")
    control(service, "application.add", application="sales", environment="inventory/live")
    live = ("--environment", "inventory/live")
    sales = (*live, "--application", "sales")
    text = "number,dnid\n380974520200,200\n380974520201,201\n"
    imported = service.ask("number", "import", "-", *sales, text=text)
    assert imported == {"imported": 2, "already_there": 0}
    assert service.ask("number", "add", "380974520202", *sales)["added"] == 1
    assert service.ask("number", "add", "380974520200", "--environment", "inventory/test") == {
        "added": 1,
        "already_there": 0,
    }
    assert len(service.ask("number", "list", *sales)) == 3
    assert service.ask("number", "list", *live) == []
    elsewhere = "+380974520200 is in the environment already, in the pool of another application"
    assert told(service.command("number", "import", "-", *live, text=text))[0] == (
        f"line 2: {elsewhere}"
    )
    assert told(service.command("number", "add", "380974520200", *live)) == [
        f"number 1: {elsewhere}"
    ]
    preview = service.command("number", "import", "-", "--dry-run", *live, text=text)
    assert preview.stdout.splitlines()[-1] == "2 refused, so none would be taken"
    for command in ("enable", "disable", "remove"):
        asked = service.command("number", command, "380974520200", *live)
        assert told(asked) == ["number 380974520200 was not found"]
        done = service.ask("number", command, "380974520200", *sales)
        assert done == {"numbers": ["+380974520200"]}
    exported = service.command("number", "export", *sales)
    assert exported.stdout.split() == [
        "number,group,dnid,enabled",
        "380974520201,,201,yes",
        "380974520202,,,yes",
    ]
    for asking in (("list",), ("export",), ("remove", "1"), ("add", "1"), ("import", "-")):
        none = service.command("number", *asking, *live, "--application", "none", text="number\n")
        assert told(none) == [
            "application 'none' was not found in environment 'inventory/live'",
        ]


def test_a_removed_number_is_left_to_the_journal(pool: Service) -> None:
    """Which tells what became of it, and forgets a person of it."""
    pool.ask("number", "add", "380974520200")
    pool.ask("allocate", "order 1")
    pool.ask("number", "remove", "380974520200", "--force")
    listed = pool.ask("journal", "--number", "380974520200")
    assert [entry["event"] for entry in listed] == ["allocated", "freed"]
    assert pool.ask("journal", "forget", "--interaction", "order 1", "--yes")["entries"] == 2
    again = pool.ask("journal", "--number", "380974520200")
    assert "order 1" not in {entry["interaction"] for entry in again}


# Showing


def test_what_is_exported_is_imported_again(pool: Service, tmp_path: Path) -> None:
    """Into another store it makes the same pool; into its own it changes nothing."""
    text = (
        "number,group,dnid,enabled\n+380 97 4520200,=1+1,20,no\n380974530000-380974532499,-a,,\n"
        "'@452-0200,{a},,\n"
    )
    pool.ask("number", "import", "-", text=text)
    file = tmp_path / "out.csv"
    assert pool.command("number", "export", str(file)).returncode == 0
    assert pool.command("number", "export").stdout.encode() == file.read_bytes().replace(
        b"\r\n", b"\n"
    )
    cells = [cell for line in file.read_text().splitlines() for cell in line.split(",")]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    again = pool.ask("number", "import", str(file))
    assert again == {"imported": 0, "already_there": 2_502}

    other = Service(tmp_path / "other")
    try:
        assert other.ask("number", "import", str(file))["imported"] == 2_502
        limit = ("number", "list", "--limit", "5000")
        assert other.ask(*limit) == pool.ask(*limit)
    finally:
        other.close()


def test_an_export_that_fails_leaves_the_file_as_it_was(service: Service, tmp_path: Path) -> None:
    """FILE is whole or untouched."""
    file = tmp_path / "out.csv"
    file.write_text("mine")
    service_config = tmp_path / "bad.toml"
    service_config.write_text("[pol]\n")
    assert told(service.command("number", "export", str(file), "--config", str(service_config)))
    assert file.read_text() == "mine"
    assert [*tmp_path.glob("*.part")] == []


def test_the_list_is_by_group_by_state_and_limited(pool: Service) -> None:
    """What is not shown is said to be there; a wrong state is usage."""
    pool.ask("number", "add", "38097452020x", "--group", "a")
    pool.ask("number", "add", "38097452021x")
    lent = pool.ask("allocate", "order 1", "--group", "a")["number"]
    assert [each["number"] for each in pool.ask("number", "list", "--state", "allocated")] == [lent]
    assert len(pool.ask("number", "list", "--group", "a", "--state", "idle")) == 9
    done = pool.command("number", "list", "--limit", "3")
    assert done.stderr == "the first 3; --limit shows more, number export all\n"
    assert len([line for line in done.stdout.splitlines() if line.strip().startswith("+")]) == 3
    assert pool.command("number", "list", "--limit", "20").stderr == ""
    assert pool.command("number", "list", "--state", "asleep").returncode == 2


# DNIDs


def test_a_dialed_dnid_finds_its_number_or_says_which_it_fits(
    service_factory: Callable[..., Service],
) -> None:
    """One: found. Several, of two applications: UNKNOWN, logged and counted, nothing consumed."""
    service = service_factory()
    text = "number,dnid,group\n380974520200,200,a\n380974520201,7201,b\n"
    service.ask("number", "import", "-", text=text)
    control(service, "application.add", application="sales")
    text = "number,dnid,group\n390974520201,7201,b\n"
    service.ask("number", "import", "-", "--application", "sales", text=text)

    def dial(dnid: str) -> dict[str, str]:
        with Peer.call(service.agi_port) as peer:
            peer.send(environment("retrieve_interaction", dnid=dnid, uniqueid=f"1.{dnid}"))
            return peer.converse().variables

    control(service, "allocate", interaction="order 1", group="a")
    control(service, "allocate", interaction="order 2", group="b")
    found = dial("200")
    assert (found["INTERACT_ID"], found["INTERACT_DNIS"]) == ("order 1", "+380974520200")
    assert dial("7201")["INTERACT_STATUS"] == "UNKNOWN"
    (line,) = service.wait_log("dnid fits several numbers")
    assert (line["dnis"], line["candidates"]) == ("7201", ["+380974520201", "+390974520201"])
    seen = service.ask("status")
    assert (seen["ambiguous_dnids"], seen["last_ambiguous_dnids"]) == (
        1,
        {"7201": ["+380974520201", "+390974520201"]},
    )
    assert "7201: +380974520201, +390974520201" in service.command("status").stdout
    assert told(service.command("free", "7201")) == ["number 7201 was not found"]
    assert len(service.ask("number", "list", "--state", "allocated")) == 1


def test_a_dnid_stands_once_in_an_application(pool: Service) -> None:
    """Import, dry run and add refuse it: both lines are named, or the number that has it."""
    text = "number,dnid\n380974520200,20\n380974520201,21\n"
    pool.ask("number", "import", "-", text=text)
    bad = text + "380974520202,22\n380974520203,22\n380974520204,20\n380974520205,22\n"
    wanted = "dnid: expected one that no other number of the application has"
    faults = [
        f"line 5: {wanted}, got 22, which line 4 has",
        f"line 6: {wanted}, got 20, which line 2 has",
        f"line 6: {wanted}, got 20, which +380974520200 has",
        f"line 7: {wanted}, got 22, which line 4 has",
    ]
    for dry_run in ((), ("--dry-run",)):
        assert told(pool.command("number", "import", "-", *dry_run, text=bad)) == faults
    assert told(pool.command("number", "add", "380974520202", "--dnid", "20")) == [
        f"number 1: {wanted}, got 20, which +380974520200 has"
    ]
    assert told(pool.command("number", "add", "4500", "4501", "--dnid", "45")) == [
        f"number 2: {wanted}, got 45, which number 1 has"
    ]
    assert len(numbers(pool)) == 2
    pool.ask("application", "add", "sales")
    sales = ("--dnid", "20", "--application", "sales")
    assert pool.ask("number", "add", "380974520202", *sales)["added"] == 1
