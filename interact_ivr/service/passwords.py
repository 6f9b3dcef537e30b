"""Passwords as they are kept: argon2id at 19 MiB, two passes, one lane; 30 ms and no less.

OWASP's password storage cheat sheet, its first choice for argon2id.
"""

import asyncio
import os
import secrets
import threading
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

_KIBIBYTES, _PASSES, _LANES = 19 * 1024, 2, 1
_SALT_BYTES, _HASH_BYTES = 16, 32
_NICE = 10


class Passwords:
    """Checks passwords in *threads* of its own, no more than these at once, in order.

    Close it after everything that checks.
    """

    def __init__(self, threads: int | None = None) -> None:
        threads = threads or (1 if len(os.sched_getaffinity(0)) <= 2 else 2)
        self._threads = ThreadPoolExecutor(threads, "passwords", _give_way)

    async def match(self, kept: str, password: str) -> bool:
        """Say whether *password* is the one *kept*; whoever is cancelled has left the queue.

        Raises:
            argon2.exceptions.VerificationError: there is no memory for it.
            argon2.exceptions.InvalidHashError: what is kept is no hash.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _match, kept, password)

    def close(self) -> None:
        """Let what is being checked come to its end, and nothing else."""
        self._threads.shutdown(cancel_futures=True)


async def hashed(password: str) -> str:
    """Give what is kept of *password*; made beside the event loop."""
    return await asyncio.to_thread(_hasher().hash, password)


def hash_of_none() -> str:
    """Give what could be kept of a password, and is of none: to check it takes as long."""
    salt, tag = (
        b64encode(secrets.token_bytes(size)).decode().rstrip("=")
        for size in (_SALT_BYTES, _HASH_BYTES)
    )
    return f"$argon2id$v=19$m={_KIBIBYTES},t={_PASSES},p={_LANES}${salt}${tag}"


def _give_way() -> None:
    """Let every other thread go first; a guesser's passwords must not make a call wait."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


def _match(kept: str, password: str) -> bool:
    from argon2.exceptions import VerifyMismatchError

    try:
        return _hasher().verify(kept, password.encode("utf-8", "surrogatepass"))
    except VerifyMismatchError:
        return False


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher(
        time_cost=_PASSES,
        memory_cost=_KIBIBYTES,
        parallelism=_LANES,
        hash_len=_HASH_BYTES,
        salt_len=_SALT_BYTES,
    )
