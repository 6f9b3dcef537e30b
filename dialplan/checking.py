"""What one should know of a plan before it is used: faults, and rules that others stand before."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from dialplan.emergency import emergency_numbers
from dialplan.faults import PlanError
from dialplan.patterns import Standing, standings
from dialplan.plan import Conversion, Plan, Rule
from dialplan.plan_file import load_plan
from dialplan.shadows import emergencies


class About(StrEnum):
    """What is found of a plan."""

    FAULT = "fault"
    """It is refused for this."""
    SHADOWED = "shadowed"
    """One rule before this one takes all that it could match."""
    UNREACHABLE = "unreachable"
    """Several rules before this one do so together; or nothing like it is ever asked for."""
    OVERLAPPING = "overlapping"
    """Some of what it could match is taken before: as is usual, but order matters."""
    EMERGENCY = "emergency"
    """What becomes of emergency numbers."""


_SERIOUS: Final = {About.FAULT, About.SHADOWED, About.UNREACHABLE}
_NORMALIZED: Final = ("+", "/", "sip:", "sips:")
_SHOWN: Final = 3
"""Of the rules that stand before one."""


class Finding(msgspec.Struct, frozen=True):
    """One thing to know."""

    about: About
    place: str
    """The file and the line; "" for the plan as a whole."""
    text: str

    @property
    def is_serious(self) -> bool:
        """Whether the plan does not do what somebody wrote."""
        return self.about in _SERIOUS


def check(name_or_path: str) -> Sequence[Finding]:
    """Look through a plan: its faults, or all that is to be known of one that has none."""
    try:
        plan = load_plan(name_or_path)
    except PlanError as error:
        return faults_of(error)
    return findings_of(plan)


def faults_of(error: PlanError) -> Sequence[Finding]:
    """Tell the faults of a plan that was refused."""
    return [_fault(fault.file, fault.line, str(fault)) for fault in error.faults]


def findings_of(plan: Plan) -> Sequence[Finding]:
    """Look through a plan that has no faults."""
    return [
        *_emergency(plan),
        *_compared("conversion", plan.conversions),
        *_compared("rule", plan.rules),
    ]


def _fault(file: str, line: int, text: str) -> Finding:
    place = f"{file}:{line}" if file and line else file
    return Finding(About.FAULT, place, text.removeprefix(place).removeprefix(": "))


def _emergency(plan: Plan) -> Iterator[Finding]:
    numbers = sorted(emergencies(plan))
    known = ", ".join(numbers) if numbers else "none: the plan has no home country, and no `extra`"
    yield Finding(About.EMERGENCY, "", f"emergency numbers, which come before all else: {known}")
    everywhere = emergency_numbers(plan.home_country) | set(plan.extra_emergency)
    for number in plan.allow_shadow:
        what = "is none any more" if number in everywhere else "never was one here"
        yield Finding(About.EMERGENCY, "", f"allow_shadow: {number} {what}")
    behind = {f"{prefix}{number}" for prefix in plan.outside_line for number in numbers}
    behind -= set(numbers)
    for owner in plan.owners:
        if owner.extension in behind or owner.extension in numbers:
            whose = f"{owner.queue_type.name.lower()} {owner.id}"
            where = ", behind the outside line" if owner.extension in behind else ""
            text = f"extension {owner.extension} of {whose}: it is an emergency number{where}"
            yield Finding(About.UNREACHABLE, "", text)


def _compared(kind: str, asked: Sequence[Conversion | Rule]) -> Iterator[Finding]:
    for at, standing in enumerate(standings([each.pattern for each in asked])):
        called = _called(kind, asked, at)
        if standing.taken:
            about, text = _said(standing, kind, asked)
            yield Finding(about, str(asked[at].place), f"{called}: {text}")
        if told := _in_vain(asked[at], standing.free):
            yield Finding(About.UNREACHABLE, str(asked[at].place), f"{called}: {told}")


def _said(standing: Standing, kind: str, asked: Sequence[Conversion | Rule]) -> tuple[About, str]:
    earlier = [
        f"{_called(kind, asked, at)} takes {text!r}" for at, text in sorted(standing.taken.items())
    ]
    shown = "; ".join(earlier[:_SHOWN])
    more = f"; and {len(earlier) - _SHOWN:,} more" if len(earlier) > _SHOWN else ""
    if not standing.is_unreachable:
        return About.OVERLAPPING, f"first come first: {shown}{more}"
    about = About.SHADOWED if len(earlier) == 1 else About.UNREACHABLE
    return about, f"nothing is left for it: {shown}{more}"


def _in_vain(asked: Conversion | Rule, text: str | None) -> str:
    """Say that *asked* would give another number to *text*, which is normalized already, or ""."""
    if asked.standardized is None or text is None or not text.startswith(_NORMALIZED):
        return ""
    made = asked.standardized.render(asked.pattern.groups(text) or ())
    return "" if made == text else f"{text!r} keeps its number, and does not become {made!r}"


def _called(kind: str, asked: Sequence[Conversion | Rule], at: int) -> str:
    name = asked[at].name
    return f"{kind} {at + 1}{f' ({name})' if name else ''}"
