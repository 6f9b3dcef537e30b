"""Retrieving where it is plain: the call is FOUND, and nothing else could have been said of it.

Its number is allocated, it has asked nothing before, and this caller has retrieved nothing from it
within any pool's time for redialing. Each store sees all of that in one statement; what is not
plain is `retrieving`'s.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from interact_ivr.domain.happening import Happening
from interact_ivr.domain.lifecycle import Policy
from interact_ivr.domain.names import (
    AllocationId,
    ApplicationId,
    EnvironmentId,
    Group,
    InteractionId,
    NumberKey,
)
from interact_ivr.domain.values import Ending, Question, Retrieval, Status
from interact_ivr.stores.operations.times import from_micros, micros_of, to_micros
from interact_ivr.stores.transaction import Transaction


class Taken(msgspec.Struct, frozen=True):
    """What a call has taken, as the statement gives it."""

    number: NumberKey
    allocation: AllocationId
    interaction: InteractionId
    group: Group | None
    allocated_at: int
    """In microseconds."""
    caller_match: int | None


def keys_of(question: Question) -> str:
    """Give the keys of what was best dialed, as a JSON array; empty where nothing was dialed."""
    return json.dumps(next((keys for keys in question.dialed if keys), ()))


def longest_redial(policies: Mapping[ApplicationId, Policy]) -> int:
    """Give for how long a caller may redial in any of the pools, in microseconds."""
    windows = (policy.redial_for for policy in policies.values())
    return micros_of(max(windows, default=timedelta(0)))


def retrieve_plainly(
    environment: EnvironmentId,
    question: Question,
    policies: Mapping[ApplicationId, Policy],
    tx: Transaction,
) -> Retrieval | None:
    """Answer FOUND and end the allocation, or give None where it is not plain, and do nothing.

    For a store with one writer: nothing is locked between what is read and what is changed.
    """
    call = {"pbx": question.call.pbx, "uniqueid": question.call.uniqueid}
    now, by = to_micros(tx.now), question.caller.known_by
    row = tx.one(
        "find_plain",
        environment=environment,
        keys=keys_of(question),
        now=now,
        caller=by,
        redial_for=longest_redial(policies),
        **call,
    )
    if row is None:
        return None
    number_id, rings, *of = row
    taken = Taken(*of)
    ended = Ending.RETRIEVED.value
    if rings:
        tx.put("end_ringing_on_number", number_id=number_id, **call)
    tx.put("end_allocation", id=taken.allocation, at=now, ending=ended, ended_by=by)
    tx.put("set_standing", id=number_id, allocation=None, free_from=now, last=taken.allocation)
    tx.put(
        "write_journal",
        id=tx.new_id(),
        at=now,
        event=ended,
        environment=environment,
        number=taken.number,
        allocation=taken.allocation,
        interaction=taken.interaction,
        expires_at=None,
        ani=question.caller.stored,
        detail=None,
        **call,
    )
    tx.put(
        "add_answer",
        number_id=number_id,
        status=Status.FOUND.value,
        allocation=taken.allocation,
        last_end=ended,
        caller_match=taken.caller_match,
        reveals_id=0,
        at=now,
        **call,
    )
    return told_plainly(environment, question, taken, tx.now, tx.happened)


def told_plainly(
    environment: EnvironmentId,
    question: Question,
    taken: Taken,
    now: datetime,
    happened: list[Happening],
) -> Retrieval:
    """Add what has *happened*, and give what the call is told."""
    happened.append(
        Happening(
            *(environment, Ending.RETRIEVED.value, now, taken.number, taken.allocation),
            interaction=taken.interaction,
            call=question.call,
        )
    )
    return Retrieval(
        Status.FOUND,
        number=taken.number,
        ani=question.caller.shown,
        allocation=taken.allocation,
        interaction=taken.interaction,
        group=taken.group,
        waited=now - from_micros(taken.allocated_at),
        caller_match=None if taken.caller_match is None else bool(taken.caller_match),
    )
