"""What calls were told: as they were answered."""

from datetime import timedelta

from msgspec.structs import replace

from interact_ivr.domain.ani import HASHED
from interact_ivr.domain.names import Ani, CallRef
from interact_ivr.domain.phone_calls import Told
from interact_ivr.domain.values import Status
from interact_ivr.stores.operations.times import from_micros
from interact_ivr.stores.transaction import Transaction


def told(call: CallRef, tx: Transaction) -> Told | None:
    """Give what *call* was told last."""
    row = tx.one("told", pbx=call.pbx, uniqueid=call.uniqueid)
    if row is None:
        return None
    environment, at, status, number, allocation, interaction, group, began, ended, ani = row
    known = Told(
        environment=environment,
        uniqueid=call.uniqueid,
        at=from_micros(at),
        status=Status(status),
        number=number,
        ani=_shown(ani),
        interaction=interaction,
        group=group,
        allocation=allocation,
        waited=None,
    )
    return _as_answered(known, None if ended is None else from_micros(ended) - from_micros(began))


def _as_answered(known: Told, waited: timedelta | None) -> Told:
    """Leave out what a call that got such an answer is not told (`retrieving._told`)."""
    match known.status:
        case Status.FOUND:
            return replace(known, waited=waited)
        case Status.REDIAL:
            return known
        case _:
            return replace(known, interaction=None, group=None, allocation=None)


def _shown(ani: str | None) -> Ani | None:
    return None if ani is None or ani.startswith(HASHED) else Ani(ani)
