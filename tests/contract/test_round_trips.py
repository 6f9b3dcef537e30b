"""How often PostgreSQL is waited for: what a store at another site costs a call."""

import re
import time
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from pathlib import Path

import pytest_asyncio

from interact_ivr.domain.lifecycle import Policy
from interact_ivr.domain.values import Status
from testbed.relay import Relay
from tests.contract.cluster import databases
from tests.contract.stores import HOLD, REST, Pool, PostgresStore

PAGE = Path(__file__).parents[2] / "docs/cluster.md"
ONE = "+380974520200"
ANI, STRANGER = "+441632960001", "+441632960002"
POLICY = Policy(HOLD, REST, redial_for=HOLD, late_for=HOLD)
READY = re.compile(rb"Z\x00\x00\x00\x05[IT]")
"""How the server ends an answer to whoever waits for it."""


class Counter:
    """Counts how often the server has answered."""

    def __init__(self) -> None:
        self.said = b""

    def hear(self, said: bytes) -> None:
        """Take note of what the server says."""
        self.said += said

    async def trips(self, work: Awaitable[object]) -> int:
        """Do *work* and give how often that waited."""
        self.said = b""
        await work
        return len(READY.findall(self.said))


@pytest_asyncio.fixture
async def far(tmp_path: Path) -> AsyncIterator[tuple[Pool, Counter]]:
    """Give a pool behind a relay that counts, its connections open and statements known."""
    store = PostgresStore(tmp_path, pinned=False)
    counter = Counter()
    with Relay(databases().cluster.port) as relay:
        store.by_port(relay.port)
        relay.tap = counter.hear
        pool = Pool(store)
        await pool.open()
        await pool.add(ONE)
        yield pool, counter
        store.close()


def store_of(pool: Pool) -> PostgresStore:
    """Give the pool's store."""
    assert isinstance(pool.store, PostgresStore)
    return pool.store


def documented() -> dict[str, int]:
    """Read the page's table."""
    rows = re.findall(r"^\| (.+) \| (\d+) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    return {what: int(trips) for what, trips in rows}


async def test_what_waits_for_the_server_how_often_is_documented(far: tuple[Pool, Counter]) -> None:
    """Each row of the table, once all has been done before."""
    pool, counter = far
    for turn in range(4):
        kinds = {
            "an allocation": pool.allocate(f"{turn}", policy=POLICY),
            "a call that is FOUND": ask(pool, f"{turn}.1", ANI, Status.FOUND),
            "a call that asks again": ask(pool, f"{turn}.1", ANI, Status.FOUND),
            "a call that is REDIAL or LATE": ask(pool, f"{turn}.2", ANI, Status.REDIAL),
            "": ask(pool, f"{turn}.3", STRANGER, Status.LATE),
        }
        took = {what: await counter.trips(work) for what, work in kinds.items()}
        store_of(pool).rows("DELETE FROM answer; UPDATE allocation SET ended_by = NULL")
    assert took.pop("") == took["a call that is REDIAL or LATE"]
    assert took == documented()


async def ask(pool: Pool, call: str, ani: str, told: Status) -> None:
    """Let a call ask, as the service lets it."""
    deadline = time.monotonic() + timedelta(seconds=30).total_seconds()
    asked = await pool.retrieve(ONE, call=call, ani=ani, policy=POLICY, deadline=deadline)
    assert asked.status is told
