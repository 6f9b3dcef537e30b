"""What a retrieval costs the SQLite store: one transaction, and nothing read twice."""

import re
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from interact_ivr.domain.values import Status
from tests.contract.stores import HOLD, Pool, SqliteStore

NUMBER, ANI = "+380974520200", "+380501234567"


async def traced(store: SqliteStore) -> list[str]:
    """Give the list to which every statement is added that the writer runs from now on."""
    statements: list[str] = []
    assert store._writer is not None
    await store._writer.run(lambda tx: tx._connection.set_trace_callback(statements.append))
    statements.clear()
    return statements


@pytest.mark.parametrize("in_time", [False, True], ids=["plain", "in time"])
async def test_a_found_call_is_one_transaction_that_reads_each_row_once(
    tmp_path: Path, in_time: bool
) -> None:
    """The allocation that ends is read before it is decided on, and not again to end it.

    A plain call is one look, with all in it, and four changes.
    """
    store = SqliteStore(tmp_path)
    pool = Pool(store)
    await pool.open()
    try:
        await pool.add(NUMBER)
        await pool.allocate("a", caller=ANI)
        if in_time:
            pool.pass_(HOLD)
        statements = await traced(store)
        found = await pool.retrieve(NUMBER, call="1", ani=ANI, age=timedelta(seconds=1))
        assert found.status is Status.FOUND
    finally:
        store.close()
    statements = [re.sub(r"(?m)^--.*\n", "", statement) for statement in statements]
    firsts = Counter(statement.split(maxsplit=1)[0] for statement in statements)
    assert firsts["BEGIN"] == firsts["COMMIT"] == 1
    reads = [statement for statement in statements if statement.startswith("SELECT")]
    assert sorted(set(reads)) == sorted(reads)
    if in_time:
        assert sum("FROM allocation WHERE id = " in read for read in reads) == 1
    else:
        assert (len(reads), firsts["UPDATE"], firsts["INSERT"], len(statements)) == (1, 2, 2, 7)
