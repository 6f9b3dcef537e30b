"""Acts of administrators are put on record: those that were done, and those that were refused."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from interact_ivr.domain.acts import LOCAL, UNDER_WAY, Act, Actor, Entry, Outcome, Sought, Told
from interact_ivr.domain.directory import tenant_of
from interact_ivr.domain.errors import BadInput, Refusal, StoreUnavailable
from interact_ivr.domain.names import EnvironmentName
from interact_ivr.ports import AuditStore
from interact_ivr.service.environments import Environments
from interact_ivr.service.seldom import Seldom

_MOST_REFUSED: Final = 100
"""Entries of a tenant within 10 s of what was refused: nobody fills the trail by asking."""
_STRANGERS_EVERY: Final = 600.0
"""Seconds in which a source that cannot sign in is on record once, and `_MOST_STRANGERS` of all."""
_MOST_STRANGERS: Final = 20


class Acts:
    """The use cases of the audit trail.

    *heard* is told of each act once it has ended; *lost* that one could not be put on record.
    """

    def __init__(
        self,
        store: AuditStore,
        environments: Environments,
        heard: Callable[[Told], None],
        lost: Callable[[Exception], None],
    ) -> None:
        self._store = store
        self._environments = environments
        self._heard = heard
        self._lost = lost
        self._refused = Seldom(most=_MOST_REFUSED)
        self._visits = Seldom(most=_MOST_REFUSED)
        self._strangers = Seldom(_STRANGERS_EVERY, _MOST_STRANGERS)

    @asynccontextmanager
    async def act(
        self, actor: Actor, action: str, tenant: str = "", environment: str | None = None
    ) -> AsyncIterator[Act]:
        """Let what is done meanwhile be an act, which is on record whatever becomes of it.

        What changes the store has its entry in the same transaction; what is refused, or changes
        nothing there, in one of its own: also what fails after its first step was done, and the
        end of what takes several. An empty *environment* is the default one.
        """
        name = EnvironmentName("") if environment is None else self._full_name(environment)
        act = Act(actor, action, tenant or tenant_of(name), name)
        token = UNDER_WAY.set(act)
        try:
            yield act
        except Refusal as error:
            if act.is_recorded or actor.source in LOCAL:
                await self._end(act, Outcome.REFUSED, act.why(error.code, str(error)))
            else:
                await self._end_refused(act, error, act.told().object)
            raise
        except asyncio.CancelledError:
            await self._end(act, Outcome.FAILED, "cut off: the service was stopped")
            raise
        except Exception as error:
            await self._end(act, Outcome.FAILED, type(error).__name__)
            raise
        else:
            outcome = Outcome.DONE if act.refused is None else Outcome.REFUSED
            await self._end(act, outcome, act.refused)
        finally:
            UNDER_WAY.reset(token)

    async def refuse(
        self, actor: Actor, action: str, tenant: str, environment: str, why: Refusal
    ) -> None:
        """Put on record what was refused to somebody before it began.

        The same of the same within 10 s is counted, and told with the next of it.
        """
        await self._end_refused(Act(actor, action, tenant, environment), why)

    async def visited(
        self, actor: Actor, action: str, tenant: str, why: Refusal | None = None
    ) -> None:
        """Put on record that *actor* came in or left, or was not let in, and *why*.

        The same of the same within 10 s is counted, and told with the next of it.
        """
        kind = f"{actor.who} {action} {why and why.code}"
        left_out = self._visits.left_out(kind, tenant)
        await self._visited(Act(actor, action, tenant), left_out, why)

    async def strange(
        self, actor: Actor, action: str, tenant: str, user: str, why: Refusal
    ) -> None:
        """Put on record that somebody who did not show to be *user* was not let in.

        One of a source in ten minutes, and 20 of all: the next says how many it stands for.
        """
        act = Act(actor, action, tenant)
        act.speak_of({"user": user})
        await self._visited(act, self._strangers.left_out(actor.source), why)

    async def _visited(self, act: Act, left_out: int | None, why: Refusal | None) -> None:
        if left_out is None:
            return
        if left_out:
            act.speak_of({"not_told": left_out})
        outcome = Outcome.DONE if why is None else Outcome.REFUSED
        await self._end(act, outcome, None if why is None else why.code)

    async def entries(self, sought: Sought, before: str = "", limit: int = 100) -> Sequence[Entry]:
        """Give up to *limit* entries that are older than the id *before*, the newest first."""
        return await self._store.entries(sought, before, limit)

    async def _end_refused(self, act: Act, why: Refusal, what: str = "") -> None:
        kind = f"{act.actor.who} {act.action} {act.environment} {why.code} {what}"
        left_out = self._refused.left_out(kind, act.tenant)
        if left_out is None:
            return
        before = f" ({left_out} more before)" if left_out else ""
        await self._end(act, Outcome.REFUSED, f"{act.why(why.code, str(why))}{before}")

    async def _end(self, act: Act, outcome: Outcome, reason: str | None) -> None:
        if not act.changes:
            return
        told = act.told(outcome, reason)
        if not act.is_recorded or act.goes_on or outcome is not Outcome.DONE:
            try:
                await self._store.add(told)
            except StoreUnavailable as error:  # the log has it, at least
                self._lost(error)
        self._heard(told)

    def _full_name(self, environment: str) -> EnvironmentName:
        try:
            return self._environments.full_name(environment)
        except BadInput:
            return EnvironmentName("")
