"""``retrieve_interaction[,dnis[,interaction]]``: whose call is this? Then it is free."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from interact_ivr.agi.doorway import GoneError
from interact_ivr.agi.session import Session
from interact_ivr.agi.variables import of_retrieval
from interact_ivr.domain.addresses import user_of
from interact_ivr.domain.errors import BadInput, Refusal, StoreUnavailable
from interact_ivr.domain.names import CallRef
from interact_ivr.domain.values import Retrieval, Status
from interact_ivr.service.allocations import Allocations, Asking

_POSITIONAL = 2
_NOT_DIALED = {"s", "h", "i", "t", "unknown", ""}
"""Words of the Asterisk dialplan's own. A telephone's keys would spell them: ``s`` is 7."""
_SHOWN = {"", "0", "1", "2", "3"}
"""Values of ``agi_callingpres`` with which the caller lets the number be seen (Q.931)."""
_CREATED = re.compile(r"(?:.*-)?(\d{9,11})\.\d+")
"""A linkedid: the PBX's name if it has one, the second of its creation, a counter."""
_ADDRESS = re.compile("<(?:sips?|tel):[^<>]*>(?=;|$)", re.IGNORECASE)
_OLDEST = timedelta(days=1)
"""No call is older when it asks; what says so is no linkedid."""


async def retrieve_interaction(
    session: Session, allocations: Allocations, dnis_from: Sequence[str], only_pbx: str = ""
) -> None:
    """Look the dialed number up, free it, and tell the call; on any failure, UNAVAILABLE.

    *only_pbx* is meant where the address names no PBX.
    """
    environment = session.query.get("environment", "")
    asking = _asking(session, dnis_from, only_pbx)
    try:
        if (
            not asking.call.uniqueid
        ):  # nothing tells two of them apart: one must not get the other's
            raise BadInput("agi_uniqueid", "the call's id", "none")
        retrieval = await allocations.retrieve(environment, asking, session.deadline)
    except Refusal:
        await session.set(of_retrieval(Retrieval(Status.UNAVAILABLE)))
        raise
    session.facts |= {
        "status": retrieval.status.value,
        "dnis": retrieval.number,
        "allocation": retrieval.allocation,
        "repeated": retrieval.repeated,
    }
    try:
        await session.set(of_retrieval(retrieval))
    except GoneError:
        with suppress(StoreUnavailable):  # then the log alone says so
            await allocations.undelivered(environment, retrieval, asking.call)
        raise


def _asking(session: Session, dnis_from: Sequence[str], only_pbx: str) -> Asking:
    named = session.named(_POSITIONAL)
    return Asking(
        dialed=_dialed(session, named, dnis_from),
        call=CallRef(session.query.get("pbx") or only_pbx, session.call.get("uniqueid")),
        caller=session.call.get("callerid"),
        withheld=session.call.get("callingpres") not in _SHOWN,
        age=_age(named.get("now", ""), named.get("linkedid", "")),
        named=session.argument(1),
        still_there=session.is_there,
    )


def _dialed(session: Session, named: dict[str, str], dnis_from: Sequence[str]) -> list[str]:
    """Give what was dialed: the argument alone, else what the channel knows, best first."""
    if given := session.argument(0):
        known = [given]
    else:
        places = {
            "extension": (named.get("exten", ""), session.call.get("extension")),
            "request_uri": (session.call.get("dnid"),),
            "to": (_user(named.get("to", "")),),
            "diversion": (named.get("diversion", ""), session.call.get("rdnis")),
        }
        known = [number for place in dnis_from for number in places[place]]
    return [number for number in dict.fromkeys(known) if number not in _NOT_DIALED]


def _user(to: str) -> str:
    """Give the user of a To header; earlier releases' subroutines send it alone.

    It comes without quotes and spaces: an address before it may be a name, one behind it a value.
    """
    if ":" not in to:
        return to
    address = _ADDRESS.search(to)
    return user_of(to if address is None else address[0])


def _age(now: str, linkedid: str) -> timedelta | None:
    """Say how long ago the call arrived, by the PBX's own clock and in the caller's favour.

    Both are whole seconds, cut off: the call may be a second older than they say.
    """
    created = _CREATED.fullmatch(linkedid)
    if created is None or re.fullmatch(r"\d{9,11}", now) is None:
        return None
    age = timedelta(seconds=int(now) - int(created[1]) + 1)
    return age if timedelta(0) <= age <= _OLDEST else None
