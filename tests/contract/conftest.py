"""A pool in every store there is."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.contract.stores import STORES, Pool


@pytest_asyncio.fixture(params=STORES)
async def pool(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Pool]:
    """Give an empty pool, at noon, in each of the stores."""
    pool = Pool(STORES[request.param](tmp_path))
    await pool.open()
    yield pool
    pool.store.close()
