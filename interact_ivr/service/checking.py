"""An import's rows, checked: ranges spelled out, numbers normalized, each fault with its line."""

import asyncio
import re
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from operator import itemgetter
from types import TracebackType
from typing import Protocol, Self

import msgspec

from interact_ivr.domain.errors import BadInput
from interact_ivr.domain.names import NumberKey, Scope
from interact_ivr.domain.ranges import Range, read_range
from interact_ivr.domain.values import Double, DraftNumber, KnownNumber, NewNumber
from interact_ivr.ports import Draft, NumberStore
from interact_ivr.service.environments import Environment

STEP = 2_000
"""Numbers read, compared or written between two turns of the calls."""
_MOST_FAULTS = 1_000
_MOST_SHOWN = 10
_LONGEST = 64
"""Characters of a stored number: E.164 has 16 with its plus; a SIP address may be longer."""
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What would not stay within a line, or would write to the terminal it is shown on."""
_DNID = re.compile(r"[0-9]{1,15}")
_OF_A_SPREADSHEET = re.compile(
    r"=.*"
    r"|[-+]?\d+([.,]\d+\s?E\s?[-+]?|\s?E\s?[-+])\d+"  # 3.8E+11, 5E-02
    r"|[-+]?\d{7,}[.,]0+"
    r"|[-+]?\d{1,3}(([\s'\u2019]\d{3}){2,}[.,]|(\.\d{3}){2,},|(,\d{3}){2,}\.)0+"  # in threes
    r"|#[^\d*#\s].*|#{2,}|ERR:\d+"  # #REF!, #¡REF!, #N/D; a column that is too narrow
    r"|TRUE|FALSE|WAHR|FALSCH|VRAI|FAUX|VERDADERO|FALSO|VERO|NULL",
    re.IGNORECASE | re.DOTALL,
)
"""What one leaves in a number's place: its keys on a telephone would be a number's."""


class NumberRow(msgspec.Struct, frozen=True):
    """A number, or a range of them, as an administrator wrote it down, and on which line."""

    line: int
    number: str
    group: str | None = None
    dnid: str | None = None
    enabled: bool = True


class Chunk(Protocol):
    """Some of an import's rows, and what their reader found wrong with others."""

    @property
    def rows(self) -> Sequence[NumberRow]: ...  # noqa: D102
    @property
    def faults(self) -> Sequence[str]: ...  # noqa: D102


class Outcome(msgspec.Struct, frozen=True):
    """What an import would change, or has changed."""

    new: int
    already_there: int
    """They are in the pool as the import has them."""
    examples: Sequence[NumberKey]
    """The first of the new ones, by number."""
    refused: int
    faults: Sequence[str]
    """Why: every reason with its line, in their order, but no more than anybody reads."""


class Checking:
    """An import from its rows to what is new: the draft, and the faults on the way to it."""

    def __init__(
        self, store: NumberStore, draft: Draft, here: Environment, scope: Scope, source: str
    ) -> None:
        self.scope = scope
        self._here = here
        self._store = store
        self._source = source
        self._draft = draft
        self._faults: list[tuple[int, str]] = []
        self._refused = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._draft.close()

    async def read(self, chunks: AsyncIterable[Chunk]) -> None:
        """Read every row of *chunks*, range by range, into the draft."""
        async for chunk in chunks:
            for fault in chunk.faults:
                self._refuse(_line_of(fault), fault)
            numbers = chain.from_iterable(map(self._numbers, chunk.rows))
            while step := await asyncio.to_thread(list, islice(numbers, STEP)):
                for double in await self._draft.add(step):
                    self._fault(double.line, self._doubled(double))

    async def compare(self) -> Outcome:
        """Compare the draft with the pool, and leave out of it what is there already."""
        same = 0
        async for page in self.pages():
            known = await self._store.known(self.scope, [one.new.number for one in page])
            new, equal = await asyncio.to_thread(self._new_of, page, known)
            same += equal
            await self._compare_dnids(new)
            await self._draft.leave_out([it.new.number for it in known])
        examples = [one.new.number for one in await self._draft.page("", _MOST_SHOWN)]
        return Outcome(await self._draft.size(), same, examples, self._refused, self._told())

    def _new_of(
        self, page: Sequence[DraftNumber], known: Sequence[KnownNumber]
    ) -> tuple[Sequence[DraftNumber], int]:
        """Give those of *page* that are not *known*, and how many are known and the same.

        Where they are not, that is a fault.
        """
        there, new, same = {it.new.number: it for it in known}, list[DraftNumber](), 0
        for one in page:
            if (it := there.get(one.new.number)) is None:
                new.append(one)
            elif different := _difference(it, one.new):
                already = f"{it.new.number} is in the environment already, {different}"
                self._fault(one.line, already)
            else:
                same += 1
        return new, same

    async def _compare_dnids(self, numbers: Sequence[DraftNumber]) -> None:
        """Note the DNIDs of new *numbers* that numbers of the pool have."""
        asked = [(one.line, one.new.dnid) for one in numbers if one.new.dnid is not None]
        if not asked:
            return
        taken = await self._store.dnids(self.scope, [dnid for _, dnid in asked])
        for line, dnid in asked:
            if dnid in taken:
                self._fault(line, _taken(dnid, taken[dnid]))

    def _doubled(self, double: Double) -> str:
        first = f"{self._source} {double.first_line}"
        if double.dnid is not None:
            return _taken(double.dnid, first)
        return f"{double.entered} is the number of {first} again (both are {double.number})"

    async def pages(self) -> AsyncIterator[Sequence[DraftNumber]]:
        """Go through the draft, by number."""
        after = ""
        while page := await self._draft.page(after, STEP):
            yield page
            after = page[-1].new.number

    def _numbers(self, row: NumberRow) -> Iterator[DraftNumber]:
        """Give the numbers of *row*, noting every fault of it."""
        noting = _Noting(self._fault, row.line)
        numbers: Iterable[str] = ()
        group = None
        with noting:
            numbers = read_range(row.number) or (row.number,)
        ranged = isinstance(numbers, Range)
        with noting:
            group = None if row.group is None else self._here.alphabet.group(row.group)
        with noting:
            check_dnid(row.dnid, of_range=ranged)
        for entered in numbers:
            with noting:
                number = normalized(self._here, entered)
                dnid = None if ranged else row.dnid
                yield DraftNumber(row.line, NewNumber(number, entered, group, dnid, row.enabled))

    def _fault(self, line: int, text: str) -> None:
        self._refuse(line, f"{self._source} {line}: {text}")

    def _refuse(self, line: int, fault: str) -> None:
        self._refused += 1
        if len(self._faults) < _MOST_FAULTS:
            self._faults.append((line, fault))

    def _told(self) -> list[str]:
        told = [fault for _, fault in sorted(self._faults, key=itemgetter(0))]
        more = self._refused - len(told)
        return [*told, f"and {more:,} faults more"] if more else told


class _Noting(msgspec.Struct, frozen=True):
    """Notes what is wrong within its block, and goes on behind it.

    A class, for there are four to a row: `contextmanager` would cost a tenth of an import.
    """

    fault: Callable[[int, str], None]
    line: int

    def __enter__(self) -> None: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        match error:
            case BadInput():
                self.fault(self.line, str(error))
            case ValueError():  # the dial plan's
                self.fault(self.line, f"number: {error}")
            case _:
                return False
        return True


def normalized(here: Environment, entered: str) -> NumberKey:
    """Give the key under which a number is stored that an administrator *entered* so.

    Raises:
        BadInput: it cannot be shown, or is too long.
        ValueError: the dial plan takes it for no number.
    """
    if found := _UNWRITABLE.search(entered):
        raise BadInput("number", "printable text", f"{found[0]!a} at position {found.start() + 1}")
    if _OF_A_SPREADSHEET.fullmatch(entered.strip()):
        raise BadInput("number", "a number, no spreadsheet's formula or fault", f"{entered[:40]!a}")
    number = NumberKey(here.dial_plan.normalize(entered))
    if len(number) > _LONGEST:
        raise BadInput("number", f"at most {_LONGEST} characters", f"{len(number)}")
    return number


def check_dnid(dnid: str | None, *, of_range: bool = False) -> None:
    """Refuse what cannot be a DNID."""
    if dnid is None:
        return
    if of_range:
        raise BadInput("dnid", "none for a range, whose numbers it would not tell apart", dnid)
    if not _DNID.fullmatch(dnid):
        raise BadInput("dnid", "1 to 15 digits", f"{dnid!a}")


def _taken(dnid: str, by: str) -> str:
    wanted = "one that no other number of the application has"
    return f"dnid: expected {wanted}, got {dnid}, which {by} has"


def _difference(known: KnownNumber, new: NewNumber) -> str:
    """Say what is otherwise with the number that is there; nothing where it is the same."""
    if not known.in_pool:
        return "in the pool of another application"
    there = known.new
    pairs = {
        "group": (there.group, new.group),
        "dnid": (there.dnid, new.dnid),
        "enabled": (_yes_no(there.enabled), _yes_no(new.enabled)),
    }
    return ", ".join(
        f"its {name} is {old or 'none'}, not {wanted or 'none'}"
        for name, (old, wanted) in pairs.items()
        if old != wanted
    )


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"


def _line_of(fault: str) -> int:
    found = re.match(r"line (\d{1,9}):", fault)
    return int(found[1]) if found else 0
