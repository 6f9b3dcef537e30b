"""Emergency numbers that a plan would take for something else. None may be, unless it says so."""

from collections.abc import Iterator, Sequence

from dialplan.emergency import emergency_numbers
from dialplan.faults import Fault
from dialplan.plan import Conversion, Plan, Rule


def emergencies(plan: Plan) -> frozenset[str]:
    """The emergency numbers of *plan*: its home country's and its own, but those it waives."""
    numbers = emergency_numbers(plan.home_country) | set(plan.extra_emergency)
    return numbers - set(plan.allow_shadow)


def shadows(plan: Plan) -> Iterator[Fault]:
    """Name what comes first for an emergency number and does not say that it is meant."""
    for number in sorted(emergencies(plan)):
        for kind, all_of_kind in (("conversion", plan.conversions), ("rule", plan.rules)):
            first = _first(all_of_kind, number)
            if first is not None and not first.emergency:
                expected = (
                    f"no pattern that takes the emergency number {number} first, without "
                    f"`emergency = true` or {number} in `emergency.allow_shadow`"
                )
                value = first.pattern.source
                yield Fault(first.place.file, kind, expected, value, first.place.line)


def _first(matching: Sequence[Conversion | Rule], number: str) -> Conversion | Rule | None:
    return next((each for each in matching if each.pattern.groups(number) is not None), None)
