"""What a test of the event loop leaves behind: tasks, descriptors, errors that nobody caught."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

TURNS = 500
TURN_SECONDS = 0.01


@asynccontextmanager
async def nothing_left() -> AsyncIterator[None]:
    """See that what is done inside has ended soon after, with no error that nobody caught."""
    uncaught: list[Mapping[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, about: uncaught.append(about))
    tasks, descriptors = there()
    yield
    for _ in range(TURNS):
        more, others = there()
        if more <= tasks and others <= descriptors:  # fewer: what an earlier test left has gone
            break
        await asyncio.sleep(TURN_SECONDS)
    else:
        raise AssertionError(f"left: {asyncio.all_tasks()}, {others - descriptors} descriptors")
    assert uncaught == [], uncaught


def there() -> tuple[int, int]:
    """Count this process's tasks and descriptors."""
    return len(asyncio.all_tasks()), sum(1 for _ in Path("/proc/self/fd").iterdir())
