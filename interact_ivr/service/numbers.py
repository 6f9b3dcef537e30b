"""The pool's numbers: showing them as they stand, letting them be lent or not, taking them out."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from msgspec.structs import replace

from dialplan import Details, Explanation, NotANumber
from interact_ivr.domain.acts import say_more, speak_of
from interact_ivr.domain.errors import BadInput, BadRows, NoSuchNumber, Refusal
from interact_ivr.domain.lifecycle import State
from interact_ivr.domain.names import Group, NumberKey, Scope, without_nul
from interact_ivr.domain.ranges import read_range
from interact_ivr.domain.values import NewNumber, PoolNumber, Shown
from interact_ivr.ports import EVERYTHING, NumberStore
from interact_ivr.service.allocations import lookup_keys
from interact_ivr.service.checking import check_dnid, normalized
from interact_ivr.service.environments import Environment, Environments

_PAGE = 2_000
_STEP = 500
"""Numbers that are drained in one transaction: a few milliseconds in which a call waits."""
_NAMED = 5
"""Of many numbers that were found, those that stand in the audit trail."""


class Numbers:
    """The use cases of the pools' inventory, but for taking numbers in."""

    def __init__(self, store: NumberStore, environments: Environments) -> None:
        self._store = store
        self._environments = environments

    async def list(
        self, environment: str, shown: Shown = EVERYTHING, application: str = ""
    ) -> Sequence[PoolNumber]:
        """Give the pool's numbers as they stand, by number; only those to be *shown*."""
        pool = self._environments.named(environment).application(application)
        return await self._store.list(pool.scope, pool.policy, shown)

    async def pages(
        self, environment: str, application: str = ""
    ) -> AsyncIterator[Sequence[PoolNumber]]:
        """Go through all of the pool's numbers, by number."""
        after = ""
        while page := await self.list(environment, Shown(after=after, limit=_PAGE), application):
            yield page
            after = page[-1].number

    async def counts(self, environment: str, application: str = "") -> dict[State, int]:
        """Count the pool's enabled numbers by state."""
        pool = self._environments.named(environment).application(application)
        return await self._store.counts(pool.scope, pool.policy)

    def group(self, environment: str, group: str | None) -> Group | None:
        """Take *group* as a group's name, or raise `BadInput`."""
        return (
            None if group is None else self._environments.named(environment).alphabet.group(group)
        )

    def details(self, environment: str, number: str) -> Details:
        """Say what *number* is there, to screens and PBXes.

        Raises:
            BadInput: it is no number, or has a NUL, of which `explain` is not even asked.
        """
        here = self._environments.named(environment)
        try:
            return here.dial_plan.resolve(without_nul("number", number))
        except NotANumber as error:
            raise BadInput("number", error.expected, error.shown) from None

    async def explain(self, environment: str, number: str) -> Explanation:
        """Say why *number* is what it is there; what is no number is explained, too."""
        here = self._environments.named(environment)
        return await asyncio.to_thread(here.dial_plan.explain, number)

    async def create(
        self,
        environment: str,
        application: str,
        number: str,
        dnid: str | None,
        group: str | None,
        *,
        enabled: bool,
    ) -> int:
        """Take one number into the pool, and give its id.

        Raises:
            NumberExists: the environment has it already.
            BadInput: a field cannot be, or another number of the pool has its DNID.
        """
        here = self._environments.named(environment)
        check_dnid(dnid)
        if read_range(number) is not None:
            raise BadInput("number", "one telephone number", "a range of them")
        try:
            key = normalized(here, number)
        except ValueError as error:
            raise BadInput("number", "a telephone number", str(error)) from None
        name = None if group is None else here.alphabet.group(group)
        new = NewNumber(key, number, name, dnid, enabled)
        return await self._store.create(here.application(application).scope, new)

    async def set_enabled(
        self, environment: str, numbers: Sequence[str], *, enabled: bool, application: str = ""
    ) -> Sequence[NumberKey]:
        """Let *numbers* be lent, or drain them: an allocation stands, no new one is made.

        Raises:
            BadRows: some are not numbers of the pool; none was changed.
        """
        here = self._environments.named(environment)
        scope = here.application(application).scope
        keys = await self._found(here, scope, numbers)
        _speak_of_found(keys)
        await self._store.set_enabled(scope, keys, enabled=enabled)
        return keys

    async def count(self, environment: str, shown: Shown, application: str = "") -> int:
        """Count the pool's numbers that are to be *shown*."""
        pool = self._environments.named(environment).application(application)
        return await self._store.count(pool.scope, pool.policy, shown)

    async def set_all_enabled(
        self, environment: str, shown: Shown, *, enabled: bool, application: str = ""
    ) -> int:
        """Let all numbers that fit *shown* be lent, or drain them; say how many it has changed.

        In steps between which calls get their turn: a number is changed if it fits when its turn
        comes. What breaks it off leaves the steps done; the same again does the rest. On record is
        how many fitted when it began, with the first step, and how many were changed, at the end.
        """
        if shown.enabled is enabled:
            return 0
        changed, page = 0, replace(shown, enabled=not enabled, after="", limit=_STEP)
        speak_of({"asked": await self.count(environment, page, application), "changed": 0})
        while found := await self.list(environment, page, application):
            keys = [each.number for each in found]
            if not changed:
                speak_of({"numbers": keys[:_NAMED]})
            await self._set_step(environment, keys, application, changed, enabled=enabled)
            changed += len(keys)
            page = replace(page, after=keys[-1])
        return changed

    async def _set_step(
        self,
        environment: str,
        keys: Sequence[NumberKey],
        application: str,
        before: int,
        *,
        enabled: bool,
    ) -> None:
        """Do one step of several; on record is what was changed *before* it, too."""
        scope = self._environments.named(environment).application(application).scope
        say_more()
        speak_of({"changed": before + len(keys)})
        try:
            await self._store.set_enabled(scope, keys, enabled=enabled)
        except Refusal:
            speak_of({"changed": before})
            raise

    async def remove(
        self,
        environment: str,
        numbers: Sequence[str],
        *,
        force: bool = False,
        application: str = "",
    ) -> Sequence[NumberKey]:
        """Take *numbers* out; *force* ends their allocations as freed, in the same transaction.

        Raises:
            BadRows: some are not numbers of the pool; none was removed.
            NumbersAllocated: some are allocated, or a call is on them, and not by *force*; none was
                removed.
        """
        here = self._environments.named(environment)
        scope = here.application(application).scope
        keys = await self._found(here, scope, numbers)
        _speak_of_found(keys)
        await self._store.remove(scope, keys, force=force)
        return keys

    async def _found(
        self, here: Environment, scope: Scope, numbers: Sequence[str]
    ) -> Sequence[NumberKey]:
        """Find every one of *numbers* by its best key, each once."""
        keys = {number: lookup_keys(here.dial_plan, number) for number in numbers}
        asked = [key for each in keys.values() for key in each]
        known = {it.new.number for it in await self._store.known(scope, asked) if it.in_pool}
        found = {
            number: next((key for key in each if key in known), None)
            for number, each in keys.items()
        }
        if missing := [number for number, key in found.items() if key is None]:
            raise BadRows([str(NoSuchNumber(number)) for number in missing])
        return list(dict.fromkeys(key for key in found.values() if key is not None))


def _speak_of_found(keys: Sequence[NumberKey]) -> None:
    """Have on record which numbers were meant, however they were written."""
    speak_of({"number": keys[0]} if len(keys) == 1 else {"numbers": keys})
