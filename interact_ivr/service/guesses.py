"""Secrets without a name beside them, keys, tokens and sessions: who guesses gets ever slower.

They are long and random, or should be, so many more wrong ones are free than of a password: a
program with yesterday's key guesses nothing, and behind one address there may be many programs.
"""

import asyncio
import hashlib
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from interact_ivr.domain.errors import TooManyAttempts, Unauthenticated
from interact_ivr.service.attempts import Attempts
from interact_ivr.service.recent import Recent

T = TypeVar("T")

_MOST_KNOWN: Final = 16_384
_KNOWN_FOR: Final = 10 * 60.0
"""Seconds for which an outcome is known after it was last of use."""


class Guesses:
    """Looks secrets up; a source that has shown many wrong ones waits before each further one.

    What was good or wrong of late is looked up at once, whoever guesses from the same source: the
    one makes up for no guess, the other is none. Times are seconds of *clock*, which never goes
    back.
    """

    def __init__(
        self,
        free: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """*free* different wrong ones cost a source nothing, within a quiet quarter of an hour."""
        self._attempts = Attempts(free, clock=clock, sleep=sleep)
        self._good: Recent[bytes, bool] = Recent(_MOST_KNOWN, _KNOWN_FOR, clock)
        self._bad: Recent[bytes, bool] = Recent(_MOST_KNOWN, _KNOWN_FOR, clock)
        self._key = secrets.token_bytes(32)

    @property
    def is_quiet(self) -> bool:
        """Whether no source at all has shown a wrong one of late."""
        return self._attempts.none_failed

    async def find(
        self,
        source: str,
        shown: Sequence[str],
        find: Callable[[], T],
        failed: Callable[[str], None],
    ) -> T:
        """Give what *find* finds for what *source* has *shown*.

        *failed* hears why not: ``wrong``, ``again`` (the same as before) or ``too many``.

        Raises:
            Unauthenticated: as *find* does, for what is no good.
            TooManyAttempts: nothing was looked up.
        """
        who, secret = source.encode(), self._digest(shown)
        if who + secret in self._bad or self._attempts.is_free(who) or secret in self._good:
            return self._look_up(who, secret, find, failed)
        try:
            async with self._attempts.turn(who):
                return self._look_up(who, secret, find, failed)
        except TooManyAttempts:
            failed("too many")
            raise

    def _look_up(
        self, who: bytes, secret: bytes, find: Callable[[], T], failed: Callable[[str], None]
    ) -> T:
        try:
            found = find()
        except Unauthenticated:
            is_known = who + secret in self._bad
            self._good.forget(secret)
            self._bad.put(who + secret, True)
            if not is_known:
                self._attempts.note(who, good=False)
            failed("again" if is_known else "wrong")
            raise
        self._bad.forget(who + secret)  # it has become good: a key was given to an application
        self._good.put(secret, True)
        return found

    def _digest(self, texts: Sequence[str]) -> bytes:
        """Give 16 bytes for *texts*, which say nothing without this process's key."""
        written = ascii(tuple(texts)).encode("ascii")
        return hashlib.blake2b(written, key=self._key, digest_size=16).digest()
