"""The pool's numbers and groups over the native API."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from interact_ivr.api.native.asking import (
    Asked,
    Limit,
    Says,
    Time,
    Within,
    answer,
    done,
    given,
    native,
)
from interact_ivr.api.routes import Needs, Route
from interact_ivr.domain.errors import (
    AmbiguousDnid,
    ApplicationGone,
    BadInput,
    BadRows,
    ImportUnderWay,
    NoSuchNumber,
    NumbersAllocated,
)
from interact_ivr.domain.lifecycle import State
from interact_ivr.domain.ranges import how_many
from interact_ivr.domain.values import GroupCounts, PoolNumber, Shown
from interact_ivr.service.checking import Chunk, NumberRow
from interact_ivr.service.imports import Imports
from interact_ivr.service.numbers import Numbers
from interact_ivr.service.pools import Pools

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When a number that was never lent became free."""

_MOST = 10_000
"""Numbers taken in by one request: more of them are a file for the command line."""

GroupName = Annotated[str, Meta(min_length=1, max_length=128, description="the group")]
Written = Annotated[str, Meta(min_length=1, max_length=80)]


class ListNumbers(Within, frozen=True, kw_only=True):
    """Which numbers, and which page of them."""

    group: GroupName | None = None
    state: Annotated[State, Meta(description="what they are now")] | None = None
    after: (
        Annotated[str, Meta(max_length=80, description="the page before said it, as `next`")] | None
    ) = None
    limit: Limit = 100


class AddNumbers(Within, frozen=True, kw_only=True):
    """Numbers to take in, all or none."""

    numbers: Annotated[
        list[Written],
        Meta(min_length=1, max_length=1000, description="each a number, or a range; 10,000 in all"),
    ]
    group: GroupName | None = None
    dnid: Annotated[str, Meta(pattern="^[0-9]{1,15}$", description="of one number")] | None = None
    enabled: Annotated[bool, Meta(description="whether they may be lent")] = True


class SetNumber(Within, frozen=True, kw_only=True):
    """What to change of a number."""

    enabled: Annotated[
        bool, Meta(description="`false` drains it: its allocation stands, no new one is made")
    ]


class RemoveNumber(Within, frozen=True, kw_only=True):
    """How to remove a number."""

    force: Annotated[bool, Meta(description="end its allocation as freed first")] = False


class ShownNumber(msgspec.Struct, frozen=True):
    """A number as it stands."""

    number: str
    """As stored."""
    entered: str
    """As the administrator wrote it."""
    dnid: str | None
    group: str | None
    enabled: bool
    state: State
    interaction: str | None
    """Whose it is now."""
    free_from: Time | None
    """When it becomes, or became, free; null: it was never lent."""

    @classmethod
    def of(cls, number: PoolNumber) -> "ShownNumber":
        """Show *number*."""
        return cls(
            number=number.number,
            entered=number.entered,
            dnid=number.dnid,
            group=number.group,
            enabled=number.enabled,
            state=number.state,
            interaction=number.interaction,
            free_from=None if number.free_from == _NEVER else number.free_from,
        )


class NumbersPage(msgspec.Struct, frozen=True):
    """Some numbers, by number."""

    numbers: list[ShownNumber]
    next: str | None
    """The `after` of the next page; null: there is none."""


class NumbersAdded(msgspec.Struct, frozen=True):
    """What became of numbers that were to be taken in."""

    added: int
    already_there: int
    """They were in the pool, and the same."""


class ShownGroup(msgspec.Struct, frozen=True):
    """How many numbers a group has, the enabled ones by state."""

    group: str | None
    """null: those without one."""
    idle: int
    resting: int
    allocated: int
    lapsed: int
    disabled: int

    @classmethod
    def of(cls, counts: GroupCounts) -> "ShownGroup":
        """Show *counts*."""
        by_state = {state.value: count for state, count in counts.by_state.items()}
        return cls(group=counts.group, disabled=counts.disabled, **by_state)


class ShownGroups(msgspec.Struct, frozen=True):
    """The groups of a pool."""

    groups: list[ShownGroup]


class NumberRoutes(msgspec.Struct, frozen=True):
    """Serves them."""

    numbers: Numbers
    imports: Imports
    pools: Pools

    def routes(self) -> list[Route]:
        """Give what is served."""
        one = "/numbers/{number}"
        not_one = (NoSuchNumber, AmbiguousDnid)
        return [
            native(
                "GET", "/numbers", Needs.VIEWER, self._list, ListNumbers,
                Says("list_numbers", "The pool's numbers as they stand, a page of them"),
                answer(200, "the page", NumbersPage),
            ),
            native(
                "POST", "/numbers", Needs.ADMIN, self._add, AddNumbers,
                Says(
                    "add_numbers", "Take numbers and ranges into the pool, all or none",
                    (BadRows, ImportUnderWay, ApplicationGone),
                ),
                answer(201, "all are there now", NumbersAdded),
                answer(200, "all were there, and the same", NumbersAdded),
                does="number.add",
            ),
            native(
                "GET", one, Needs.VIEWER, self._show, Within,
                Says("show_number", "A number as it stands", not_one),
                answer(200, "the number", ShownNumber),
            ),
            native(
                "PATCH", one, Needs.ADMIN, self._set, SetNumber,
                Says("set_number", "Let a number be lent, or drain it", not_one),
                answer(200, "the number as it stands then", ShownNumber),
                does="number.enable",
            ),
            native(
                "DELETE", one, Needs.ADMIN, self._remove, RemoveNumber,
                Says(
                    "remove_number", "Take a number out; the journal stays",
                    (*not_one, NumbersAllocated),
                ),
                answer(204, "it is no number of the pool any more"),
                does="number.remove",
            ),
            native(
                "GET", "/groups", Needs.VIEWER, self._groups, Within,
                Says("list_groups", "The pool's groups, their numbers counted"),
                answer(200, "the groups", ShownGroups),
            ),
        ]  # fmt: skip

    async def _list(self, asked: Asked[ListNumbers]) -> web.Response:
        what = asked.what
        group = self.numbers.group(asked.environment, what.group)
        shown = Shown(group, what.state, what.after or "", what.limit + 1)  # one more: is there?
        found = await self.numbers.list(asked.environment, shown, asked.application)
        page = found[: what.limit]
        more = page[-1].number if len(found) > what.limit else None
        return given(NumbersPage([ShownNumber.of(each) for each in page], more))

    async def _add(self, asked: Asked[AddNumbers]) -> web.Response:
        what = asked.what
        if (count := sum(map(how_many, what.numbers))) > _MOST:
            raise BadInput("numbers", f"at most {_MOST:,} at once", f"{count:,}")
        rows = [
            NumberRow(at, number.strip(), what.group, what.dnid, what.enabled)
            for at, number in enumerate(what.numbers, 1)
        ]
        taken = await self.imports.take_in(
            asked.environment,
            _alone(rows),
            _unheard,
            application=asked.application,
            source="number",
        )
        return given(NumbersAdded(taken.new, taken.already_there), 201 if taken.new else 200)

    async def _show(self, asked: Asked[Within]) -> web.Response:
        return given(ShownNumber.of(await self._number(asked)))

    async def _set(self, asked: Asked[SetNumber]) -> web.Response:
        number = (await self._number(asked)).number
        with _still_there(number):
            await self.numbers.set_enabled(
                asked.environment,
                [number],
                enabled=asked.what.enabled,
                application=asked.application,
            )
        return given(ShownNumber.of(await self._number(asked)))

    async def _remove(self, asked: Asked[RemoveNumber]) -> web.Response:
        number = (await self._number(asked)).number
        with _still_there(number):
            await self.numbers.remove(
                asked.environment, [number], force=asked.what.force, application=asked.application
            )
        return done()

    async def _groups(self, asked: Asked[Within]) -> web.Response:
        groups = await self.pools.groups(asked.environment, asked.application)
        return given(ShownGroups([ShownGroup.of(each) for each in groups]))

    async def _number(
        self, asked: Asked[Within] | Asked[SetNumber] | Asked[RemoveNumber]
    ) -> PoolNumber:
        return await self.pools.number(asked.environment, asked.path["number"], asked.application)


class _Rows(msgspec.Struct, frozen=True):
    """All of an import's rows."""

    rows: Sequence[NumberRow]
    faults: Sequence[str] = ()


@contextmanager
def _still_there(number: str) -> Iterator[None]:
    """Let a number that has gone since it was found be one that is not found."""
    try:
        yield
    except BadRows:
        raise NoSuchNumber(number) from None


async def _alone(rows: Sequence[NumberRow]) -> AsyncIterator[Chunk]:
    yield _Rows(rows)


async def _unheard(_written: int, _of: int) -> None:
    """Nobody waits long enough to be told."""
