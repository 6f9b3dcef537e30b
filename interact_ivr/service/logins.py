"""People who show a password: the right one is known again at once, guesses get ever slower.

Whether there is such a user shows neither in the answer nor in the work: for one there is not, a
hash is checked all the same, under the same limits and with the same memory of the outcome.
"""

import asyncio
import hashlib
import secrets
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager

from interact_ivr.domain.access import LONGEST_PASSWORD
from interact_ivr.domain.directory import KnownUser
from interact_ivr.domain.errors import TooManyAttempts
from interact_ivr.service.attempts import Attempts, Places, Turns
from interact_ivr.service.passwords import hash_of_none
from interact_ivr.service.recent import Recent

_MOST_KNOWN = 4_096
_GOOD_FOR, _BAD_FOR = 10 * 60.0, 60.0
"""Seconds for which an outcome is known after it was last of use."""
_MOST_QUEUED, _MOST_QUEUED_OF_ONE = 256, 64
"""Checks that wait for their 30 ms, of all sources and of one."""
_MOST_ASKING_OF_ONE = 128
"""Those and whoever waits for a pause to end, for whatever user: else one source had all places."""
_FULL_QUEUE_TAKES = 10
"""Seconds, about."""
_FREE_OF_ALL = 50
"""Failures for one user, from wherever, after which who is new there has no free ones."""
_MOST_HOMES, _HOME_FOR = 16_384, 30 * 86_400.0
"""Sources that showed a user's right password, and for how many seconds that is remembered."""


class Logins:
    """The use case of whoever shows a password.

    *match* says whether a password is the one of a kept hash, and is what everything here is there
    to spare. Times are seconds of *clock*, which never goes back.
    """

    def __init__(
        self,
        user: Callable[[str, str], KnownUser | None],
        match: Callable[[str, str], Awaitable[bool]],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._user = user
        self._match = match
        self._attempts = Attempts(clock=clock, sleep=sleep)
        self._users = Attempts(_FREE_OF_ALL, clock=clock, sleep=sleep)
        """The failures for each user, from all sources."""
        self._homes: Recent[bytes, bool] = Recent(_MOST_HOMES, _HOME_FOR, clock)
        self._places = Places(sys.maxsize, _MOST_ASKING_OF_ONE)
        self._queue = Places(_MOST_QUEUED, _MOST_QUEUED_OF_ONE)
        self._turns = Turns()
        self._good: Recent[bytes, bool] = Recent(_MOST_KNOWN, _GOOD_FOR, clock)
        self._bad: Recent[bytes, bool] = Recent(_MOST_KNOWN, _BAD_FOR, clock)
        self._hash_of_none = hash_of_none()
        self._key = secrets.token_bytes(32)

    async def check(self, tenant: str, name: str, password: str, source: str) -> bool:
        """Say whether *tenant* has such a user with that *password*; *source* is who asks.

        Any text may be asked for; by a name that none can have, it is for a user there is not. What
        was found out before is told at once, also to a source that has to wait for all else, and is
        no attempt. The same asked at the same time is found out once. Where many guess for one
        user, a source from which the right password never came waits as if it had guessed them all.

        Raises:
            TooManyAttempts: nothing was checked.
        """
        if not 1 <= len(password) <= LONGEST_PASSWORD:
            return False
        who = self._digest(source, tenant, name)
        if (known := self._known(tenant, name, password)) is not None:
            return self._noted(who, good=known)
        async with self._turns.of(who + self._digest(password)):
            if (known := self._known(tenant, name, password)) is not None:
                return self._noted(who, good=known)
            user = self._digest(tenant, name)
            pause = 0.0 if who in self._homes else self._users.pause(user)
            with self._place_of(source):
                async with self._attempts.turn(who, pause):
                    good = await self._verified(tenant, name, password, source)
                    self._attempts.note(who, good=good)
                    if not good:
                        self._users.note(user, good=False)
                    return self._noted(who, good=good)

    def _place_of(self, source: str) -> AbstractContextManager[None]:
        """Take one of the places that *source* may have, for whomever it guesses."""
        asking = self._digest(source)
        if self._places.full_for(asking):
            raise TooManyAttempts(_FULL_QUEUE_TAKES)
        return self._places.one(asking)

    def _noted(self, who: bytes, *, good: bool) -> bool:
        """Remember where a right password came from."""
        if good:
            self._homes.put(who, True)
        return good

    async def _verified(self, tenant: str, name: str, password: str, source: str) -> bool:
        """Find out, or have it found out for another source; the user may go meanwhile."""
        kept = self._kept(tenant, name)
        credential = self._digest(tenant, name, password, kept)
        async with self._turns.of(credential):
            if (known := self._known(tenant, name, password)) is not None:
                return known
            asking = self._digest(source)
            if self._queue.full_for(asking):
                raise TooManyAttempts(_FULL_QUEUE_TAKES)
            with self._queue.one(asking):
                good = await self._match(kept, password)
            (self._good if good else self._bad).put(credential, good)
        return good and self._kept(tenant, name) == kept

    def _known(self, tenant: str, name: str, password: str) -> bool | None:
        credential = self._digest(tenant, name, password, self._kept(tenant, name))
        good = self._good.get(credential)
        return self._bad.get(credential) if good is None else good

    def _kept(self, tenant: str, name: str) -> str:
        user = self._user(tenant, name)
        return self._hash_of_none if user is None else user.password_hash

    def _digest(self, *texts: str) -> bytes:
        """Give 16 bytes for *texts*, which say nothing without this process's key."""
        written = ascii(texts).encode("ascii")
        return hashlib.blake2b(written, key=self._key, digest_size=16).digest()
