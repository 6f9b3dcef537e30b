"""The queries of the embedded store, as SQLite takes them."""

import sqlite3
from contextlib import closing
from pathlib import Path

from interact_ivr.stores.queries import load_queries
from interact_ivr.stores.sqlite.schema import create_database, migrate, open_database

TIMES = 3
FEWEST = 100
ONCE = 1
"""How often a query may be compiled anew: it is when its values are known for the first time."""


class _Ones(dict[str, int]):
    """Values for a query, whatever it asks for."""

    def __missing__(self, name: str) -> int:
        return 1


def test_no_query_is_compiled_anew_whenever_it_is_asked(tmp_path: Path) -> None:
    """SQLite does so where it compares a value with what a partial index says: ten times slower."""
    path = tmp_path / "store.db"
    create_database(path)
    queries = {n: q for n, q in load_queries("sqlite").items() if not q.startswith("CREATE")}
    with closing(open_database(path)) as connection:
        migrate(connection)
        asked = [name for name, query in queries.items() if _asked(connection, query)]
        often = connection.execute("SELECT sql FROM sqlite_stmt WHERE reprep > ?", [ONCE])
        compiled = {sql for (sql,) in often}
    assert [name for name in asked if queries[name] in compiled] == []
    assert len(asked) > FEWEST


def _asked(connection: sqlite3.Connection, query: str) -> bool:
    """Ask *query* some times and change nothing; False where it is of another connection's."""
    for _ in range(TIMES):
        connection.execute("BEGIN")
        try:
            connection.execute(query, _Ones()).fetchall()
        except sqlite3.IntegrityError:  # it was compiled and begun
            pass
        except sqlite3.OperationalError as error:
            if "no such table" not in str(error):
                raise
            return False
        finally:
            connection.execute("ROLLBACK")
    return True
