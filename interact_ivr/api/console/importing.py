"""Taking numbers in from CSV over the console: first what would change, then all or none."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from io import BytesIO
from typing import Any, Final

import msgspec
from aiohttp import web

from interact_ivr.api.console.asking import Asked, Desk, action, asked, done, must_have, page
from interact_ivr.api.console.frames import query_of
from interact_ivr.api.console.guarding import SESSION
from interact_ivr.api.console.sessions import Note
from interact_ivr.api.routes import Needs, Route, Who
from interact_ivr.domain.errors import BadRows
from interact_ivr.domain.ranges import how_many
from interact_ivr.number_file import NumberFileError, number_chunks
from interact_ivr.service.checking import NumberRow, Outcome
from interact_ivr.service.imports import Imports

MOST_NUMBERS: Final = 100_000
"""Of one form, with those of its ranges: a line is short, and may mean a million."""


class Importing(Asked, frozen=True):
    """The form."""

    csv: str = ""
    dry_run: bool = False


class Rows(msgspec.Struct, frozen=True):
    """Some of the rows, and what is wrong with others."""

    rows: Sequence[NumberRow]
    faults: Sequence[str]


class ImportPages(msgspec.Struct, frozen=True):
    """Serves it."""

    desk: Desk
    imports: Imports

    def routes(self) -> list[Route]:
        """Give what is served."""
        return [
            page("import", Needs.CONSOLE_ADMIN, self._show),
            action("import", self._take, "number.import"),
        ]

    async def _show(self, request: web.Request, who: Who) -> web.Response:
        return self._page(request, who, Importing(asked(request, Asked).application))

    async def _take(self, request: web.Request, who: Who) -> web.Response:
        what = await self.desk.form(request, Importing)
        here = must_have(who)
        chunks = await asyncio.to_thread(_chunks, what.csv)  # thousands of lines, beside the calls
        if what.dry_run:
            found = await self.imports.preview(here, _each(chunks), what.application)
            return self._page(request, who, what, found)
        try:
            taken = await self.imports.take_in(
                here, _each(chunks), _unheard, application=what.application
            )
        except BadRows as error:
            outcome = Outcome(0, 0, (), len(error.faults), error.faults)
            return self._page(request, who, what, outcome, status=400)
        note = Note(f"{taken.new:,} numbers taken in, {taken.already_there:,} were there already.")
        address = f"pool{query_of({'application': what.application})}"
        return done(request[SESSION], address, note)

    def _page(
        self,
        request: web.Request,
        who: Who,
        what: Importing,
        outcome: Outcome | None = None,
        *,
        status: int = 200,
    ) -> web.Response:
        return self.desk.show(
            *(request, who, "import.html", status),
            what=what,
            outcome=outcome,
            applications=self.desk.applications(who),
        )


def _chunks(text: str) -> list[Rows]:
    """Read CSV as the command line does.

    Raises:
        BadRows: its header is wrong, or it has more than `MOST_NUMBERS`.
    """
    try:
        chunks = [_rows(chunk) for chunk in number_chunks(BytesIO(text.encode()), {})]
    except NumberFileError as error:
        raise BadRows([*error.faults]) from None
    count = 0
    for row in (row for chunk in chunks for row in chunk.rows):
        count += how_many(row.number)
        if count > MOST_NUMBERS:
            many = f"more than {MOST_NUMBERS:,} numbers are for `interact-ivr number import`"
            raise BadRows([f"line {row.line}: {many}"])
    return chunks


def _rows(chunk: dict[str, Any]) -> Rows:
    return msgspec.convert({"rows": chunk["rows"], "faults": chunk["faults"]}, Rows)


async def _each(chunks: Sequence[Rows]) -> AsyncIterator[Rows]:
    for chunk in chunks:
        yield chunk


async def _unheard(_written: int, _of: int) -> None:
    """The page waits for the end."""
