"""When keys and tokens were shown last: kept in memory, and written once a minute."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from interact_ivr.domain.access import Digest
from interact_ivr.domain.errors import StoreUnavailable
from interact_ivr.domain.names import EnvironmentName
from interact_ivr.ports import Clock, UseStore

_EVERY_SECONDS = 60.0


class Used:
    """Notes what is good for something when it is shown; nobody waits for the store.

    What was noted in the minute before a process was killed is lost.
    """

    def __init__(self, store: UseStore, clock: Clock, failed: Callable[[Exception], None]) -> None:
        self._store = store
        self._clock = clock
        self._failed = failed
        self._keys: dict[tuple[EnvironmentName, Digest], datetime] = {}
        self._tokens: dict[Digest, datetime] = {}

    def key(self, environment: EnvironmentName, digest: Digest) -> None:
        """Note that an application's key was shown now."""
        self._keys[environment, digest] = self._clock.now()

    def token(self, digest: Digest) -> None:
        """Note that a token was shown now."""
        self._tokens[digest] = self._clock.now()

    async def write(self) -> None:
        """Write what was noted; where the store cannot, it is noted still.

        Raises:
            StoreUnavailable: it cannot.
        """
        keys, tokens = self._keys, self._tokens
        if not (keys or tokens):
            return
        self._keys, self._tokens = {}, {}
        try:
            await self._store.note_used(keys, tokens)
        except StoreUnavailable:
            self._keys = keys | self._keys
            self._tokens = tokens | self._tokens
            raise

    async def run(self) -> None:
        """Write it once a minute until cancelled."""
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            try:
                await self.write()
            except StoreUnavailable as error:
                self._failed(error)
