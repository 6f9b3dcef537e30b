"""What the command line can ask for, by name: typed requests in, plain values out.

The running service answers these over its control socket; where none runs, the command line
carries them out itself, under the store's lock.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec.structs import asdict, replace

from interact_ivr.control.directory import DirectoryOperations, Operation
from interact_ivr.domain.acts import NOBODY, Actor, Entry, Sought
from interact_ivr.domain.errors import BadInput, Refusal
from interact_ivr.domain.journal import OfCall, OfInteraction, Subject
from interact_ivr.domain.lifecycle import State
from interact_ivr.domain.names import InteractionId, without_nul
from interact_ivr.domain.values import Shown
from interact_ivr.service.acts import Acts
from interact_ivr.service.administration import Administration
from interact_ivr.service.allocations import Allocations
from interact_ivr.service.checking import NumberRow
from interact_ivr.service.imports import Imports
from interact_ivr.service.journal import Journal
from interact_ivr.service.numbers import Numbers

T = TypeVar("T")
READS: Final = frozenset(
    {
        *("number.list", "number.export", "explain", "journal.list", "journal.who_held", "status"),
        *("tenant.list", "environment.list", "application.list", "user.list", "token.list"),
        *("audit.list", "pool.size", "plan.try"),
    }
)
"""What changes nothing; all else goes on record."""
_NOWHERE: Final = ("tenant.", "user.", "token.remove", "db.")
"""What is done in no environment."""


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


class Chunk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Some of an import's rows."""

    rows: list[NumberRow] = []
    faults: list[str] = []
    """What whoever read the rows has found already; told with the rest."""
    more: bool = False
    """Another chunk follows; an import that breaks off before the last is none."""


class ImportNumbers(Chunk, frozen=True, forbid_unknown_fields=True):
    """Take numbers into the pool, all or none; it is the first chunk of them, too."""

    dry_run: bool = False
    """Say what would change, and change nothing."""
    environment: str = ""
    application: str = ""


class AddNumbers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Take a few numbers or ranges into the pool, all or none."""

    numbers: list[str]
    group: str | None = None
    dnid: str | None = None
    enabled: bool = True
    environment: str = ""
    application: str = ""


class EnableNumbers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Let numbers be lent, or not any more."""

    numbers: list[str]
    enabled: bool = True
    environment: str = ""
    application: str = ""


class EnableMatching(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Let all numbers that fit be lent, or not any more."""

    enabled: bool
    group: str | None = None
    state: State | None = None
    prefix: str = ""
    text: str = ""
    dry_run: bool = False
    """Only count them."""
    environment: str = ""
    application: str = ""


class RemoveNumbers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Take numbers out of the pool."""

    numbers: list[str]
    force: bool = False
    """End their allocations as freed first."""
    environment: str = ""
    application: str = ""


class ListNumbers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Show the pool's numbers."""

    group: str | None = None
    state: State | None = None
    limit: Annotated[int, msgspec.Meta(ge=1)] | None = None
    environment: str = ""
    application: str = ""


class ExportNumbers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Tell all of the pool's numbers, page by page, before the answer."""

    environment: str = ""
    application: str = ""


class Explain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Say why a number is what it is."""

    number: str
    environment: str = ""


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


class ShowAudit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Show a page of what administrators did, the newest first."""

    who: str = ""
    action: str = ""
    since: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    before: str = ""
    """The page begins behind the entry of this id, which is older."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1000


class HasBackedUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Say that a command has written the store's state to a file: it goes on record."""

    file: str
    bytes: int


class ShowStatus(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Show the service, its pool, and all nodes that share the store."""

    environment: str = ""


class Conversation(msgspec.Struct, frozen=True):
    """What passes between a request and its answer, as plain values."""

    parts: AsyncIterator[Any]
    """What the asker sends behind its request."""
    tell: Callable[[object], Awaitable[None]]
    """Tells the asker something before the answer; OSError where it has gone."""
    actor: Actor = NOBODY
    """Who asks."""


async def _nothing() -> AsyncIterator[Any]:
    return
    yield


async def _unheard(_: object) -> None:
    """Nobody listens."""


async def _unheard_count(_written: int, _of: int) -> None:
    """Nobody waits long enough to be told."""


async def _alone(chunk: Chunk) -> AsyncIterator[Chunk]:
    yield chunk


SILENCE = Conversation(_nothing(), _unheard)
Talk = Callable[[Any, Conversation], Awaitable[object]]


class Operations:
    """Carries requests out."""

    def __init__(
        self,
        allocations: Allocations,
        numbers: Numbers,
        imports: Imports,
        administration: Administration,
        journal: Journal,
        acts: Acts,
        facts: Callable[[], Mapping[str, object]],
        nodes: Callable[[], Awaitable[Sequence[object]]],
        others: Mapping[str, tuple[type[msgspec.Struct], Operation]],
    ) -> None:
        self._allocations = allocations
        self._numbers = numbers
        self._imports = imports
        self._journal = journal
        self._acts = acts
        self._facts = facts
        self._nodes = nodes
        self._by_name: dict[str, tuple[type[msgspec.Struct], Operation]] = {
            "allocate": (Allocate, self._allocate),
            "free": (Free, self._free),
            "number.add": (AddNumbers, self._add),
            "number.enable": (EnableNumbers, self._enable),
            "number.enable_matching": (EnableMatching, self._enable_matching),
            "number.list": (ListNumbers, self._list),
            "number.remove": (RemoveNumbers, self._remove),
            "explain": (Explain, self._explain),
            "journal.list": (ShowJournal, self._show_journal),
            "journal.who_held": (AskWhoHeld, self._who_held),
            "journal.forget": (Forget, self._forget),
            "audit.list": (ShowAudit, self._show_audit),
            "db.backup": (HasBackedUp, self._has_backed_up),
            "status": (ShowStatus, self._status),
            **DirectoryOperations(administration).by_name,
            **others,
        }
        self._talks: dict[str, tuple[type[msgspec.Struct], Talk]] = {
            "number.export": (ExportNumbers, self._export),
            "number.import": (ImportNumbers, self._import),
        }

    async def carry_out(
        self, name: str, arguments: Mapping[str, object], conversation: Conversation = SILENCE
    ) -> Any:
        """Give the plain values that answer request *name*, or raise what refuses it.

        Whatever may change something is an act, and goes on record.
        """
        _check_texts(arguments)
        if name in READS or name not in self.names:
            return await self._carry_out(name, arguments, conversation)
        tenant, environment = arguments.get("tenant", ""), arguments.get("environment", "")
        where = None if tenant or name.startswith(_NOWHERE) else str(environment)
        async with self._acts.act(conversation.actor, name, str(tenant), where) as act:
            act.speak_of({each: of for each, of in arguments.items() if each != "environment"})
            return await self._carry_out(name, arguments, conversation)

    @property
    def names(self) -> Collection[str]:
        """What can be asked for."""
        return self._by_name.keys() | self._talks.keys()

    async def _carry_out(
        self, name: str, arguments: Mapping[str, object], conversation: Conversation
    ) -> Any:
        if name in self._talks:
            kind, talk = self._talks[name]
            answer = await talk(_converted(arguments, kind, name), conversation)
        elif name in self._by_name:
            kind, operation = self._by_name[name]
            answer = await operation(_converted(arguments, kind, name))
        else:
            names = ", ".join(sorted(self.names))
            raise BadInput("request", f"one of {names}", repr(name))
        return msgspec.to_builtins(answer)

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

    async def _import(self, request: ImportNumbers, conversation: Conversation) -> object:
        chunks = _chunks(request, conversation.parts)
        if request.dry_run:
            return await self._imports.preview(request.environment, chunks, request.application)

        async def told(written: int, of: int) -> None:
            await conversation.tell({"written": written, "of": of})

        taken = await self._imports.take_in(
            request.environment, chunks, told, application=request.application
        )
        return {"imported": taken.new, "already_there": taken.already_there}

    async def _add(self, request: AddNumbers) -> object:
        rows = [
            NumberRow(at, number.strip(), request.group, request.dnid, request.enabled)
            for at, number in enumerate(request.numbers, 1)
        ]
        taken = await self._imports.take_in(
            request.environment,
            _alone(Chunk(rows)),
            _unheard_count,
            application=request.application,
            source="number",
        )
        return {"added": taken.new, "already_there": taken.already_there}

    async def _enable(self, request: EnableNumbers) -> object:
        return {
            "numbers": await self._numbers.set_enabled(
                request.environment,
                request.numbers,
                enabled=request.enabled,
                application=request.application,
            )
        }

    async def _enable_matching(self, request: EnableMatching) -> object:
        where, application = request.environment, request.application
        group = self._numbers.group(where, request.group)
        fits = Shown(group, request.state, prefix=request.prefix, text=request.text)
        if request.dry_run:
            would_change = replace(fits, enabled=not request.enabled)
            return {"count": await self._numbers.count(where, would_change, application)}
        change = self._numbers.set_all_enabled
        count = await change(where, fits, enabled=request.enabled, application=application)
        return {"count": count}

    async def _remove(self, request: RemoveNumbers) -> object:
        return {
            "numbers": await self._numbers.remove(
                request.environment,
                request.numbers,
                force=request.force,
                application=request.application,
            )
        }

    async def _list(self, request: ListNumbers) -> object:
        group = self._numbers.group(request.environment, request.group)
        shown = Shown(group, request.state, limit=request.limit)
        numbers = await self._numbers.list(request.environment, shown, request.application)
        return {"numbers": numbers}

    async def _explain(self, request: Explain) -> object:
        explanation = await self._numbers.explain(request.environment, request.number)
        return explanation.as_data()

    async def _export(self, request: ExportNumbers, conversation: Conversation) -> object:
        count = 0
        async for page in self._numbers.pages(request.environment, request.application):
            await conversation.tell({"numbers": page})
            count += len(page)
        return {"exported": count}

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

    async def _show_audit(self, request: ShowAudit) -> object:
        sought = Sought(who=request.who, action=request.action, since=request.since)
        entries = await self._acts.entries(sought, request.before, request.limit)
        return {"entries": [plain(entry) for entry in entries]}

    async def _has_backed_up(self, _: HasBackedUp) -> object:
        return {}

    async def _status(self, request: ShowStatus) -> object:
        counts = await self._numbers.counts(request.environment)
        return {
            **self._facts(),
            "pool": {state.value: count for state, count in counts.items()},
            "nodes": await self._nodes(),
            "at": datetime.now(UTC),
        }


def _check_texts(arguments: Mapping[str, object]) -> None:
    """Refuse a NUL in a text, or in one of a list of them; rows are checked one by one."""
    for name, value in arguments.items():
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str):
                without_nul(name, text)


def _converted(value: object, kind: type[T], name: str) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise BadInput("request", f"the arguments of {name}", str(error)) from None


async def _chunks(first: ImportNumbers, parts: AsyncIterator[Any]) -> AsyncIterator[Chunk]:
    """Give *first* and all that follow it to the last; an import that breaks off is refused."""
    chunk: Chunk = first
    yield chunk
    while chunk.more:
        try:
            part = await anext(parts)
        except StopAsyncIteration:
            raise BadInput("request", "more rows of number.import", "the end") from None
        chunk = _converted(part, Chunk, "number.import")
        yield chunk


def plain(entry: Entry) -> dict[str, object]:
    """Tell an act that is on record as plain values."""
    return {"id": entry.id, "at": entry.at, **asdict(entry.told)}


def refusal(error: Refusal) -> dict[str, object]:
    """Tell a refusal as plain values."""
    faults = getattr(error, "faults", None) or [str(error)]
    return {"code": error.code, "faults": faults}
