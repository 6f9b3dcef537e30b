"""What is left behind: tasks, descriptors, errors that nobody caught; here, or in a service."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from testbed.service import Service

TURNS = 500
TURN_SECONDS = 0.01
PATIENCE_SECONDS = 5.0


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


def left_over(service: Service) -> tuple[int, int, int]:
    """Count a running service's tasks, descriptors and threads."""
    with urlopen(f"{service.http}/metrics", timeout=PATIENCE_SECONDS) as answer:
        (tasks,) = re.findall(r"(?m)^interact_ivr_tasks ([0-9.]+)$", answer.read().decode())
    process = Path(f"/proc/{service.pid}")
    descriptors, threads = (len([*(process / each).iterdir()]) for each in ("fd", "task"))
    return int(float(tasks)), descriptors, threads


def there() -> tuple[int, int]:
    """Count this process's tasks and descriptors."""
    return len(asyncio.all_tasks()), sum(1 for _ in Path("/proc/self/fd").iterdir())
