"""The audit trail: written once, read newest first, purged by age."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import asdict

from interact_ivr.domain.acts import Entry, Outcome, Sought, Told
from interact_ivr.domain.directory import tenant_of
from interact_ivr.domain.names import EnvironmentName, first_ulid
from interact_ivr.stores.operations.times import from_micros, to_micros
from interact_ivr.stores.transaction import Transaction

_BEHIND_ALL = "~"
"""Sorts behind every id."""


def add(told: Told, tx: Transaction) -> None:
    """Put an act on record."""
    tx.put("add_audit", **row(told, tx.new_act_id(), tx.now))


def row(told: Told, id_: str, at: datetime) -> dict[str, object]:
    """Give the values of the entry that says what is *told*."""
    return {"id": id_, "at": to_micros(at), **asdict(told), "outcome": told.outcome.value}


def entries(sought: Sought, before: str, limit: int, tx: Transaction) -> Sequence[Entry]:
    """Give up to *limit* entries that are older than the id *before*, the newest first.

    Of a tenant's none that are older than it is: another one of its name was before.
    """
    since = 0 if sought.since is None else to_micros(sought.since)
    rows = tx.all(
        "audit_entries",
        before=before or _BEHIND_ALL,
        since=max(since, _added(sought, tx)),
        tenant=sought.tenant,
        environment=sought.environment,
        who=sought.who,
        action=f"{sought.action}." if sought.action else "",
        limit=limit,
    )
    return [_entry(*row) for row in rows]


def _added(sought: Sought, tx: Transaction) -> int:
    tenant = sought.tenant or tenant_of(EnvironmentName(sought.environment or ""))
    known = tx.one("tenant_added", tenant=tenant) if tenant else None
    return 0 if known is None else known[0]


def purge(before: datetime, limit: int, tx: Transaction) -> int:
    """Remove up to *limit* entries that were written *before*."""
    return tx.do("purge_audit", until=first_ulid(before), limit=limit)


def _entry(id_: str, at: int, *told: Any) -> Entry:
    who, source, action, object_, tenant, environment, outcome, reason = told
    return Entry(
        id_,
        from_micros(at),
        Told(who, source, action, object_, tenant, environment, Outcome(outcome), reason),
    )
