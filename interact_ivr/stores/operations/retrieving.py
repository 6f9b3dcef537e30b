"""Retrieving: a call learns whose number it dialed, in one transaction that ends it."""

from collections.abc import Mapping

from msgspec.structs import replace

from interact_ivr.domain.caller import Caller
from interact_ivr.domain.lifecycle import MOVES, Event, Move, Policy
from interact_ivr.domain.names import AllocationId, ApplicationId, CallRef, EnvironmentId
from interact_ivr.domain.outcomes import Held, Known, Outcome, decide
from interact_ivr.domain.values import Ending, Question, Retrieval, Status
from interact_ivr.stores.operations.number_rows import (
    NO_REST,
    NumberRow,
    end,
    find_by_key,
    find_held,
    find_number,
    get_held,
    held_of,
    is_lapsed,
    settle_unless_ringing,
    write_journal,
)
from interact_ivr.stores.operations.times import to_micros
from interact_ivr.stores.transaction import Transaction

_REPEATED = {Status.FOUND, Status.REDIAL, Status.LATE}
"""What the same call asking again is told again; all else is decided afresh."""


def retrieve(
    environment: EnvironmentId,
    question: Question,
    policies: Mapping[ApplicationId, Policy],
    tx: Transaction,
) -> Retrieval:
    """Answer *question*, and end the allocation where the answer is FOUND."""
    found = (find_number(tx, environment, keys) for keys in question.dialed)
    number = next((number for number in found if number is not None), None)
    if number is None:
        return Retrieval(Status.UNKNOWN, ani=question.caller.shown)
    policy = policies[number.application]
    repeat = _repeat(tx, number, question)
    if repeat is not None:
        return repeat
    known = _known(tx, number, question)
    outcome = decide(known, question.caller, question.named, tx.now, policy)
    if outcome.status is not Status.AMBIGUOUS:
        _stop_ringing(tx, number, question)
    if outcome.status is Status.FOUND:
        outcome = _hand_over(tx, number, question, outcome)
    else:
        settle_unless_ringing(tx, number)
    if outcome.status in _REPEATED:
        _remember(tx, number, question, outcome)
    return _told(number, question.caller, outcome)


def recall(environment: EnvironmentId, question: Question, tx: Transaction) -> Retrieval | None:
    """Give what this very call was told, if it was told anything that is repeated."""
    found = (find_number(tx, environment, keys) for keys in question.dialed)
    number = next((number for number in found if number is not None), None)
    return None if number is None else _repeat(tx, number, question)


def mark_undelivered(
    environment: EnvironmentId, retrieval: Retrieval, call: CallRef, tx: Transaction
) -> None:
    """Put on record that *call* may not have learned what it was told."""
    if retrieval.number is None or retrieval.allocation is None:
        return
    number = find_by_key(tx, environment, [retrieval.number])
    held = find_held(tx, retrieval.allocation)
    if number is not None and held is not None:
        # Whose it was is what the store says now: it may have been forgotten since.
        write_journal(tx, "undelivered", number, held.id, held.interaction, call=call)


def _known(tx: Transaction, number: NumberRow, question: Question) -> Known:
    """Gather what is known of the number, as of the call's arrival."""
    redial = _redial(tx, number, question.caller)
    last = _last(tx, number)
    if last is None:
        return Known(None, redial, None)
    if last.ended_at is None or _was_in_time(tx, number, last, question):
        return Known(last, redial, None)
    if is_lapsed(tx, number) and _another_holds_it_open(tx, number, last, question.call):
        return Known(None, redial, None)  # its expiry is held open: nobody is told of it
    return Known(None, redial, last)


def _last(tx: Transaction, number: NumberRow) -> Held | None:
    """Give the allocation that stands, else the one that ended last, by itself too."""
    if number.standing.allocation is None:
        return None if number.last is None else get_held(tx, number.last)
    held = get_held(tx, number.open)
    if is_lapsed(tx, number):
        return replace(held, ended_at=held.expires_at, ended_as=Ending.EXPIRED)
    return held


def _was_in_time(tx: Transaction, number: NumberRow, last: Held, question: Question) -> bool:
    """Say whether the call was there while the allocation that then ran out still stood."""
    if last.ended_as is not Ending.EXPIRED:
        return False
    if question.age is not None and tx.now - question.age < last.expires_at:
        return True
    call = question.call
    rings = tx.one(
        "rings_since_before",
        number_id=number.id,
        pbx=call.pbx,
        uniqueid=call.uniqueid,
        before=to_micros(last.expires_at),
        now=to_micros(tx.now),
    )
    return rings is not None


def _another_holds_it_open(tx: Transaction, number: NumberRow, last: Held, call: CallRef) -> bool:
    """Say whether a call other than *call* is on the number since before *last* ran out."""
    row = tx.one(
        "is_held_open_by_another",
        number_id=number.id,
        expires_at=to_micros(last.expires_at),
        pbx=call.pbx,
        uniqueid=call.uniqueid,
        now=to_micros(tx.now),
    )
    return row is not None


def _redial(tx: Transaction, number: NumberRow, caller: Caller) -> Held | None:
    if caller.known_by is None:
        return None
    row = tx.one("find_last_retrieved_by", number_id=number.id, caller=caller.known_by)
    return None if row is None else held_of(row)


def _hand_over(tx: Transaction, number: NumberRow, question: Question, outcome: Outcome) -> Outcome:
    """End the holder's allocation as retrieved by this call."""
    if outcome.of is None:
        raise ValueError("FOUND speaks of an allocation")
    state = number.standing.state(tx.now, NO_REST)
    in_time = outcome.of.ended_as is Ending.EXPIRED
    event = Event.RETRIEVE_IN_TIME if in_time else Event.RETRIEVE
    if MOVES[state, event] is not Move.HAND_OVER:
        raise ValueError(f"a number that is {state.value} cannot be handed over")
    _, held = end(
        tx,
        number,
        tx.now,
        Ending.RETRIEVED,
        held=outcome.of,
        call=question.call,
        caller=question.caller,
        detail="arrived before expiry" if in_time else None,
    )
    return replace(outcome, of=held)


def _stop_ringing(tx: Transaction, number: NumberRow, question: Question) -> None:
    """Take note that this call is answered: it keeps the number no longer."""
    call = question.call
    tx.put("end_ringing_on_number", number_id=number.id, pbx=call.pbx, uniqueid=call.uniqueid)


def _remember(tx: Transaction, number: NumberRow, question: Question, outcome: Outcome) -> None:
    if outcome.of is None:
        raise ValueError(f"{outcome.status} speaks of an allocation")
    tx.put(
        "add_answer",
        number_id=number.id,
        pbx=question.call.pbx,
        uniqueid=question.call.uniqueid,
        status=outcome.status,
        allocation=outcome.of.id,
        last_end=outcome.of.ended_as,
        caller_match=None if outcome.caller_match is None else int(outcome.caller_match),
        reveals_id=int(outcome.reveals_id),
        at=to_micros(tx.now),
    )


def _repeat(tx: Transaction, number: NumberRow, question: Question) -> Retrieval | None:
    """Give what this call was told before, if it was told anything that is repeated."""
    call = question.call
    row = tx.one("find_answer", number_id=number.id, pbx=call.pbx, uniqueid=call.uniqueid)
    if row is None:
        return None
    status, allocation, last_end, match, reveals = row
    held = get_held(tx, AllocationId(allocation))
    if last_end is not None:
        held = replace(held, ended_as=Ending(last_end))
    outcome = Outcome(
        Status(status),
        held,
        caller_match=None if match is None else bool(match),
        reveals_id=bool(reveals),
    )
    return replace(_told(number, question.caller, outcome), repeated=True)


def _told(number: NumberRow, caller: Caller, outcome: Outcome) -> Retrieval:
    """Put the outcome into the values a call is told."""
    told = Retrieval(outcome.status, number=number.number, ani=caller.shown)
    of = outcome.of
    if of is None:
        return told
    match outcome.status:
        case Status.FOUND | Status.REDIAL:
            told = replace(told, allocation=of.id, interaction=of.interaction, group=of.group)
            if outcome.status is Status.REDIAL or of.ended_at is None:
                return told
            waited = of.ended_at - of.allocated_at
            return replace(told, waited=waited, caller_match=outcome.caller_match)
        case Status.AMBIGUOUS if outcome.other is not None:
            return replace(told, candidates=(of.interaction, outcome.other.interaction))
        case Status.LATE:
            whose = of.interaction if outcome.reveals_id else None
            return replace(told, last_interaction=whose, last_end=of.ended_as)
        case _:
            return told
