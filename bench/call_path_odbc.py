"""The peers that Asterisk asks by itself: AstDB, and func_odbc on SQLite and PostgreSQL.

Each has the same numbers, each number's interaction being the number itself. READ only looks it
up. What frees it as well is on disk (FULL, fsync) before it answers: one statement on PostgreSQL,
two on SQLite, whose driver gives nothing back of a statement that writes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bench.call_path_dialplan import EACH, FIRST
from testbed.postgres import USER, Cluster
from testbed.tools import Tools

NUMBERS = 20 * EACH
CONNECTIONS = 20
DATABASE = "peers"
READ_ONLY, LENT = "number", "lent"
"""Two tables: what is freed in one is still there for who only reads."""
TABLE = "CREATE TABLE {} (number TEXT PRIMARY KEY, interaction TEXT, was TEXT)"
LEND = f"UPDATE {LENT} SET interaction = number, was = NULL"
READ = "SELECT interaction FROM {} WHERE number = '${{SQL_ESC(${{ARG1}})}}'"
END = (
    f"UPDATE {LENT} SET was = interaction, interaction = NULL "
    "WHERE number = '${SQL_ESC(${ARG1})}' AND interaction IS NOT NULL"
)
FUNC_ODBC = f"""\
[READ]
prefix = SQLITE
dsn = SQLITE
readsql = {READ.format(READ_ONLY)}
[LENT]
prefix = SQLITE
dsn = SQLITE
readsql = {READ.format(LENT)}
[END]
prefix = SQLITE
dsn = SQLITE
writesql = {END}
[READ]
prefix = POSTGRES
dsn = POSTGRES
readsql = {READ.format(READ_ONLY)}
[FREE]
prefix = POSTGRES
dsn = POSTGRES
readsql = {END} RETURNING was
"""
RES_ODBC = "".join(
    f"[{store}]\nenabled = yes\ndsn = {store}\npre-connect = yes\nmax_connections = {CONNECTIONS}\n"
    for store in ("SQLITE", "POSTGRES")
)
ODBC_INI = """\
[SQLITE]
Driver = {drivers}/libsqlite3odbc.so
Database = {database}
Timeout = 10000
SyncPragma = FULL
JournalMode = WAL
[POSTGRES]
Driver = {drivers}/psqlodbcw.so
Servername = {server}
Port = {port}
Database = {name}
Username = {user}
"""


@dataclass(frozen=True, slots=True)
class Peers:
    """The stores that Asterisk reads by itself."""

    sqlite: Path
    server: Cluster

    @classmethod
    def made(cls, folder: Path, server: Cluster) -> Peers:
        """Fill both."""
        peers = cls(folder / "peers.db", server)
        rows = [(str(FIRST + at),) * 2 for at in range(NUMBERS)]
        with closing(sqlite3.connect(peers.sqlite)) as store, store:
            store.execute("PRAGMA journal_mode = WAL")
            for table in (READ_ONLY, LENT):
                store.execute(TABLE.format(table))
                store.executemany(f"INSERT INTO {table} VALUES (?, ?, NULL)", rows)
        server.run("psql", "-q", "-d", "postgres", "-c", f"CREATE DATABASE {DATABASE}")
        series = f"generate_series(0::BIGINT, {NUMBERS - 1}) AS at"
        for table in (READ_ONLY, LENT):
            filling = f"INSERT INTO {table} SELECT {FIRST} + at, {FIRST} + at FROM {series}"
            by_hand = f"ALTER TABLE {table} SET (autovacuum_enabled = off)"
            peers.ask(f"{TABLE.format(table)}; {by_hand}; {filling}; VACUUM ANALYZE {table}")
        return peers

    def ask(self, statements: str) -> None:
        """Have PostgreSQL carry *statements* out, each by itself."""
        each = [word for one in statements.split("; ") for word in ("-c", one)]
        self.server.run("psql", "-q", "-d", DATABASE, *each)

    def lend_sqlite(self) -> None:
        """Let every number be somebody's."""
        with closing(sqlite3.connect(self.sqlite, timeout=10)) as store, store:
            store.execute(LEND)

    def lend_postgres(self) -> None:
        """Let every number be somebody's, and nothing of before be in the way."""
        self.ask(f"{LEND}; VACUUM {LENT}; CHECKPOINT")

    def conf_files(self) -> Mapping[str, str]:
        """Write what Asterisk is told of them."""
        return {"res_odbc.conf": RES_ODBC, "func_odbc.conf": FUNC_ODBC}

    def environment(self, tools: Tools, folder: Path) -> Mapping[str, str]:
        """Write what unixODBC is told of them, and name it."""
        drivers = tools.modules.parents[1] / "odbc"
        text = ODBC_INI.format(
            drivers=drivers,
            database=self.sqlite,
            server=self.server.folder,
            port=self.server.port,
            name=DATABASE,
            user=USER,
        )
        (folder / "odbc.ini").write_text(text)
        return {"ODBCINI": str(folder / "odbc.ini"), "ODBCSYSINI": str(folder)}


def fill_astdb(folder: Path) -> None:
    """Write AstDB's file, as Asterisk makes it."""
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / "astdb.sqlite3")) as store, store:
        store.execute("CREATE TABLE astdb (key VARCHAR(256), value VARCHAR(256), PRIMARY KEY(key))")
        rows = [(f"/bench/{FIRST + at}", str(FIRST + at)) for at in range(NUMBERS)]
        store.executemany("INSERT INTO astdb VALUES (?, ?)", rows)
