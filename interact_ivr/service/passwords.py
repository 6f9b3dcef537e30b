"""Passwords as they are kept: argon2id at 19 MiB, two passes, one lane; 30 ms and no less.

OWASP's password storage cheat sheet, its first choice for argon2id.
"""

import asyncio
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher


async def hashed(password: str) -> str:
    """Give what is kept of *password*; made beside the event loop."""
    return await asyncio.to_thread(_hasher().hash, password)


async def matches(kept: str, password: str) -> bool:
    """Say whether *password* is the one *kept*; found out beside the event loop."""
    from argon2.exceptions import VerificationError

    try:
        return await asyncio.to_thread(_hasher().verify, kept, password)
    except VerificationError:
        return False


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
