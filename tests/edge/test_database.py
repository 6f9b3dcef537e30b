"""The store's file as a whole: copied while calls go on, put back, upgraded."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from interact_ivr.stores.migrating import CopyError
from interact_ivr.stores.sqlite.copies import back_up, restore
from testbed.line import Line, control
from testbed.service import INTERACT_IVR, Service

FIXTURE = Path(__file__).parents[1] / "fixtures" / "schema-1.sql"
MANY = 15_000


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[Service]:
    """Give a service that does not run, with three numbers of which one is allocated."""
    service = Service(tmp_path / "stopped")
    service.import_numbers("380974520200", "380974520201", "380974520202")
    service.ask("allocate", "waiting")
    yield service
    service.close()


def _fails(service: Service, *arguments: str) -> str:
    """Give the sentence of a command that fails with status 1, and nothing but a sentence."""
    done = service.command(*arguments)
    assert (done.returncode, done.stdout) == (1, ""), done
    (line,) = done.stderr.splitlines()
    return line.removeprefix("error: ")


def _allocated(path: Path) -> list[str]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as connection:
        query = "SELECT interaction FROM allocation WHERE ended_at IS NULL ORDER BY id"
        return [interaction for (interaction,) in connection.execute(query)]


def test_a_backup_of_a_running_service(
    service_factory: Callable[..., Service], tmp_path: Path
) -> None:
    """One committed state, in one file for its owner alone, while calls are answered."""
    service = service_factory()
    lines = [Line.taken_into(service) for _ in range(3)]
    rows = [{"line": row, "number": f"+4930{row:08}"} for row in range(MANY)]
    control(service, "number.import", rows=rows)
    lines[0].allocate("before")
    copy = tmp_path / "copy.db"
    with subprocess.Popen(
        [*INTERACT_IVR, "db", "backup", str(copy), "--config", str(service.config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as backup:
        answered = 0
        while backup.poll() is None:
            lines[1].allocate(f"during {answered}")
            assert lines[1].call().variables["INTERACT_ID"] == f"during {answered}"
            answered += 1
        assert (backup.returncode, backup.stderr and backup.stderr.read()) == (0, b"")
    assert answered > 1
    lines[2].allocate("after")
    assert copy.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.glob("copy.db*")] == ["copy.db"]
    there = _allocated(copy)
    assert there[0] == "before"
    assert "after" not in there
    assert len(there) <= 2
    with closing(sqlite3.connect(copy)) as connection:
        (numbers,) = connection.execute("SELECT count(*) FROM number").fetchone()
    assert numbers == MANY + 3


def _events(trace: Path, file: Path) -> list[str]:
    """Read what strace wrote: what was done to *file*, to what becomes it, and what was told."""
    making = f"{file}.making"
    kinds = [
        (rf'\d+ +rename\w*\(.*"{making}", .*"{file}"', "put in place"),
        (rf"\d+ +f(data)?sync\(\d+<{making}>\)", "synced"),
        (rf"\d+ +f(data)?sync\(\d+<{file.parent}>\)", "folder synced"),
        (rf'\d+ +\w*(write|chown)\w*\(.*[<"]{making}[>"]', "changed"),
        (r"\d+ +write\([12]<", "told"),
    ]
    lines = trace.read_text("utf-8").splitlines()
    named = [next((name for kind, name in kinds if re.match(kind, line)), "") for line in lines]
    return [name for name in named if name]


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_a_copy_is_on_disk_before_it_is_in_place_and_told(
    stopped: Service, tmp_path: Path, command: str
) -> None:
    """By a trace of system calls: all of the file, then its name; then it is said to be there."""
    assert shutil.which("strace"), "strace is missing: make debian-packages"
    copy, trace = tmp_path / "copy.db", tmp_path / "trace"
    if command == "restore":
        stopped.ask("db", "backup", str(copy))
    calls = "trace=pwrite64,write,fsync,fdatasync,/^rename,/chown"
    done = subprocess.run(
        [
            *("strace", "-f", "-y", "-e", calls, "-e", "signal=none", "-o", str(trace)),
            *(*INTERACT_IVR, "db", command, str(copy), "--config", str(stopped.config)),
        ],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done
    events = _events(trace, stopped.database if command == "restore" else copy)
    placed = events.index("put in place")
    assert "changed" in events[:placed]
    assert events[placed - 1] == "synced"
    assert events[placed + 1 :][:2] == ["folder synced", "told"]


def test_a_backup_is_not_overwritten_unless_asked(stopped: Service, tmp_path: Path) -> None:
    """With --force it is replaced whole; the store itself never is."""
    copy = tmp_path / "copy.db"
    copy.write_text("something dear")
    assert _fails(stopped, "db", "backup", str(copy)) == f"{copy} is there already"
    assert copy.read_text() == "something dear"
    told = stopped.ask("db", "backup", "--force", str(copy))
    assert told == {"backup": str(copy), "bytes": copy.stat().st_size}
    assert _allocated(copy) == ["waiting"]
    store = str(stopped.database)
    for command in (("backup", "--force"), ("restore",)):
        assert _fails(stopped, "db", *command, store) == f"{store} is the store itself"


OWN = ("-wal", "-shm", "-journal", ".lock", ".ani-key", ".making")


def test_the_store_s_own_files_are_no_place_for_a_copy(
    service_factory: Callable[..., Service], tmp_path: Path
) -> None:
    """By no name, there or not, not by force; nor is one of them a backup. Calls go on."""
    service = service_factory()
    line = Line.taken_into(service)
    line.allocate("before")
    own = [service.database.with_name(f"{service.database.name}{ending}") for ending in OWN]
    hard, linked = tmp_path / "hard", tmp_path / "linked"
    hard.hardlink_to(own[0])
    linked.symlink_to(service.database.parent)
    for file in (*own, hard, *(linked / file.name for file in own)):
        refused = re.escape(f"{file} is a file of the store's own")
        with pytest.raises(CopyError, match=refused):
            back_up(service.database, file, _unseen, replace=True)
        with pytest.raises(CopyError, match=refused):
            restore(service.database, file, "a test", _unseen)
    for command in (("backup", "--force"), ("restore",)):
        assert _fails(service, "db", *command, f"{own[0]}").endswith("a file of the store's own")
    assert line.call().variables["INTERACT_ID"] == "before"
    assert [file.exists() for file in own] == [True, True, False, True, True, False]


def test_neither_is_what_a_link_to_the_store_has(stopped: Service, tmp_path: Path) -> None:
    """SQLite keeps them at the link's target; nor is a copy made in the store."""
    link = tmp_path / "link.db"
    link.symlink_to(stopped.database)
    for store in (link, stopped.database):
        with pytest.raises(CopyError, match="a file of the store's own"):
            back_up(link, Path(f"{store}-wal"), _unseen)
    copy = tmp_path / "copy"
    store = stopped.database.rename(tmp_path / "copy.making")
    with pytest.raises(CopyError, match=f"{store} is the store itself"):
        back_up(store, copy, _unseen)
    assert _allocated(store) == ["waiting"]


def _unseen(_done: int, _of: int) -> None:
    """Nobody looks at the progress."""


def test_a_backup_that_cannot_be_made_leaves_nothing(stopped: Service, tmp_path: Path) -> None:
    """No store, a folder that is not there, a damaged store: a sentence, and no file."""
    nowhere = tmp_path / "nowhere" / "copy.db"
    assert "No such file or directory" in _fails(stopped, "db", "backup", str(nowhere))
    _damage(stopped.database)
    copy = tmp_path / "copy.db"
    assert "damaged" in _fails(stopped, "db", "backup", str(copy))
    stopped.database.unlink()
    assert _fails(stopped, "db", "backup", str(copy)) == f"{stopped.database} is not there"
    assert [*tmp_path.glob("copy*")] == []


def _damage(path: Path) -> None:
    """Overwrite the middle of a file, as a bad disk would."""
    with path.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096 * 5)


def test_a_restore_is_the_backup_again(stopped: Service, tmp_path: Path) -> None:
    """What came later is in the file put aside, which is whole; the service goes on from there."""
    copy = tmp_path / "copy.db"
    stopped.ask("db", "backup", str(copy))
    stopped.ask("allocate", "later")
    told = stopped.ask("db", "restore", str(copy))
    assert told["restored"] == str(stopped.database)
    aside = Path(told["aside"])
    assert aside.parent == stopped.database.parent
    assert _allocated(aside) == ["waiting", "later"]
    assert stopped.database.stat().st_mode & 0o777 == 0o600
    with stopped:
        numbers = control(stopped, "number.list")["numbers"]
        assert [number["interaction"] for number in numbers] == ["waiting", None, None]


def test_what_is_done_to_the_whole_store_is_on_record(stopped: Service, tmp_path: Path) -> None:
    """By whose process, once it is done: a backup in the store, a restore in what is restored."""
    copy = tmp_path / "copy.db"
    who = f"uid {os.getuid()}"

    def trail() -> list[tuple[str, str, str]]:
        entries = stopped.ask("audit", "--action", "db")
        assert all(entry["who"].startswith(who) for entry in entries)
        return [(entry["action"], entry["object"], entry["source"]) for entry in entries]

    here = f"file={copy}"
    stopped.ask("db", "backup", str(copy))
    size = copy.stat().st_size
    backed_up = ("db.backup", f"{here} bytes={size}", "command line")
    assert trail() == [backed_up]
    stopped.ask("db", "restore", str(copy))
    assert trail() == [("db.restore", here, "command line")]
    _fails(stopped, "db", "backup", str(copy))
    _fails(stopped, "db", "restore", str(tmp_path / "none"))
    assert len(trail()) == 1
    with stopped:
        stopped.ask("db", "backup", "--force", str(copy))
        assert trail()[0][::2] == ("db.backup", "control socket")


def test_a_damaged_store_is_put_aside_with_its_wal(stopped: Service, tmp_path: Path) -> None:
    """Nothing of what may be saved from it is thrown away."""
    copy = tmp_path / "copy.db"
    stopped.ask("db", "backup", str(copy))
    stopped.database.write_bytes(b"\0" * 5000)
    wal = stopped.database.with_name(stopped.database.name + "-wal")
    wal.write_bytes(b"\1" * 5000)
    aside = Path(stopped.ask("db", "restore", str(copy))["aside"])
    assert aside.read_bytes() == b"\0" * 5000
    assert not wal.exists()
    assert _allocated(stopped.database) == ["waiting"]


def test_nothing_is_restored_under_a_running_service(
    service_factory: Callable[..., Service], tmp_path: Path
) -> None:
    """The sentence says who has the store; it goes on."""
    service = service_factory()
    copy = tmp_path / "copy.db"
    service.ask("db", "backup", str(copy))
    refused = _fails(service, "db", "restore", str(copy))
    assert f"held by interact-ivr serve, process {service.pid}" in refused
    assert Line.taken_into(service).call().variables["INTERACT_STATUS"] == "NOT_ALLOCATED"


def test_only_a_whole_backup_of_ours_is_restored(stopped: Service, tmp_path: Path) -> None:
    """Of this release or an earlier one; otherwise the store stays byte for byte."""
    copy = tmp_path / "copy.db"
    stopped.ask("db", "backup", str(copy))
    stopped.command("db", "migrate")
    before = stopped.database.read_bytes()
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("PRAGMA user_version = 999")
    later = _fails(stopped, "db", "restore", str(copy))
    assert later.startswith(f"{copy}: the store has schema 999, this release knows schemas up to")
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("DROP TABLE journal")
    assert _fails(stopped, "db", "restore", str(copy)).endswith("database of another program")
    stopped.ask("db", "backup", "--force", str(copy))
    before = stopped.database.read_bytes()  # it has an entry more
    _damage(copy)
    assert "damaged" in _fails(stopped, "db", "restore", str(copy))
    copy.write_bytes(b"no database at all" * 1000)
    assert _fails(stopped, "db", "restore", str(copy)) == f"{copy}: its file is no database"
    copy.write_bytes(b"")
    assert _fails(stopped, "db", "restore", str(copy)) == f"{copy}: there is nothing in it"
    copy.unlink()
    assert _fails(stopped, "db", "restore", str(copy)) == f"{copy} is not there"
    assert stopped.database.read_bytes() == before
    assert [*stopped.database.parent.glob("interact-ivr.db.2*")] == []


def test_an_earlier_release_s_store_is_upgraded(stopped: Service) -> None:
    """By `db migrate`, which is on record, or by `serve`; `--check` only says so."""
    stopped.database.unlink()
    with closing(sqlite3.connect(stopped.database)) as connection:
        connection.executescript(FIXTURE.read_text("utf-8"))
    stopped.database.chmod(0o600)
    said = _fails(stopped, "db", "migrate", "--check")
    assert "has schema 1, this release has" in said
    checked = stopped.command("db", "migrate", "--check", "--json")
    assert (checked.returncode, json.loads(checked.stdout)["schema"]) == (1, 1)
    backup = stopped.command("db", "backup", str(stopped.folder / "copy.db"))
    assert (backup.returncode, "the store's schema has none yet" in backup.stderr) == (0, True)
    told = stopped.ask("db", "migrate")
    assert told["schema"] == told["latest"] > 1
    assert stopped.command("db", "migrate", "--check").returncode == 0
    (entry,) = stopped.ask("audit")
    assert (entry["action"], entry["object"]) == ("db.migrate", f"schema={told['schema']}")


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_a_later_release_s_store_is_refused_politely(stopped: Service, mode: str) -> None:
    """By all that opens it, with status 1 and one sentence of what to do; not a byte is changed."""
    with closing(sqlite3.connect(stopped.database)) as connection:
        connection.execute("PRAGMA user_version = 999")
        connection.execute(f"PRAGMA journal_mode = {mode}")  # a backup has none
    before = stopped.database.read_bytes()
    for command in (("db", "migrate"), ("db", "migrate", "--check"), ("number", "list")):
        refused = _fails(stopped, *command)
        assert "a later release of interact-ivr has written it; install that one again" in refused
    served = stopped.command("serve", "--config", str(stopped.config))
    assert (served.returncode, served.stdout) == (1, "")
    assert "put a backup back that was made before it" in served.stderr
    assert stopped.database.read_bytes() == before
    assert [*stopped.folder.glob("interact-ivr.db.2*")] == []


def test_progress_is_for_terminals_only(stopped: Service, tmp_path: Path) -> None:
    """A program that reads gets nothing but the answer."""
    done = subprocess.run(
        [sys.executable, "-m", "interact_ivr", "db", "backup", str(tmp_path / "copy.db")],
        env={"INTERACT_IVR_CONFIG": str(stopped.config)},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert (done.stdout, done.stderr) == (f"{tmp_path}/copy.db written and checked\n", "")
