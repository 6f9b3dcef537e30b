"""A SQLite store that has been in use for long: as many calls as one likes, written at once."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

from interact_ivr.domain.names import first_ulid
from interact_ivr.stores.operations.times import from_micros
from interact_ivr.stores.sqlite.schema import create_database, migrate, open_database

APART = 1_000_000
"""Microseconds between an allocation and its call, and between two allocations."""
FEWEST_NUMBERS = 10


def fill(path: Path, interactions: int) -> None:
    """Make a store in which so many interactions were allocated a number, called and found.

    Each has an allocation, an answer and two entries of the journal, and all of it lies in the
    past; every tenth number of the pool is disabled.
    """
    create_database(path)
    with closing(open_database(path)) as connection:
        migrate(connection)
        numbers = max(FEWEST_NUMBERS, interactions // 100)
        begun = time.time_ns() // 1000 - (2 * interactions + 3600) * APART
        connection.create_function("ulid", 2, _ulid, deterministic=True)
        values = {"numbers": numbers, "interactions": interactions, "begun": begun, "apart": APART}
        connection.execute("BEGIN")
        for statement in (_NUMBERS, _ALLOCATIONS, _ANSWERS, _ENTRIES, _LAST):
            connection.execute(statement, values)
        connection.execute("COMMIT")


def _ulid(micros: int, count: int) -> str:
    """Give an id of an instant, one of many."""
    return f"{first_ulid(from_micros(micros))[:-8]}{count:08}"


_NUMBERS = """
    WITH RECURSIVE count (at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM count WHERE at < :numbers)
    INSERT INTO number (id, environment_id, application_id, number, entered, enabled)
    SELECT at, 1, 1, '+49' || (3000000000 + at), '0' || (3000000000 + at), at % 10 > 0 FROM count
"""
_ALLOCATIONS = """
    WITH RECURSIVE count (at) AS
        (SELECT 1 UNION ALL SELECT at + 1 FROM count WHERE at < :interactions)
    INSERT INTO allocation (id, number_id, application_id, interaction, allocated_at, expires_at,
                            ended_at, ended_as, caller, ended_by)
    SELECT ulid(:begun + 2 * at * :apart, at), at % :numbers + 1, 1, 'basket-' || at,
        :begun + 2 * at * :apart, :begun + 2 * at * :apart + 900000000,
        :begun + (2 * at + 1) * :apart, 'retrieved', '+38050' || (1000000 + at),
        '+38050' || (1000000 + at)
    FROM count
"""
_ANSWERS = """
    INSERT INTO answer (number_id, pbx, uniqueid, status, allocation_id, last_end, caller_match,
                        answered_at)
    SELECT number_id, 'main', ended_at / 1000000 || '.' || substr(id, -8), 'FOUND', id,
        'retrieved', 1, ended_at
    FROM allocation
"""
_ENTRIES = """
    INSERT INTO journal (id, at, event, environment_id, number, allocation_id, interaction,
                         expires_at, pbx, uniqueid, ani)
    SELECT ulid(allocated_at, rowid_of), allocated_at, 'allocated', 1, number, id, interaction,
        expires_at, NULL, NULL, NULL
    FROM (SELECT allocation.*, number, CAST(substr(allocation.id, -8) AS INTEGER) AS rowid_of
          FROM allocation JOIN number ON number.id = number_id)
    UNION ALL
    SELECT ulid(ended_at, rowid_of), ended_at, 'retrieved', 1, number, id, interaction,
        NULL, 'main', ended_at / 1000000 || '.' || substr(id, -8), ended_by
    FROM (SELECT allocation.*, number, CAST(substr(allocation.id, -8) AS INTEGER) AS rowid_of
          FROM allocation JOIN number ON number.id = number_id)
"""
_LAST = """
    UPDATE number SET (free_from, last_allocation_id) = (
        SELECT ended_at, id FROM allocation WHERE number_id = number.id ORDER BY id DESC LIMIT 1)
    WHERE EXISTS (SELECT 1 FROM allocation WHERE number_id = number.id)
"""
