"""Trying a dial plan that somebody sends, in a process of its own.

Its regular expressions may take as long as they like, and nothing else of this process runs while
one of them is matched: in a process of its own, which has a limit, they hold up no call.
"""

import asyncio
import os
import pickle
import resource
import sys
import tempfile
import tomllib
from asyncio import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from dialplan import Engine, Plan, PlanError, load_plan, shipped_plans
from dialplan.cases import Outcome, run
from dialplan.checking import About, Finding, faults_of, findings_of
from dialplan.difference import Change, difference
from interact_ivr.domain.errors import BadDialPlan

PATIENCE_SECONDS: Final = 20.0
_FILE: Final = "plan.toml"
_NICENESS: Final = 10


class Tried(msgspec.Struct, frozen=True):
    """Another plan, tried with the last real numbers."""

    findings: Sequence[Finding]
    numbers: int
    changes: Sequence[Change]
    outcomes: Sequence[Outcome] = ()
    """Of the cases beside the plan that counts; empty: there are none."""
    seal: str = ""
    """Stands for the text, and for what it was compared with."""

    @property
    def failed(self) -> Sequence[Outcome]:
        """Those that do not hold."""
        return [each for each in self.outcomes if not each.holds]


async def try_apart(
    now: Plan,
    text: str,
    numbers: Sequence[str],
    patience: float = PATIENCE_SECONDS,
    cases: Path | None = None,
) -> Tried:
    """Say what a plan, given as its file's *text*, would change of *numbers*; and of *cases*.

    Raises:
        BadDialPlan: it cannot be used, or took more than *patience*, in seconds.
    """
    apart = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", __name__), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        async with asyncio.timeout(patience):
            told, _ = await apart.communicate(pickle.dumps((now, text, numbers, cases)))
    except TimeoutError:
        raise BadDialPlan([f"took more than {patience:.0f} s: its patterns try too much"]) from None
    finally:
        if apart.returncode is None:
            apart.kill()
            await apart.wait()
    if apart.returncode:
        raise BadDialPlan(["could not be tried: it needs too much"])
    outcome = pickle.loads(told)  # noqa: S301  our own process wrote it
    if isinstance(outcome, Tried):
        return outcome
    raise BadDialPlan(outcome)


def tried(now: Plan, text: str, numbers: Sequence[str], cases: Path | None = None) -> Tried:
    """Do that here, and for as long as it takes."""
    _check_alone(text)
    with tempfile.TemporaryDirectory(prefix="interact-ivr-plan-") as folder:
        file = Path(folder) / _FILE
        file.write_text(text, "utf-8")
        try:
            plan = load_plan(str(file))
            outcomes = () if cases is None else run(str(file), cases)
        except PlanError as error:
            raise BadDialPlan(_faults(error, folder)) from None
        changes = [*difference(Engine(now), Engine(plan), numbers)]
        return Tried(findings_of(plan), len(numbers), changes, outcomes)


def _check_alone(text: str) -> None:
    """Raise `BadDialPlan` for what would have other files of this machine read."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadDialPlan([f"not TOML: {error}"]) from None
    extends = document.get("extends")
    if isinstance(extends, str) and not _is_shipped(extends):
        known = ", ".join(shipped_plans())
        raise BadDialPlan([f"extends: expected a shipped plan ({known}), got {extends[:80]!a}"])
    if "directory" in document:
        raise BadDialPlan(["directory: expected none in a plan that is tried here, got one"])


def _is_shipped(name: str) -> bool:
    """Say whether *name* is a shipped plan's, behind which a country may stand, and no path."""
    bare, colon, country = name.partition(":")
    return bare in shipped_plans() and (not colon or country.isalpha())


def _faults(error: PlanError, folder: str) -> list[str]:
    told = (f"{each.place}: {each.text}" for each in faults_of(error) if each.about is About.FAULT)
    return [each.replace(f"{folder}/", "").removeprefix(": ") for each in told]


def main() -> None:
    """Try what stands in standard input; a limit holds also once nobody waits any more."""
    os.nice(_NICENESS)
    most = int(2 * PATIENCE_SECONDS)
    resource.setrlimit(resource.RLIMIT_CPU, (most, most))
    asked = pickle.load(sys.stdin.buffer)  # noqa: S301  the service wrote it
    outcome: Tried | list[str]
    try:
        outcome = tried(*asked)
    except BadDialPlan as error:
        outcome = [*error.faults]
    sys.stdout.buffer.write(pickle.dumps(outcome))


if __name__ == "__main__":
    # what is pickled is the service's: of this module by its name, not of __main__
    from interact_ivr.service import trying

    trying.main()
