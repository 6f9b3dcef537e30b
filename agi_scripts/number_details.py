"""``number_details[,number[,prefix]]``: what a number is; without one, the calling number."""

import re

from interact_ivr.agi.detail_variables import (
    DetailStatus,
    checked_prefix,
    of_details,
    of_no_details,
)
from interact_ivr.agi.session import Session
from interact_ivr.domain.errors import BadInput, Refusal
from interact_ivr.service.numbers import Numbers

_NO_NUMBERS = {"anonymous", "unknown", "restricted", "unavailable", "private", "withheld"}
"""What stands in a number's place where there is none. A telephone's keys would spell them."""
_WITHOUT_DIGITS = re.compile(r"[^0-9]*")
_SHOWN = {"", "0", "1", "2", "3"}
"""Values of ``agi_callingpres`` with which the caller lets the number be seen (Q.931)."""


async def number_details(session: Session, numbers: Numbers) -> None:
    """Tell the call what the number is; on any failure, UNAVAILABLE."""
    prefix = checked_prefix(session.argument(1))
    try:
        values = _values(session, numbers, prefix)
    except Refusal:
        await session.set(of_no_details(prefix, DetailStatus.UNAVAILABLE))
        raise
    session.facts["status"] = values[next(reversed(values))]
    await session.set(values)


def _values(session: Session, numbers: Numbers, prefix: str) -> dict[str, str]:
    number = session.argument(0)
    if not number:
        if session.call.get("callingpres") not in _SHOWN:
            return of_no_details(prefix, DetailStatus.WITHHELD)
        number = session.call.get("callerid")
        if _WITHOUT_DIGITS.fullmatch(number):
            return of_no_details(prefix, DetailStatus.NOT_A_NUMBER)
    if number.lower() in _NO_NUMBERS:
        return of_no_details(prefix, DetailStatus.NOT_A_NUMBER)
    try:
        details = numbers.details(session.query.get("environment", ""), number)
    except BadInput as error:
        if error.field != "number":
            raise
        return of_no_details(prefix, DetailStatus.NOT_A_NUMBER)
    return of_details(prefix, details)
