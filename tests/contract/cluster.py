"""Databases for a store on PostgreSQL in the tests: one cluster a process, made when asked for.

A database is emptied and used again, as dropping one makes a cluster that keeps its promises write
all it has: that is a second, and emptying is a thousandth of it.
"""

import atexit
import itertools
from contextlib import ExitStack
from functools import cache

import psycopg

from interact_ivr.stores.postgres.connecting import Connecting, Connection
from interact_ivr.stores.postgres.schema import migrate
from testbed.fetch import bring_postgres
from testbed.ports import PortBlock
from testbed.postgres import Cluster, cluster

_TEMPLATE = "template_of_all"
_TABLES = (
    *(
        "node",
        "duty",
        "answer",
        "ringing",
        "journal",
        "audit",
        "allocation",
        "number",
        "token",
        "user_account",
    ),
    *("application_key", "application", "environment", "tenant", "inventory", "copied_from"),
)
_EMPTY = (
    "BEGIN;"
    + "".join(f"DELETE FROM {table};" for table in _TABLES)
    + """
    INSERT INTO tenant (name) VALUES ('default');
    INSERT INTO environment (id, tenant, name) VALUES (1, 'default', 'default');
    INSERT INTO application (id, environment_id, name) VALUES (1, 1, 'default');
    INSERT INTO inventory (id, floor) VALUES (1, 0);
    COMMIT
    """
)


class Databases:
    """Databases of a cluster, all alike."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._free: list[str] = []
        self._own: dict[str, Connection] = {}
        self._names = (f"pool_{count}" for count in itertools.count())
        self._admin = psycopg.connect(cluster.url("postgres"), autocommit=True)
        self._admin.execute(f"CREATE DATABASE {_TEMPLATE}")
        connection = self.connect(_TEMPLATE)
        migrate(connection)
        connection.close()

    def take(self) -> str:
        """Give the name of a database that is as if new."""
        if not self._free:
            name = next(self._names)
            self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
            return name
        name = self._free.pop()
        self.own(name).execute(_EMPTY)
        return name

    def give_back(self, name: str) -> None:
        """Let another one have it."""
        self._free.append(name)

    def connecting(self, name: str) -> Connecting:
        """Give what opens connections to a database as the store does."""
        return Connecting(self.cluster.url(name), lambda: None, longest=10)

    def own(self, name: str) -> Connection:
        """Give the test's own connection, which stays open."""
        if name not in self._own or self._own[name].closed:
            self._own[name] = self.connect(name)
            # a session plans the checks of references once, maybe when there are no rows: as a
            # scan of the table for each row that goes later
            self._own[name].execute("SET enable_seqscan = off")
        return self._own[name]

    def connect(self, name: str) -> Connection:
        """Open a connection of the test's own."""
        return self.connecting(name).open()


@cache
def databases() -> Databases:
    """Give the databases of this process's cluster, which ends with the process."""
    stack = ExitStack()
    atexit.register(stack.close)
    port = stack.enter_context(PortBlock()).first
    made = cluster(bring_postgres(), port=port, listens=True)
    return Databases(stack.enter_context(made))
