"""PostgreSQL's SQL files: each query is one that the schema understands, and has SQLite's name."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import interact_ivr.stores
from interact_ivr.stores.postgres.connecting import Connection
from interact_ivr.stores.postgres.queries import bound, postgres_queries
from interact_ivr.stores.postgres.reader import without_locks
from interact_ivr.stores.queries import load_queries
from tests.contract.cluster import databases

QUERIES = postgres_queries()
OF_SQLITE_ALONE = {"find_lead", "find_plain", "keep_lead", "last_journal_id"}
STORES = Path(interact_ivr.stores.__file__).parent
SOURCES = [*STORES.glob("*.py"), *STORES.glob("operations/*.py"), *STORES.glob("postgres/*.py")]


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    """Give a connection to an empty store."""
    databases_ = databases()
    name = databases_.take()
    with databases_.connect(name) as connection:
        yield connection
    databases_.give_back(name)


def explained(connection: Connection, name: str) -> str:
    """Give a query's plan."""
    values = dict.fromkeys(re.findall(r"%\((\w+)\)s", QUERIES[name]))
    rows = connection.execute(f"EXPLAIN {QUERIES[name]}", values).fetchall()
    return "\n".join(line for (line,) in rows)


@pytest.mark.parametrize("name", QUERIES)
def test_every_named_query_is_understood(connection: Connection, name: str) -> None:
    """Tables, columns and parameters exist, and the type of each is known though it is NULL."""
    assert explained(connection, name)


def test_each_store_has_the_queries_of_the_other() -> None:
    """The same names, but for what only one of them needs, which has files of its own."""
    sqlite = load_queries("sqlite")
    drafts = {name for name, text in sqlite.items() if "draft" in text}
    assert sqlite.keys() - drafts - OF_SQLITE_ALONE <= QUERIES.keys()
    of_sqlite = {file.name for file in (STORES / "sql/sqlite").glob("*.sql")}
    own = {
        name
        for file in (STORES / "sql/postgres").glob("*.sql")
        if file.name not in of_sqlite
        for name in re.findall(r"-- name: (\w+)", file.read_text("utf-8"))
    }
    assert QUERIES.keys() - sqlite.keys() == own


def test_every_query_is_asked_for_by_name() -> None:
    """No query is left over."""
    sources = "\n".join(path.read_text("utf-8") for path in SOURCES)
    assert {name for name in QUERIES if f'"{name}"' in sources} == set(QUERIES)


def test_who_reads_locks_nothing() -> None:
    """A reader waits for nobody, and nobody for a reader."""
    assert any("FOR UPDATE" in text for text in QUERIES.values())
    assert not any("FOR " in text for text in without_locks(QUERIES).values())


def test_a_cast_is_no_parameter_and_a_percent_sign_no_mark() -> None:
    """``::BIGINT`` stays, ``%`` is written twice, comments are left out."""
    assert bound("-- 5 % :x\nSELECT :a::BIGINT % 5") == "SELECT %(a)s::BIGINT %% 5"


def test_a_command_without_postgresql_does_not_load_its_driver() -> None:
    """So it starts as quickly as before."""
    asked = "import sys, interact_ivr.app, interact_ivr.cli; sys.exit('psycopg' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0
