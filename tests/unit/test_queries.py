"""The SQL files: every query is one that the migrated schema understands."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import interact_ivr.stores
from interact_ivr.stores.migrating import SchemaError
from interact_ivr.stores.queries import load_migrations, load_queries
from interact_ivr.stores.sqlite.schema import create_database, migrate, open_database

QUERIES = load_queries("sqlite")
STORES = Path(interact_ivr.stores.__file__).parent
SOURCES = [*STORES.glob("*.py"), *STORES.glob("operations/*.py"), *STORES.glob("sqlite/*.py")]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection to a migrated, empty file."""
    create_database(tmp_path / "interact-ivr.db")
    with closing(open_database(tmp_path / "interact-ivr.db")) as connection:
        migrate(connection)
        yield connection


@pytest.mark.parametrize("name", QUERIES)
def test_every_named_query_compiles(database: sqlite3.Connection, name: str) -> None:
    """Tables, columns and parameters exist; a query is one statement."""
    database.execute(QUERIES["create_draft"])  # which has a database of its own
    values = dict.fromkeys(re.findall(r":(\w+)", QUERIES[name]), 1)
    assert database.execute(f"EXPLAIN {QUERIES[name]}", values).fetchall()


@pytest.mark.parametrize(
    ("name", "index"),
    [
        (
            "find_longest_rested",
            "number_by_rest (application_id=? AND free_from>? AND free_from<?)",
        ),
        (
            "find_longest_rested_in_group",
            "number_by_rest_in_group "
            "(application_id=? AND group_name=? AND free_from>? AND free_from<?)",
        ),
        ("find_by_dnid", "number_by_dnid "),
        ("doubled_dnids", "number_by_dnid (environment_id=? AND dnid=?)"),
        ("known_dnids", "number_by_dnid (environment_id=? AND dnid=?)"),
        ("known_numbers", "sqlite_autoindex_number_1 (environment_id=? AND number=?)"),
        ("discard_hidden", "number_never_lent "),
        ("discard_hidden_of_application", "number_never_lent "),
        ("remove_allocations", "allocation_of_number "),
        ("find_open_allocation_of_interaction", "allocation_open_of_interaction "),
        ("find_lapsed", "allocation_by_expiry "),
        ("next_deadline", "allocation_by_expiry"),
    ],
)
def test_what_every_call_asks_is_found_by_an_index(
    database: sqlite3.Connection, name: str, index: str
) -> None:
    """No look-up of a call or a sweep reads a whole table, and none sorts."""
    values = dict.fromkeys(re.findall(r":(\w+)", QUERIES[name]), 1)
    plan = database.execute(f"EXPLAIN QUERY PLAN {QUERIES[name]}", values).fetchall()
    steps = " / ".join(detail for *_, detail in plan)
    assert index in steps + " "
    assert "TEMP B-TREE" not in steps


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("entries", "PRIMARY KEY"),
        ("entries_of_number", "journal_of_number "),
        ("entries_of_interaction", "journal_of_interaction "),
        ("entries_of_call", "journal_of_call "),
        ("entries_of_last_allocation", "journal_of_number "),
        ("purge_entries", "PRIMARY KEY"),
        ("purge_answers", "answer_of_allocation "),
        ("purge_allocations", "allocation_of_number "),
        ("forget_entries", "journal_of_interaction "),
        ("forget_allocations", "allocation_of_interaction "),
    ],
)
def test_what_the_journal_is_asked_is_found_by_an_index(
    database: sqlite3.Connection, name: str, index: str
) -> None:
    """However long the journal is, a page or a step of it reads about as much as it gives."""
    values = dict.fromkeys(re.findall(r":(\w+)", QUERIES[name]), 1)
    plan = database.execute(f"EXPLAIN QUERY PLAN {QUERIES[name]}", values).fetchall()
    steps = " / ".join(detail for *_, detail in plan)
    assert index in steps + " "
    assert "TEMP B-TREE" not in steps
    assert not re.search(r"SCAN (journal|allocation|answer)\b", steps)


def test_every_query_is_asked_for_by_name() -> None:
    """No query is left over, and no name is asked for that no file has."""
    sources = "\n".join(path.read_text("utf-8") for path in SOURCES)
    assert SOURCES
    assert {name for name in QUERIES if f'"{name}"' in sources} == set(QUERIES)
    asked = re.findall(r'(?:tx\.(?:one|all|do|put)\(|_queries\[)\s*"(\w+)"', sources)
    assert set(asked) <= set(QUERIES)


def test_migrations_are_numbered_without_a_gap() -> None:
    """From 1 on, and the file's version is the last one's number."""
    versions = [version for version, _ in load_migrations("sqlite")]
    assert versions == list(range(1, len(versions) + 1))
    assert versions


def test_migrating_again_changes_nothing(database: sqlite3.Connection) -> None:
    """A file that is up to date is left as it is."""
    before = database.execute("SELECT * FROM sqlite_schema").fetchall()
    assert migrate(database) == len(load_migrations("sqlite"))
    assert database.execute("SELECT * FROM sqlite_schema").fetchall() == before


def test_a_later_release_s_file_is_refused(database: sqlite3.Connection) -> None:
    """The refusal names both versions; nothing is written."""
    database.execute("PRAGMA user_version = 1000")
    with pytest.raises(SchemaError, match="has schema 1000, this release knows schemas up to"):
        migrate(database)


def test_another_program_s_file_is_refused(tmp_path: Path) -> None:
    """A database that is not ours keeps its tables, and gets none of ours."""
    create_database(tmp_path / "other.db")
    with closing(open_database(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE theirs (id INTEGER)")
        with pytest.raises(SchemaError, match="another program"):
            migrate(connection)
        assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("theirs",)]


def test_a_new_file_is_its_owner_s_alone(tmp_path: Path) -> None:
    """Who held which number is nobody else's to read."""
    path = tmp_path / "interact-ivr.db"
    create_database(path)
    open_database(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_commit_is_on_disk_when_it_returns(tmp_path: Path) -> None:
    """synchronous=FULL and WAL; killing a process cannot show what a power cut would."""
    path = tmp_path / "interact-ivr.db"
    create_database(path)
    with closing(open_database(path)) as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_another_program_s_file_stays_as_it_was(tmp_path: Path) -> None:
    """Refused before anything of it is changed."""
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as theirs:
        theirs.execute("CREATE TABLE x (y)")
    before = path.read_bytes()
    with pytest.raises(SchemaError, match="another program"):
        open_database(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["other.db"]
