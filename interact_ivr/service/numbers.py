"""Taking numbers into a pool, and showing the pool as it stands."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from interact_ivr.domain.errors import BadInput, BadRows
from interact_ivr.domain.lifecycle import State
from interact_ivr.domain.names import NumberKey
from interact_ivr.domain.values import NewNumber, PoolNumber
from interact_ivr.ports import NumberStore
from interact_ivr.service.allocations import Environment, Environments


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
        self, environment: str, rows: Sequence[NumberRow], found: Sequence[str] = ()
    ) -> int:
        """Take all of *rows* into the pool, or none; say how many.

        Raises:
            BadRows: every fault, each as ``line 3: ...``, with those *found* by the rows' reader.
        """
        here = self._environments.named(environment)
        faults = list(found)
        lines: dict[NumberKey, int] = {}
        numbers: list[NewNumber] = []
        for row in rows:
            try:
                new = _new_number(here, row)
            except (BadInput, ValueError) as error:
                faults.append(f"line {row.line}: {error}")
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
            for known in await self._store.known(here.scope, list(lines))
        ]
        if faults:
            raise BadRows(sorted(faults, key=_line_of))
        await self._store.add(here.scope, numbers)
        return len(numbers)

    async def list(self, environment: str) -> Sequence[PoolNumber]:
        """Give the pool's numbers as they stand, by number."""
        here = self._environments.named(environment)
        return await self._store.list(here.scope, here.policy)

    async def counts(self, environment: str) -> dict[State, int]:
        """Count the pool's enabled numbers by state."""
        here = self._environments.named(environment)
        return await self._store.counts(here.scope, here.policy)


def _new_number(here: Environment, row: NumberRow) -> NewNumber:
    if row.dnid is not None and not re.fullmatch(r"[0-9]{1,15}", row.dnid):
        raise BadInput("dnid", "1 to 15 digits", repr(row.dnid))
    return NewNumber(
        number=NumberKey(here.dial_plan.normalize(row.number)),
        entered=row.number,
        group=None if row.group is None else here.alphabet.group(row.group),
        dnid=row.dnid,
        enabled=row.enabled,
    )


def _line_of(fault: str) -> int:
    return int(fault.removeprefix("line ").split(":")[0])
