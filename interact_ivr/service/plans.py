"""An environment's dial plan as it is loaded, and what another one would change of real numbers."""

import asyncio
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dialplan import Engine, Plan, PlanError, load_plan, shipped_plans
from dialplan.cases import Outcome, run
from dialplan.checking import About, Finding, faults_of, findings_of
from dialplan.difference import Change, difference
from interact_ivr.domain.ani import HASHED
from interact_ivr.domain.errors import BadDialPlan
from interact_ivr.service.environments import Environment, Environments
from interact_ivr.service.journal import Journal

REAL_NUMBERS: Final = 1_000
"""By so many of the last ones a plan is tried."""
_FILE: Final = "plan.toml"


@dataclass(frozen=True, slots=True)
class PlanSeen:
    """A plan, and what is to be known of it."""

    name: str
    """As the environment or the configuration names it."""
    plan: Plan
    findings: Sequence[Finding]
    outcomes: Sequence[Outcome]
    """Of the cases beside its file; empty: there are none."""


@dataclass(frozen=True, slots=True)
class Tried:
    """Another plan, tried with the last real numbers."""

    findings: Sequence[Finding]
    numbers: int
    changes: Sequence[Change]


class Plans:
    """The use cases of who looks after a dial plan."""

    def __init__(self, environments: Environments, journal: Journal) -> None:
        self._environments = environments
        self._journal = journal

    async def seen(self, environment: str) -> PlanSeen:
        """Look through the plan of an environment."""
        here = self._environments.named(environment)
        return await asyncio.to_thread(_seen, here.plan_name, _plan_of(here))

    async def tried(self, environment: str, text: str) -> Tried:
        """Say what a plan, given as its file's *text*, would change; it is not made effective.

        Raises:
            BadDialPlan: it cannot be used, or extends another file than a plan that is shipped.
        """
        here = self._environments.named(environment)
        numbers = await self._last_numbers(environment)
        return await asyncio.to_thread(_tried, _plan_of(here), text, numbers)

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


def _seen(name: str, plan: Plan) -> PlanSeen:
    try:
        outcomes = run(name)
    except PlanError:  # there are no cases, or the file has changed: they are not this plan's
        outcomes = ()
    return PlanSeen(name, plan, findings_of(plan), outcomes)


def _tried(now: Plan, text: str, numbers: Sequence[str]) -> Tried:
    _check_alone(text)
    with tempfile.TemporaryDirectory(prefix="interact-ivr-plan-") as folder:
        file = Path(folder) / _FILE
        file.write_text(text, "utf-8")
        try:
            plan = load_plan(str(file))
        except PlanError as error:
            raise BadDialPlan(_faults(error, folder)) from None
        changes = [*difference(Engine(now), Engine(plan), numbers)]
        return Tried(findings_of(plan), len(numbers), changes)


def _check_alone(text: str) -> None:
    """Raise `BadDialPlan` for what would have other files of this machine read."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadDialPlan([f"not TOML: {error}"]) from None
    extends = document.get("extends")
    if isinstance(extends, str) and extends.partition(":")[0] not in shipped_plans():
        known = ", ".join(shipped_plans())
        raise BadDialPlan([f"extends: expected a shipped plan ({known}), got {extends[:80]!a}"])
    if "directory" in document:
        raise BadDialPlan(["directory: expected none in a plan that is tried here, got one"])


def _faults(error: PlanError, folder: str) -> list[str]:
    told = (f"{each.place}: {each.text}" for each in faults_of(error) if each.about is About.FAULT)
    return [each.replace(f"{folder}/", "").removeprefix(": ") for each in told]
