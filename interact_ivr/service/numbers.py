"""Taking numbers into a pool, and showing the pool as it stands."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from interact_ivr.domain.errors import BadInput, BadRows
from interact_ivr.domain.lifecycle import State
from interact_ivr.domain.names import NumberKey
from interact_ivr.domain.values import NewNumber, PoolNumber
from interact_ivr.ports import NumberStore
from interact_ivr.service.environments import Environment, Environments

_LONGEST = 64
"""Characters of a stored number: E.164 has 16 with its plus; a SIP address may be longer."""


@dataclass(frozen=True, slots=True)
class NumberRow:
    """A number as an administrator wrote it down, and the line it stands on."""

    line: int
    number: str
    group: str | None = None
    dnid: str | None = None
    enabled: bool = True


class Numbers:
    """The use cases of the pools' inventory."""

    def __init__(self, store: NumberStore, environments: Environments) -> None:
        self._store = store
        self._environments = environments

    async def take_in(
        self,
        environment: str,
        rows: Sequence[NumberRow],
        found: Sequence[str] = (),
        application: str = "",
    ) -> int:
        """Take all of *rows* into the pool, or none; say how many.

        Raises:
            BadRows: every fault, each as ``line 3: ...``, with those *found* by the rows' reader.
        """
        here = self._environments.named(environment)
        scope = here.application(application).scope
        faults = list(found)
        lines: dict[NumberKey, int] = {}
        numbers: list[NewNumber] = []
        for row in rows:
            new = _new_number(here, row, faults)
            if new is None:
                continue
            if new.number in lines:
                faults.append(
                    f"line {row.line}: {row.number} is the number of line {lines[new.number]} "
                    f"again (both are {new.number})"
                )
            lines.setdefault(new.number, row.line)
            numbers.append(new)
        faults += [
            f"line {lines[known]}: {known} is in the environment already"
            for known in await self._store.known(scope, list(lines))
        ]
        if faults:
            raise BadRows(sorted(faults, key=_line_of))
        await self._store.add(scope, numbers)
        return len(numbers)

    async def list(self, environment: str, application: str = "") -> Sequence[PoolNumber]:
        """Give the pool's numbers as they stand, by number."""
        pool = self._environments.named(environment).application(application)
        return await self._store.list(pool.scope, pool.policy)

    async def counts(self, environment: str, application: str = "") -> dict[State, int]:
        """Count the pool's enabled numbers by state."""
        pool = self._environments.named(environment).application(application)
        return await self._store.counts(pool.scope, pool.policy)


def _new_number(here: Environment, row: NumberRow, faults: list[str]) -> NewNumber | None:
    """Read *row*, adding every fault of it to *faults*; None where it has no number."""
    number = group = None
    try:
        number = NumberKey(here.dial_plan.normalize(row.number))
        if len(number) > _LONGEST:
            faults.append(f"line {row.line}: number: expected at most {_LONGEST} characters")
    except ValueError as error:
        faults.append(f"line {row.line}: number: {error}")
    try:
        group = None if row.group is None else here.alphabet.group(row.group)
    except BadInput as error:
        faults.append(f"line {row.line}: {error}")
    if row.dnid is not None and not re.fullmatch(r"[0-9]{1,15}", row.dnid):
        faults.append(f"line {row.line}: dnid: expected 1 to 15 digits, got {row.dnid!a}")
    if number is None:
        return None
    return NewNumber(number, row.number, group, row.dnid, row.enabled)


def _line_of(fault: str) -> int:
    found = re.match(r"line (\d{1,9}):", fault)
    return int(found[1]) if found else 0
