"""What a question costs in a journal of some length: rows that are looked at, whoever is busy."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from interact_ivr.domain.journal import OfCall, OfCaller, OfInteraction, OfNumber, Page, Subject
from interact_ivr.domain.names import Ani, EnvironmentId, InteractionId, NumberKey
from interact_ivr.stores.operations.journal import Where, entries
from interact_ivr.stores.queries import load_queries
from interact_ivr.stores.sqlite.schema import open_database
from interact_ivr.stores.sqlite.transaction import SqliteTransaction
from testbed.filled_store import fill

INTERACTIONS, ROWS = 4_000, 100
HERE = Where(EnvironmentId(1), None)
NOBODY = OfCaller(Ani("+14085551234"))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a store of as many interactions, each with two entries of the journal."""
    path = tmp_path_factory.mktemp("filled") / "interact-ivr.db"
    fill(path, INTERACTIONS)
    return path


def asked(path: Path, subject: Subject, newest: int | None) -> tuple[Page, int]:
    """Give a page, and how many steps SQLite took to find it."""
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    with closing(open_database(path)) as connection:
        connection.set_progress_handler(step, 1)
        now = datetime.now(UTC)
        tx = SqliteTransaction(connection, load_queries("sqlite"), now)
        return entries(HERE, subject, "", ROWS, newest, tx), steps


def test_a_caller_who_never_called_is_looked_for_once(path: Path) -> None:
    """The newest of them cost no more than all of them."""
    page, once = asked(path, NOBODY, None)
    assert page.entries == ()
    assert once > INTERACTIONS, "the journal is read"
    assert asked(path, NOBODY, ROWS) == (page, once)


@pytest.mark.parametrize(
    "subject",
    [
        None,
        OfNumber((NumberKey("+493000000007"),)),
        OfInteraction(InteractionId("basket-7")),
        OfCall("none"),
    ],
)
def test_the_newest_of_all_else_are_found_by_an_index(path: Path, subject: Subject) -> None:
    """However long the journal is, about as much is looked at as is shown."""
    _, steps = asked(path, subject, ROWS)
    assert steps < INTERACTIONS
