"""Asking the journal, waiting for what it will say, and making it forget a person."""

import asyncio
import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from interact_ivr.domain.acts import speak_of
from interact_ivr.domain.errors import BadInput, StillHeld
from interact_ivr.domain.journal import Forgotten, OfCaller, OfNumber, Page, Subject, WhoHeld
from interact_ivr.domain.names import (
    AllocationId,
    EnvironmentId,
    InteractionId,
    NumberKey,
    first_ulid,
)
from interact_ivr.ports import AllocationStore, JournalStore, Retention
from interact_ivr.service.allocations import lookup_keys
from interact_ivr.service.environments import Environments

_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
"""Nothing on record is as old."""
_STEP = 500
"""Traces forgotten in one transaction; calls get their turn between two steps."""
_PAUSE_SECONDS = 0.1
"""Between two looks of one who follows, however fast the journal grows."""


class Journal:
    """The use cases of the journal."""

    def __init__(
        self,
        store: JournalStore,
        retention: Retention,
        allocations: AllocationStore,
        environments: Environments,
        forgotten: Callable[[EnvironmentId, InteractionId], None] = lambda *_: None,
    ) -> None:
        """*forgotten* hears whom the store has forgotten: what is in memory goes, too."""
        self._forgotten = forgotten
        self._store = store
        self._retention = retention
        self._allocations = allocations
        self._environments = environments
        self._waiting: set[asyncio.Timeout] = set()

    def number(self, environment: str, number: str) -> OfNumber:
        """Take *number*, in any written form, as what is asked about."""
        here = self._environments.named(environment)
        return OfNumber(tuple(lookup_keys(here.dial_plan, number)))

    def caller(self, environment: str, number: str) -> OfCaller:
        """Take a calling *number*, in any written form, as what is asked about.

        Raises:
            BadInput: it is none, or the journal keeps no calling numbers.
        """
        kept = self._environments.named(environment).callers.caller(number).stored
        if kept is None:
            raise BadInput("caller", "a calling number that the journal keeps", f"{number[:80]!a}")
        return OfCaller(kept)

    async def entries(
        self,
        environment: str,
        subject: Subject,
        *,
        after: str = "",
        since: datetime | None = None,
        limit: int,
        newest: int | None = None,
        application: str | None = None,
    ) -> Page:
        """Give the next *limit* entries about *subject*, of those written *since*.

        With *application*, only what is said of its allocations is there.
        """
        here = self._environments.named(environment)
        begin = max(after, "" if since is None else first_ulid(since))
        within = None if application is None else here.application(application).scope.application
        return await self._store.entries(here.id, subject, begin, limit, newest, within)

    async def follow(
        self, environment: str, subject: Subject, *, after: str, limit: int, within: float
    ) -> Page:
        """Give the entries behind *after*; where there is none, wait up to *within* seconds."""
        page = Page((), after)
        try:
            async with asyncio.timeout(within) as waiting:
                self._waiting.add(waiting)
                while True:
                    grown = self._store.grown()  # from before the look: nothing is missed
                    page = await self.entries(environment, subject, after=after, limit=limit)
                    if page.entries:
                        return page
                    await grown
                    await asyncio.sleep(_PAUSE_SECONDS)
        except TimeoutError:
            return page
        finally:
            self._waiting.discard(waiting)

    def wait_no_longer(self) -> None:
        """Let all who wait have their answer now: the service stops."""
        for waiting in self._waiting:
            waiting.reschedule(asyncio.get_running_loop().time())

    async def who_held(
        self, environment: str, number: str, at: datetime, application: str | None = None
    ) -> WhoHeld:
        """Say who held *number* at an instant that has come; of *application* only, if given.

        What was before 1970 is as good as 1970.
        """
        at = max(at, _FIRST)
        here = self._environments.named(environment)
        keys = lookup_keys(here.dial_plan, number)
        within = None if application is None else here.application(application).scope.application
        return await self._store.who_held(here.id, keys, at, within)

    async def forget(
        self, environment: str, interaction: str, *, force: bool
    ) -> tuple[InteractionId, Forgotten, bool]:
        """Put a tombstone in place of *interaction*; give that, the counts, and if it is scrubbed.

        Raises:
            StillHeld: it holds a number, and *force* does not say to free that first.
        """
        here = self._environments.named(environment).id
        tombstone = InteractionId(f"forgotten-{secrets.token_hex(8)}")
        forgotten = Forgotten()
        speak_of({"tombstone": tombstone})
        while True:
            try:
                step = await self._retention.forget(
                    here, InteractionId(interaction), tombstone, _STEP
                )
            except StillHeld as held:
                if not (force or held.ran_out):
                    raise
                allocation = AllocationId(held.allocation)
                await self._allocations.free(here, [NumberKey(held.number)], allocation)
                continue
            if step == Forgotten():
                self._forgotten(here, InteractionId(interaction))
                return tombstone, forgotten, await self._retention.scrub()
            forgotten += step
