"""The command line as a person or a script meets it: real processes, their status and words."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import pytest

from interact_ivr.cli import main
from interact_ivr.cli.commands import children
from testbed.service import INTERACT_IVR, Service, ServiceError

COMMANDS = (
    ("allocate", "order 1"),
    ("free", "380974520200"),
    ("journal",),
    ("journal", "forget", "--interaction", "order 1", "--yes"),
    ("number", "list"),
    ("number", "import", "-"),
    ("status",),
)


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[Service]:
    """Give a service that does not run, with an empty store and every default."""
    service = Service(tmp_path / "stopped")
    yield service
    service.close()


def _numbers(service: Service) -> list[str]:
    """Read which numbers there are, past the service."""
    if not service.database.exists():
        return []
    with closing(sqlite3.connect(service.database)) as connection:
        return [number for (number,) in connection.execute("SELECT number FROM number")]


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*INTERACT_IVR, *arguments], capture_output=True, encoding="utf-8", check=False
    )


def _told(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Give the faults of a command that failed: status 1, nothing but faults, no stack trace."""
    lines = done.stderr.splitlines()
    assert done.returncode == 1, done
    assert done.stdout == ""
    assert lines
    assert all(line.startswith("error: ") for line in lines), lines
    return [line.removeprefix("error: ") for line in lines]


# Importing numbers

BAD_FILES = {
    "empty": (b"", ["-: line 1: expected a header with number"]),
    "wrong header": (
        b"phone,group\n380974520200,a\n",
        ["-: line 1: 'phone' is not a column", "-: line 1: expected a header with number"],
    ),
    "no header": (
        b"380974520200\n",
        ["-: line 1: '380974520200' is not a column", "-: line 1: expected a header with number"],
    ),
    "column twice": (
        b"number,Group,GROUP\n380974520200,a,b\n",
        ["-: line 1: the column 'group' stands twice"],
    ),
    "number twice": (
        b"number\n380974520200\n380974520201\n380974520200\n",
        ["line 4: 380974520200 is the number of line 2 again"],
    ),
    "numbers alike": (
        b"number\n+380 (97) 452-02-00\n380974520201\n380974520200\n",
        ["line 4: 380974520200 is the number of line 2 again (both are +380974520200)"],
    ),
    "columns": (
        b"number,group\n380974520200\n380974520201,a,b\n",
        ["line 2: expected 2 columns, got 1", "line 3: expected 2 columns, got 3"],
    ),
    "enabled": (
        b"number,enabled\n380974520200,maybe\n",
        ["line 2: enabled: expected yes or no, got 'maybe'"],
    ),
    "dnid": (
        "number,dnid\n380974520200,12a\n380974520201,1234567890123456\n380974520202,٣\n".encode(),
        [
            "line 2: dnid: expected 1 to 15 digits, got '12a'",
            "line 3: dnid: expected 1 to 15 digits, got '1234567890123456'",
            r"line 4: dnid: expected 1 to 15 digits, got '\u0663'",
        ],
    ),
    "group": (
        "number,group\n380974520200,a;b\n380974520201,ü\n".encode(),
        [
            "line 2: group: expected ASCII letters, digits, space and - _ . : / @ + = # ~ { }, "
            "got ';' at position 2",
            r"line 3: group: expected ASCII letters, digits, space and - _ . : / @ + = # ~ { }, "
            r"got '\xfc' at position 1",
        ],
    ),
    "line separators": (
        "number,group\r\n380974520200,a\x0cb\r\n380974520201,a\u2028b\r\n380974520202,;\r\n".encode(),
        [
            "line 2: group: expected ASCII letters, digits, space and - _ . : / @ + = # ~ { }, "
            r"got '\x0c' at position 2",
            "line 3: group: expected ASCII letters, digits, space and - _ . : / @ + = # ~ { }, "
            r"got '\u2028' at position 2",
            "line 4: group: expected ASCII letters, digits, space and - _ . : / @ + = # ~ { }, "
            "got ';' at position 1",
        ],
    ),
    "no number": (
        b"number,group\n380974520200,a\n,a\n-,a\n",
        [
            "line 3: number: expected a digit, a letter, * or #, got ''",
            "line 4: number: expected a digit, a letter, * or #, got '-'",
        ],
    ),
    "control characters": (
        "number\n38097\033[31m4520200\n3809745\u202e20201\n".encode(),
        [
            "line 2: number: expected printable text, got '\\x1b' at position 6",
            "line 3: number: expected printable text, got '\\u202e' at position 8",
        ],
    ),
    "too long": (
        b"number\n" + b"1" * 65 + b"\n",
        ["line 2: number: expected at most 64 characters"],
    ),
    "not UTF-8": (b"number,group\n380974520200,a\n380974520201,\xff\n", ["-: line 3: not UTF-8"]),
    "not CSV": (
        b'number\n380974520200\n"380974520201"2\n',
        ["line 3: not CSV: ',' expected after '\"'"],
    ),
    "quote without end": (
        b'number\n380974520200\n"380974520201\n',
        ["line 3: not CSV: unexpected end of data"],
    ),
}


@pytest.mark.parametrize(("text", "faults"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_refused_whole(service: Service, text: bytes, faults: list[str]) -> None:
    """Each fault has its line and says what was expected; the pool stays as it was."""
    before = _numbers(service)
    done = subprocess.run(
        [*INTERACT_IVR, "number", "import", "-", "--config", str(service.config)],
        input=text,
        capture_output=True,
        check=False,
    )
    told = done.stderr.decode().splitlines()
    assert done.returncode == 1
    assert len(told) == len(faults), told
    for said, fault in zip(told, faults, strict=True):
        assert said.startswith(f"error: {fault}")
    assert _numbers(service) == before


EVERY_FAULT = """number,group,dnid,enabled
380974520210,sales,1,yes
380974520200,sales,,
?,b;d,x,maybe
380974520211,sales
+380 97 452 02 10,a;b,,nein
(+380) 97 452 02 00,,12-3,
"""


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
def test_every_fault_of_a_file_is_told_at_once(
    service_factory: Callable[..., Service], running: bool
) -> None:
    """All of a line and all lines, in their order, with those that the pool has already."""
    service = service_factory()
    service.import_numbers("380974520200")
    if not running:
        service.stop()
    told = _told(service.command("number", "import", "-", text=EVERY_FAULT))
    assert [fault.split(" expected")[0].split(" is ")[0] for fault in told] == [
        "line 3: +380974520200",
        "line 4: enabled:",
        "line 4: group:",
        "line 4: dnid:",
        "line 4: number:",
        "line 5:",
        "line 6: enabled:",
        "line 6: group:",
        "line 6: +380 97 452 02 10",
        "line 7: dnid:",
        "line 7: (+380) 97 452 02 00",
    ]
    assert _numbers(service) == ["+380974520200"]


def test_a_file_that_cannot_be_read_says_why(service: Service, tmp_path: Path) -> None:
    """A missing one, a folder, one whose device fails: the file and the reason."""
    for file, reason in (
        (str(tmp_path / "none.csv"), "No such file or directory"),
        (str(tmp_path), "Is a directory"),
        ("/proc/self/mem", "Input/output error"),
    ):
        told = _told(service.command("number", "import", file))
        assert told == [f"{file}: cannot be read: {reason}"]


def test_a_good_file_is_taken_in_whole(service: Service, tmp_path: Path) -> None:
    """With what spreadsheets write: a mark in front, CR LF, quotes, capitals, empty lines."""
    file = tmp_path / "numbers.csv"
    file.write_bytes(
        b"\xef\xbb\xbfDNID, Number ,ENABLED,group\r\n"
        b'7,"+380 (97) 452-02-90",YES," night shift "\r\n'
        b"\r\n"
        b",380974520291,no,\r\n"
    )
    assert service.ask("number", "import", str(file)) == {
        "imported": 2,
        "already_there": 0,
    }
    shown = {number["number"]: number for number in service.ask("number", "list")}
    first, second = shown["+380974520290"], shown["+380974520291"]
    assert (first["entered"], first["dnid"], first["group"], first["enabled"]) == (
        "+380 (97) 452-02-90",
        "7",
        "night shift",
        True,
    )
    assert (second["dnid"], second["group"], second["enabled"]) == (None, None, False)


# Allocating and freeing


@pytest.mark.parametrize(
    ("text", "got"),
    [
        ("", "got 0 characters"),
        ("x" * 129, "got 129 characters"),
        (" a", "got ' a'"),
        ("a ", "got 'a '"),
        ('a"b', "got '\"' at position 2"),
        ("a,b", "got ',' at position 2"),
        ("${X}", "got '$' at position 1"),
        ("a\nEXEC Hangup", r"got '\n' at position 2"),
        ("дзвінок", r"got '\u0434' at position 1"),
        ("a\udcff", r"got '\udcff' at position 2"),
    ],
    ids=ascii,
)
def test_a_bad_id_is_refused_and_its_character_named(service: Service, text: str, got: str) -> None:
    """As interaction and as group; nothing is lent."""
    for arguments in (["--", text], ["--group", text, "--", "order 1"]):
        (told,) = _told(_run("allocate", "--config", str(service.config), *arguments))
        assert "expected" in told
        assert got in told


@pytest.mark.parametrize("text", ["a,b", "a\udcff"], ids=ascii)
def test_a_bad_id_is_refused_without_a_service_too(stopped: Service, text: str) -> None:
    """The same words, and still nothing but words."""
    (told,) = _told(stopped.command("allocate", text))
    assert f"got {text[1]!a} at position 2" in told


def test_what_is_asked_for_by_hand(service_factory: Callable[..., Service]) -> None:
    """The number alone on standard output, for scripts; refusals are sentences."""
    service = service_factory("[pool]\nhold_for_seconds = 600\n")
    service.import_numbers("380974520200")
    lent = service.command("allocate", "order 1")
    assert (lent.returncode, lent.stdout) == (0, "380974520200\n")
    assert "waits for its call until" in lent.stderr
    assert _told(service.command("allocate", "order 2")) == ["no number is available in the pool"]
    assert _told(service.command("allocate", "order 2", "--group", "a")) == [
        "no number is available in group 'a'"
    ]
    assert (
        "group: expected no group"
        in _told(service.command("allocate", "order 1", "--group", "a"))[0]
    )
    assert _told(service.command("free", "380974520299")) == ["number 380974520299 was not found"]
    assert _told(service.command("free", "??")) == ["number ?? was not found"]
    wrong = service.ask("free", "380974520200", "--allocation", "x")
    assert wrong == {"status": "NOT_ALLOCATED"}
    freed = service.command("free", "+380 97 452 02 00")
    assert (freed.returncode, freed.stdout) == (0, "+380 97 452 02 00 is free now\n")
    again = service.command("free", "380974520200")
    assert (again.returncode, again.stdout) == (0, "380974520200 was not allocated\n")


def _session(service: Service) -> list[tuple[int, Any, str]]:
    """Go through every command with --json; times and ids, which differ, are left out."""
    told = []
    for *arguments, text in (
        ("number", "import", "-", "number,group\n380974520200,a\n380974520201,\n"),
        ("number", "import", "-", "number\n380974520200\n?\n"),
        ("allocate", "order 1", ""),
        ("allocate", "order 1", "--group", "b", ""),
        ("allocate", "order 1", ""),
        ("free", "380974520200", ""),
        ("free", "1", ""),
        ("number", "list", ""),
    ):
        done = service.command(*arguments, "--json", text=text)
        answer = json.loads(done.stdout) if done.returncode == 0 else done.stdout
        for one in answer if isinstance(answer, list) else [answer]:
            for varies in ("id", "allocated_at", "expires_at", "free_from"):
                if isinstance(one, dict) and varies in one:
                    assert one.pop(varies)
        told.append((done.returncode, answer, done.stderr))
    return told


def test_commands_work_the_same_without_a_service(
    service_factory: Callable[..., Service], stopped: Service
) -> None:
    """Same answers in JSON, same words, same exit status, whoever carries them out."""
    served = _session(service_factory())
    assert [status for status, _, _ in served] == [0, 1, 0, 1, 0, 0, 1, 0]
    assert _session(stopped) == served


def test_what_is_done_without_a_service_is_there_when_one_comes(stopped: Service) -> None:
    """One store, whoever writes."""
    stopped.import_numbers("380974520200")
    lent = stopped.ask("allocate", "order 1")
    stopped.start()
    again = stopped.ask("allocate", "order 1")
    assert (again["id"], again["renewed"]) == (lent["id"], True)


def test_status_tells_whether_a_service_runs(service: Service, stopped: Service) -> None:
    """Exit status 0 with what it is and what its pool is like; 1 where there is none."""
    facts = service.ask("status")
    assert facts["running"] is True
    assert facts["process"] == service.pid
    assert facts["agi"] == service.agi
    assert facts["store"] == str(service.database)
    assert facts["config"] == str(service.config)
    assert set(facts["pool"]) == {"idle", "resting", "allocated", "lapsed"}
    table = service.command("status")
    assert table.returncode == 0
    assert all(text in table.stdout for text in ("running", service.agi, str(service.pid), "idle"))

    none = stopped.command("status", "--json")
    assert (none.returncode, json.loads(none.stdout)) == (1, {"running": False})
    (told,) = _told(stopped.command("status"))
    assert told.startswith("no service listens on ")
    assert not stopped.database.exists()


def test_status_names_the_secrets_that_go_in_the_clear(
    service_factory: Callable[..., Service],
) -> None:
    """As the log does at the start; to this machine's own 0.0.0.0, which may be any of its own."""
    public = '[[pbx]]\nari_url = "http://0.0.0.0:1/ari"\nami_host = "0.0.0.0"\nami_port = 1\n'
    service = service_factory(public)
    told = service.ask("status")["warnings"]
    assert [each.partition(":")[0] for each in told] == ["pbx[1].ari_url", "pbx[1].ami_host"]
    assert told == [line["warning"] for line in service.log("configuration")[: len(told)]]
    assert told[0] in " ".join(service.command("status").stdout.split())


def test_the_list_is_a_table_for_people(service_factory: Callable[..., Service]) -> None:
    """A number a line, with its state in a word; a disabled one says so."""
    service = service_factory()
    text = "number,group,enabled\n380974520200,a,\n380974520201,,no\n"
    assert service.command("number", "import", "-", text=text).stdout == "2 numbers imported\n"
    service.ask("allocate", "order 1")
    lines = service.command("number", "list").stdout.splitlines()
    (first,) = [line.split() for line in lines if "+380974520200" in line]
    (second,) = [line.split() for line in lines if "+380974520201" in line]
    assert first[:6] == ["+380974520200", "380974520200", "a", "allocated", "order", "1"]
    assert second == ["+380974520201", "380974520201", "disabled"]


# One file, one service


def test_a_second_service_on_one_file_says_who_has_it(
    service_factory: Callable[..., Service], stopped: Service
) -> None:
    """It ends with status 1 and changes nothing; the first goes on."""
    first = service_factory()
    text = stopped.config.read_text().replace(str(stopped.database), str(first.database))
    stopped.config.write_text(text)
    for arguments in (("serve",), ("init",), ("number", "list")):
        (told,) = _told_at_end(stopped.command(*arguments))
        holder = f"{first.database}.lock is held by interact-ivr serve, process {first.pid}"
        assert told == holder
    with pytest.raises(ServiceError):
        stopped.start()
    assert first.ask("status")["process"] == first.pid


def _told_at_end(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Give the faults of a command that may have said something before."""
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr
    lines = done.stderr.splitlines()
    return [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]


def test_a_service_whose_socket_is_gone_is_named(service_factory: Callable[..., Service]) -> None:
    """A command does not write past a running service; it tells who holds the store."""
    service = service_factory()
    Path(service.ask("status")["control"]).unlink()
    for arguments in (("number", "list"), ("allocate", "order 1"), ("free", "380974520200")):
        (told,) = _told(service.command(*arguments))
        assert told.endswith(f"is held by interact-ivr serve, process {service.pid}")


def test_a_service_that_was_killed_comes_up_again(service_factory: Callable[..., Service]) -> None:
    """Neither its socket nor its lock stands in the way, and what it had said still holds."""
    service = service_factory()
    service.import_numbers("380974520200")
    lent = service.ask("allocate", "order 1")
    control = Path(service.ask("status")["control"])
    service.kill()
    assert control.is_socket()
    assert service.command("status").returncode == 1
    service.start()
    assert service.ask("allocate", "order 1")["id"] == lent["id"]
    service.stop()
    assert not control.exists()


def test_a_socket_path_that_is_another_s_file_is_left_alone(stopped: Service) -> None:
    """Only a socket is replaced."""
    socket = stopped.folder / "control.sock"
    socket.write_text("somebody's")
    lines = stopped.config.read_text().splitlines()
    lines[-1] = f'socket = "{socket}"'
    stopped.config.write_text("\n".join(lines))
    (told,) = _told_at_end(stopped.command("serve"))
    assert "Address already in use" in told
    assert socket.read_text() == "somebody's"


def test_a_socket_that_another_service_listens_on_is_left_to_it(
    service: Service, stopped: Service
) -> None:
    """Two stores, one socket: the second service is refused, and the first goes on answering."""
    theirs = service.config.read_text().splitlines()[-1]
    lines = stopped.config.read_text().splitlines()
    stopped.config.write_text("\n".join([*lines[:-1], theirs]))
    (told,) = _told_at_end(stopped.command("serve"))
    assert "another service listens on the control socket" in told
    assert service.ask("status")["running"]


# Configuration and usage


@pytest.mark.parametrize("arguments", [*COMMANDS, ("serve",), ("init",)], ids=" ".join)
def test_a_bad_configuration_is_told_whole(stopped: Service, arguments: tuple[str, ...]) -> None:
    """By every command, with file, key, expectation and value; nothing is opened."""
    stopped.config.write_text('[agi]\nport = "x"\n[pol]\n[log]\nlevel = 3\ncolour = 1\n')
    assert _told_at_end(stopped.command(*arguments, text="number\n1\n")) == [
        f"{stopped.config}: {fault}"
        for fault in (
            "agi.port: expected 0 to 65535, where 0 takes a free one, got 'x'",
            "[pol]: expected one of store, node, agi, http, icws, screen, console, control, "
            "environment, pool, journal, interaction, dial_plan, log, pbx",
            "log.level: expected debug, info, warning or error, got 3",
            "log.colour: expected one of level",
        )
    ]
    assert not stopped.database.exists()


def test_a_bad_dial_plan_is_told_whole(stopped: Service, tmp_path: Path) -> None:
    """As the configuration is; the store is not made."""
    plan = tmp_path / "plan.toml"
    plan.write_text('home_country = "XX"\nspeed = 1\n')
    with stopped.config.open("a") as config:
        config.write(f'[dial_plan]\nplan = "{plan}"\n')
    for arguments in (("serve",), ("number", "list")):
        told = _told_at_end(stopped.command(*arguments))
        assert len(told) == 3
        assert all(re.match(rf"{re.escape(str(plan))}(:\d+)?: ", fault) for fault in told)
    assert not stopped.database.exists()


def test_a_missing_configuration_is_named(tmp_path: Path) -> None:
    """The file that was looked for, by option or by variable."""
    file = tmp_path / "none.toml"
    told = _told(_run("number", "list", "--config", str(file)))
    assert told == [f"{file}: cannot be read: No such file or directory"]


def test_init_keeps_what_is_there(stopped: Service) -> None:
    """The file stays byte for byte, the store's numbers too; twice is as good as once."""
    written = stopped.config.read_bytes()
    for _ in range(2):
        done = stopped.command("init")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines() == [
            f"{stopped.config} is there already",
            f"{stopped.database} is ready",
        ]
        assert stopped.config.read_bytes() == written
    assert stopped.database.stat().st_mode & 0o777 == 0o600
    stopped.import_numbers("380974520200")
    assert stopped.command("init").returncode == 0
    assert _numbers(stopped) == ["+380974520200"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("fly",),
        ("allocate",),
        ("allocate", "a", "--colour"),
        ("allocate", "a", "--group"),
        ("number",),
        ("number", "import"),
        ("status", "now"),
        ("serve", "--json"),
    ],
    ids=" ".join,
)
def test_what_is_not_understood_ends_with_2(arguments: tuple[str, ...]) -> None:
    """Why on standard error, nothing on standard output, and no stack trace."""
    done = _run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(("Usage: interact-ivr", "Error: "))
    assert "Traceback" not in done.stderr


def _every_command(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, child in children(command):
        yield from _every_command(child, (*path, name))


@pytest.mark.parametrize("path", [*_every_command(main)], ids=" ".join)
def test_every_command_explains_itself(path: tuple[str, ...]) -> None:
    """--help and -h end with 0, and say what the command is for."""
    done = _run(*path, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: interact-ivr {' '.join(path)}".rstrip())
    about = done.stdout.split("\n\n")[1].strip()
    assert about.endswith(".")
    assert not about.startswith("Options")
