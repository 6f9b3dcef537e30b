"""What the command line can ask for, by name: typed requests in, plain values out.

The running service answers these over its control socket; where none runs, the command line
carries them out itself, under the store's lock.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from interact_ivr.control.directory import DirectoryOperations, Operation
from interact_ivr.domain.errors import BadInput, Refusal
from interact_ivr.domain.journal import OfCall, OfInteraction, Subject
from interact_ivr.domain.names import InteractionId
from interact_ivr.service.administration import Administration
from interact_ivr.service.allocations import Allocations
from interact_ivr.service.journal import Journal
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


class ShowJournal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Show a page of the journal: of one number, interaction or call, or of all."""

    number: str | None = None
    interaction: str | None = None
    call: str | None = None
    """Asterisk's uniqueid."""
    pbx: str | None = None
    since: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    after: str = ""
    """The page begins behind this id, as the page before said."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1000
    newest: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """Begin so many entries before the end."""
    wait_seconds: Annotated[float, msgspec.Meta(ge=0, le=20)] = 0
    """How long to wait for an entry where there is none."""
    environment: str = ""


class AskWhoHeld(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Say who held a number at an instant."""

    number: str
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    environment: str = ""


class Forget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Put a tombstone in place of an interaction."""

    interaction: str
    force: bool = False
    """Free the number it holds first."""
    environment: str = ""


class ShowStatus(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Show the service and its pool."""

    environment: str = ""


Request = (
    Allocate | Free | ImportNumbers | ListNumbers | ShowJournal | AskWhoHeld | Forget | ShowStatus
)


class Operations:
    """Carries requests out."""

    def __init__(
        self,
        allocations: Allocations,
        numbers: Numbers,
        administration: Administration,
        journal: Journal,
        facts: Callable[[], Mapping[str, object]],
    ) -> None:
        self._allocations = allocations
        self._numbers = numbers
        self._journal = journal
        self._facts = facts
        self._by_name: dict[str, tuple[type[msgspec.Struct], Operation]] = {
            "allocate": (Allocate, self._allocate),
            "free": (Free, self._free),
            "number.import": (ImportNumbers, self._import),
            "number.list": (ListNumbers, self._list),
            "journal.list": (ShowJournal, self._show_journal),
            "journal.who_held": (AskWhoHeld, self._who_held),
            "journal.forget": (Forget, self._forget),
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

    async def _show_journal(self, request: ShowJournal) -> object:
        subject = self._subject(request)
        if request.wait_seconds:
            return await self._journal.follow(
                request.environment,
                subject,
                after=request.after,
                limit=request.limit,
                within=request.wait_seconds,
            )
        return await self._journal.entries(
            request.environment,
            subject,
            after=request.after,
            since=request.since,
            limit=request.limit,
            newest=request.newest,
        )

    def _subject(self, request: ShowJournal) -> Subject:
        match request.number, request.interaction, request.call:
            case None, None, None:
                return None
            case str(number), None, None:
                return self._journal.number(request.environment, number)
            case None, str(interaction), None:
                return OfInteraction(InteractionId(interaction))
            case None, None, str(uniqueid):
                return OfCall(uniqueid, request.pbx)
        raise BadInput("request", "one of number, interaction and call", "several")

    async def _who_held(self, request: AskWhoHeld) -> object:
        return await self._journal.who_held(request.environment, request.number, request.at)

    async def _forget(self, request: Forget) -> object:
        tombstone, forgotten, scrubbed = await self._journal.forget(
            request.environment, request.interaction, force=request.force
        )
        return {"tombstone": tombstone, **asdict(forgotten), "scrubbed": scrubbed}

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
