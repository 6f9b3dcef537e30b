"""A row or more of every table, as the stores of all releases together have them.

An earlier schema has fewer tables and columns: it gets of each row what it has a place for. What
the first release wrote is in ``tests/fixtures/schema-1.sql``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

Row = Mapping[str, Any]

MINUTE: Final = 60_000_000
NOW: Final = 1_777_899_600_000_000
"""2026-05-04 at 13:00 UTC, in microseconds."""
FREED, FOUND, WAITING = (f"01KQSGKM6000000000000000{at:02}" for at in range(3))
HELD: Final = "380974520202"

ROWS: Final[Mapping[str, Sequence[Row]]] = {
    "tenant": [{"name": "acme", "most_open": 9, "most_a_minute": 60, "added_at": NOW}],
    "environment": [{"id": 2, "tenant": "acme", "name": "live", "dial_plan": "nanp"}],
    "application": [
        {
            **{"id": 2, "environment_id": 2, "name": "default", "allocates_from": None},
            **{"hold_for": 15 * MINUTE, "rest_for": MINUTE, "redial_for": 5 * MINUTE},
            **{"late_for": 60 * MINUTE, "strict_rest": 1, "replace_on_repeat": 0},
            **{"late_reveals_id": 1, "most_open": 2, "most_a_minute": 0},
        },
        {"id": 3, "environment_id": 2, "name": "web", "allocates_from": 2},
    ],
    "application_key": [
        {
            **{"application_id": 3, "environment_id": 2, "prefix": "53475e5f1463"},
            **{"digest": bytes(range(32)), "added_at": NOW - 9 * MINUTE, "used_at": NOW},
        }
    ],
    "user_account": [
        {
            **{"tenant": "acme", "name": "ann", "password_hash": "$argon2id$of-ann"},
            **{"added_at": NOW - 8 * MINUTE, "role": "viewer"},
        }
    ],
    "token": [
        {
            **{"prefix": "0123456789ab", "digest": bytes(range(32, 64)), "role": "agent"},
            **{"environment_id": 2, "application_id": 2, "extensions": "6929 6930"},
            **{"added_at": NOW - 7 * MINUTE, "expires_at": NOW + 60 * MINUTE, "used_at": None},
        }
    ],
    "number": [
        {
            **{"id": at, "environment_id": 1, "application_id": 1, "number": f"+{entered}"},
            **{"entered": entered, "dnid": dnid, "group_name": group, "enabled": enabled},
            **{"allocation_id": open_, "free_from": free_from, "last_allocation_id": last},
        }
        for at, entered, dnid, group, enabled, open_, free_from, last in (
            (101, "380974520200", "0200", "sales", 1, None, NOW - 5 * MINUTE, FREED),
            (102, "380974520201", None, None, 0, None, NOW - 4 * MINUTE, FOUND),
            (103, HELD, None, "sales", 1, WAITING, NOW + 14 * MINUTE, None),
            (104, "380974520203", None, None, 1, None, 0, None),
        )
    ],
    "allocation": [
        {
            **{"id": each, "number_id": number, "application_id": 1, "interaction": interaction},
            **{"group_name": group, "allocated_at": NOW - 9 * MINUTE, "ended_at": ended_at},
            **{"expires_at": NOW + 14 * MINUTE, "ended_as": ended_as, "caller": "+447700900000"},
            **{"ended_by": ended_by, "group_asked": int(group is not None)},
        }
        for each, number, interaction, group, ended_at, ended_as, ended_by in (
            (FREED, 101, "freed", "sales", NOW - 5 * MINUTE, "freed", None),
            (FOUND, 102, "found", None, NOW - 4 * MINUTE, "retrieved", "+447700900000"),
            (WAITING, 103, "waiting", "sales", None, None, None),
        )
    ],
    "answer": [
        {
            **{"number_id": 102, "pbx": "main", "uniqueid": "pbx-1.7", "status": "FOUND"},
            **{"allocation_id": FOUND, "answered_at": NOW - 4 * MINUTE, "last_end": None},
            **{"caller_match": 1, "reveals_id": 0},
        },
        {
            **{"number_id": 101, "pbx": "main", "uniqueid": "pbx-1.8", "status": "LATE"},
            **{"allocation_id": FREED, "answered_at": NOW - 3 * MINUTE, "last_end": "freed"},
            **{"caller_match": None, "reveals_id": 1},
        },
    ],
    "ringing": [
        {
            **{"number_id": 104, "pbx": "main", "uniqueid": "pbx-1.9"},
            **{"until": NOW + MINUTE, "since": NOW - MINUTE},
        }
    ],
    "journal": [
        {
            **{"id": f"01KQSGKM60000000000001{at:04}", "at": NOW - 9 * MINUTE, "event": event},
            **{"environment_id": 1, "number": f"+{number}", "allocation_id": of},
            **{"interaction": interaction, "expires_at": expires_at, "pbx": pbx},
            **{"uniqueid": uniqueid, "ani": ani, "detail": detail},
        }
        for at, (
            event,
            number,
            of,
            interaction,
            expires_at,
            pbx,
            uniqueid,
            ani,
            detail,
        ) in enumerate(
            (
                ("allocated", "380974520200", FREED, "freed", NOW, None, None, None, None),
                ("allocated", "380974520201", FOUND, "found", NOW, None, None, None, None),
                ("allocated", HELD, WAITING, "waiting", NOW, None, None, None, None),
                ("freed", "380974520200", FREED, "freed", None, None, None, None, None),
                (
                    *("retrieved", "380974520201", FOUND, "found", None),
                    *("main", "pbx-1.7", "+447700900000", None),
                ),
                (
                    *("undelivered", "380974520201", FOUND, "found", None),
                    *("main", "pbx-1.7", None, "hung up"),
                ),
            )
        )
    ],
    "clock": [{"id": 1, "boot": "b" * 36, "lead": 17, "doubted_until": 0}],
    "node": [
        {
            **{"incarnation": "i" * 26, "name": "one", "version": "0.1.0", "facts": "{}"},
            **{"address": "http://127.0.0.1:8018", "since": NOW - MINUTE, "seen_at": NOW},
            "alive_until": NOW + MINUTE,
        }
    ],
    "duty": [{"name": "purge", "incarnation": "i" * 26, "until": NOW + 60 * MINUTE}],
    "audit": [
        {
            **{"id": FREED, "at": NOW - MINUTE, "who": "user acme/ann", "source": "127.0.0.1"},
            **{"action": "user.set", "object": "role=viewer", "tenant": "acme", "environment": ""},
            **{"outcome": "refused", "reason": "last_admin"},
        }
    ],
}
"""By table, in the order in which the one refers to the other; the directory's first rows and the
inventory's are written by the migrations themselves."""


def of_columns(table: str, columns: Sequence[str]) -> list[dict[str, Any]]:
    """Give the rows of *table*, as one that has these *columns* has them."""
    return [
        {name: value for name, value in row.items() if name in columns}
        for row in ROWS.get(table, [])
    ]
