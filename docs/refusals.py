"""The page on errors, made of the tables by which each API refuses."""

from __future__ import annotations

from docs.generated import table
from interact_ivr.api.faults import said_of
from interact_ivr.api.icws import faults as icws
from interact_ivr.api.native import problems
from interact_ivr.api.rest import REFUSALS as REST
from interact_ivr.api.soap import service as soap
from interact_ivr.domain.errors import Refusal


def native() -> str:
    """Give what the native API refuses: the status, its code, and what that means."""
    rows = [
        (str(how.status), f"`{kind.code}`", _meaning(kind))
        for kind, how in problems.REFUSALS.items()
    ]
    return table(("status", "`code`", "meaning"), rows)


def vendors() -> str:
    """Give what the vendor's API refuses, over REST and over SOAP."""
    kinds = [kind for kind in (*REST, *soap.REFUSALS) if kind is not Refusal]
    rows = [(_status(kind), _fault(kind), _meaning(kind)) for kind in dict.fromkeys(kinds)]
    rows.append((_status(Refusal), _fault(Refusal), "Anything else that is refused"))
    return table(("REST", "SOAP: status, `faultcode`", "meaning"), rows)


def of_icws() -> str:
    """Give what ICWS refuses: the status, the vendor's error id and number, and the meaning."""
    rows = []
    for kind, how in icws.REFUSALS.items():
        number = getattr(kind, "error_code", 0)
        shown = "anything else that is refused" if kind is Refusal else _meaning(kind)
        rows.append(
            (str(how.status), f"`{how.code}`" if how.code else "", str(number or ""), shown)
        )
    return table(("status", "`errorId`", "`errorCode`", "meaning"), rows)


def _meaning(kind: type[Refusal]) -> str:
    return problems.title_of(kind)


def _status(kind: type[Refusal]) -> str:
    return str(said_of(REST, kind).status)


def _fault(kind: type[Refusal]) -> str:
    if kind not in soap.REFUSALS:
        return "-"
    return f"{soap.REFUSALS[kind].status}, `{soap.REFUSALS[kind].code}`"
