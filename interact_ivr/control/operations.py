"""What the command line can ask for, by name: typed requests in, plain values out.

The running service answers these over its control socket; where none runs, the command line
carries them out itself, under the store's lock.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from interact_ivr.control.directory import DirectoryOperations, Operation
from interact_ivr.domain.errors import BadInput, Refusal
from interact_ivr.service.administration import Administration
from interact_ivr.service.allocations import Allocations
from interact_ivr.service.numbers import NumberRow, Numbers


class Allocate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Lend a number to an interaction."""

    interaction: str
    group: str | None = None
    caller: str | None = None
    environment: str = ""
    application: str = ""


class Free(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """End a number's allocation."""

    number: str
    allocation: str | None = None
    environment: str = ""


class ImportNumbers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Take numbers into the pool, all or none."""

    rows: list[NumberRow]
    faults: list[str] = []
    """What whoever read the rows has found already; told with the rest."""
    environment: str = ""
    application: str = ""


class ListNumbers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Show the pool's numbers."""

    environment: str = ""
    application: str = ""


class ShowStatus(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Show the service and its pool."""

    environment: str = ""


Request = Allocate | Free | ImportNumbers | ListNumbers | ShowStatus


class Operations:
    """Carries requests out."""

    def __init__(
        self,
        allocations: Allocations,
        numbers: Numbers,
        administration: Administration,
        facts: Callable[[], Mapping[str, object]],
    ) -> None:
        self._allocations = allocations
        self._numbers = numbers
        self._facts = facts
        self._by_name: dict[str, tuple[type[msgspec.Struct], Operation]] = {
            "allocate": (Allocate, self._allocate),
            "free": (Free, self._free),
            "number.import": (ImportNumbers, self._import),
            "number.list": (ListNumbers, self._list),
            "status": (ShowStatus, self._status),
            **DirectoryOperations(administration).by_name,
        }

    async def carry_out(self, name: str, arguments: Mapping[str, object]) -> Any:
        """Give the plain values that answer request *name*, or raise what refuses it."""
        try:
            kind, operation = self._by_name[name]
        except KeyError:
            raise BadInput("request", f"one of {', '.join(self._by_name)}", repr(name)) from None
        try:
            request = msgspec.convert(arguments, kind)
        except msgspec.ValidationError as error:
            raise BadInput("request", f"the arguments of {name}", str(error)) from None
        return msgspec.to_builtins(await operation(request))

    async def _allocate(self, request: Allocate) -> object:
        return await self._allocations.allocate(
            request.environment,
            request.interaction,
            request.group,
            caller=request.caller,
            application=request.application,
        )

    async def _free(self, request: Free) -> object:
        status = await self._allocations.free_known(
            request.environment, request.number, request.allocation
        )
        return {"status": status}

    async def _import(self, request: ImportNumbers) -> object:
        taken = await self._numbers.take_in(
            request.environment, request.rows, request.faults, request.application
        )
        return {"imported": taken}

    async def _list(self, request: ListNumbers) -> object:
        numbers = await self._numbers.list(request.environment, request.application)
        return {"numbers": numbers}

    async def _status(self, request: ShowStatus) -> object:
        counts = await self._numbers.counts(request.environment)
        return {
            **self._facts(),
            "pool": {state.value: count for state, count in counts.items()},
            "at": datetime.now(UTC),
        }


def refusal(error: Refusal) -> dict[str, object]:
    """Tell a refusal as plain values."""
    faults = getattr(error, "faults", None) or [str(error)]
    return {"code": error.code, "faults": faults}
