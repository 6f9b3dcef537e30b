"""An environment's dial plan as it is loaded, and what another one would change of real numbers."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from dialplan import Engine, Plan, PlanError, load_plan
from dialplan.cases import Outcome, cases_of, run
from dialplan.checking import Finding, findings_of
from interact_ivr.domain.ani import HASHED
from interact_ivr.domain.directory import tenant_of
from interact_ivr.service.environments import Environment, Environments
from interact_ivr.service.journal import Journal
from interact_ivr.service.plan_files import as_written, cases_beside, own_file, seal_of
from interact_ivr.service.trying import Tried, try_apart

REAL_NUMBERS: Final = 1_000
"""By so many of the last ones a plan is tried."""


class PlanSeen(msgspec.Struct, frozen=True):
    """A plan, and what is to be known of it."""

    name: str
    """As the environment or the configuration names it."""
    plan: Plan
    findings: Sequence[Finding]
    outcomes: Sequence[Outcome]
    """Of the cases beside its file; empty: there are none."""


class Plans:
    """The use cases of who looks after a dial plan."""

    def __init__(self, environments: Environments, journal: Journal) -> None:
        self._environments = environments
        self._journal = journal
        self._looking, self._trying = asyncio.Lock(), asyncio.Lock()
        self._tenants = defaultdict[str, asyncio.Lock](asyncio.Lock)
        """Each tries one at a time, so that another waits for one of theirs at most."""
        self._found: dict[str, tuple[Plan, Sequence[Finding]]] = {}
        """What was found of each plan as it was loaded, by its name: many rules take long."""

    async def seen(self, environment: str) -> PlanSeen:
        """Look through the plan of an environment.

        One after the other: whoever asks often leaves the threads to what calls read.
        """
        here = self._environments.named(environment)
        name, plan = here.plan_name, _plan_of(here)
        async with self._looking:
            known, findings = self._found.get(name, (None, ()))
            if known is not plan:
                findings = await asyncio.to_thread(findings_of, plan)
                self._found[name] = plan, findings
            return PlanSeen(name, plan, findings, await asyncio.to_thread(_outcomes, name))

    async def tried(self, environment: str, text: str) -> Tried:
        """Say what a plan, given as its file's *text*, would change; it is not made effective.

        It is held against the cases beside the plan that counts, where that is a file.

        One is tried at a time, in a process of its own.

        Raises:
            BadDialPlan: it cannot be used, extends another file than a plan that is shipped, or
                takes too long.
        """
        here = self._environments.named(environment)
        numbers = await self._last_numbers(environment)
        text = as_written(text)
        file = own_file(here.plan_name)
        counting = None if file is None else await asyncio.to_thread(file.text)
        async with self._tenants[tenant_of(here.name)], self._trying:
            tried = await try_apart(
                _plan_of(here), text, numbers, cases=cases_beside(here.plan_name)
            )
        return replace(tried, seal=seal_of(text, counting))

    async def _last_numbers(self, environment: str) -> Sequence[str]:
        """Give the numbers, and the callers, of which the journal speaks last; each once."""
        page = await self._journal.entries(
            environment, None, limit=REAL_NUMBERS, newest=REAL_NUMBERS
        )
        told = [
            number
            for entry in reversed(page.entries)
            for number in (entry.number, entry.ani)
            if number and not number.startswith(HASHED)
        ]
        return list(dict.fromkeys(told))[:REAL_NUMBERS]


def _plan_of(here: Environment) -> Plan:
    """Give the plan that was loaded: its file may have changed since."""
    engine = here.dial_plan
    return engine.plan if isinstance(engine, Engine) else load_plan(here.plan_name)


def _outcomes(name: str) -> Sequence[Outcome]:
    try:
        return run(name) if cases_of(name).is_file() else ()
    except PlanError:  # the file has changed, or its cases: they are not this plan's
        return ()
