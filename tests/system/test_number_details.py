"""Real calls learn what the calling and the dialed number are, by FastAGI and by the stub."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dialplan import Engine, load_plan
from interact_ivr.agi.detail_variables import Detail, of_details
from testbed.ivr import detail_variables, extensions
from testbed.pbx import Pbx
from testbed.report import Seen
from testbed.service import Service
from testbed.sipp import Call, place_calls
from testbed.tools import Tools

STUB = Path(__file__).parents[2] / "interact_ivr/agi/stub.py"
PLAN = '[dial_plan]\nplan = "example"\n'
ENGINE = Engine(load_plan("example"))
OURS, OURS_KEY = "2125550100", "+12125550100"
ASSERTED = {"P-Asserted-Identity": "<sip:2125550123@example.org>", "Privacy": "id"}
NOBODY = {"From": '"Anonymous" <sip:anonymous@anonymous.invalid>', "Privacy": "id"}

ASKS = """
exten => _d.,1,Gosub(interact-retrieve,s,1(${{EXTEN:1}}))
 same => n,Gosub(interact-number-details,s,1(,CALLER))
 same => n,Gosub(interact-number-details,s,1(${{EXTEN:1}},DIALED))
 same => n,AGI({stub}/number_details?pbx=main,,BY_STUB)
 same => n,AGI({stub}/number_details,${{EXTEN:1}},DIALED_BY_STUB)
 same => n,Gosub(testbed-report,s,1(told))
 same => n,Hangup(17)
"""
PREFIXES = ("CALLER", "DIALED", "BY_STUB", "DIALED_BY_STUB")


@dataclass(frozen=True)
class Kind:
    """A kind of caller, or of what is dialed: as it is written, and what it is."""

    written: str
    normalized: str
    classes: str
    headers: dict[str, str] = field(default_factory=dict)
    status: str = "RESOLVED"


KINDS = {
    "E.164": Kind("+12125550123", "+12125550123", "Long Distance"),
    "national": Kind("2125550123", "+12125550123", "Long Distance"),
    "local": Kind("3175550123", "+13175550123", "Local"),
    "foreign": Kind("+380974520200", "+380974520200", "International"),
    "toll free": Kind("8004562354", "+18004562354", "Tool Free"),
    "vanity": Kind("1-800-FLOWERS", "+18003569377", "Tool Free"),
    "premium": Kind("19005550123", "+19005550123", "Blocked"),
    "with an extension": Kind("2125550123/42", "+12125550123/42", "Long Distance"),
    "extension": Kind("6929", "/6929", "Intercom"),
    "short code": Kind("411", "411", "Information"),
    "emergency": Kind("911", "911", "Emergency"),
}
NUMBERLESS = {
    "withheld": Kind("2125550123", "", "", ASSERTED, "WITHHELD"),
    "anonymous": Kind("anonymous", "", "", NOBODY, "NOT_A_NUMBER"),
    "name": Kind("bob", "", "", status="NOT_A_NUMBER"),
}


def details_of(seen: Seen, prefix: str) -> dict[str, str]:
    """Give what a call has learned of a number."""
    return {name: seen.values[f"{prefix}_{name}"] for name in Detail}


def expected(written: str) -> dict[str, str]:
    """Give what the engine says of it, as channel variables."""
    return {k.removeprefix("__N_"): v for k, v in of_details("N", ENGINE.resolve(written)).items()}


def test_twelve_kinds_of_callers_and_of_dialed_numbers(
    tools: Tools, service_factory: Callable[..., Service], pbx_factory: Callable[..., Pbx]
) -> None:
    """Each in its variables, the same by FastAGI and by the stub; INTERACT_ANI is normalized."""
    service = service_factory(PLAN)
    asks = ASKS.format(stub=f"interact-ivr-agi,agi://{service.agi}")
    reported = detail_variables(*PREFIXES)
    pbx = pbx_factory(extensions=extensions(service.agi, asks, reported=reported))
    shutil.copy(STUB, pbx.agi_bin / "interact-ivr-agi")
    service.import_numbers(OURS)
    kinds = KINDS | NUMBERLESS
    for kind in kinds.values():
        to = kind.written if kind.normalized else OURS
        place_calls(tools, pbx, [Call(f"d{to}", kind.written, kind.headers)])
    told = pbx.wait_seen("told", len(kinds))
    for (name, kind), seen in zip(kinds.items(), told, strict=True):
        assert seen.values["INTERACT_ANI"] == kind.normalized, name
        caller, dialed = details_of(seen, "CALLER"), details_of(seen, "DIALED")
        assert details_of(seen, "BY_STUB") == caller, name
        assert details_of(seen, "DIALED_BY_STUB") == dialed, name
        assert (caller["NORMALIZED"], caller["CLASSES"]) == (kind.normalized, kind.classes), name
        if kind.normalized:
            assert caller == dialed == expected(kind.written), name
        else:
            assert seen.values["INTERACT_DNIS"] == dialed["NORMALIZED"] == OURS_KEY
            assert caller == dict.fromkeys(Detail, "") | {"STATUS": kind.status}, name


MORE = """
exten => sip,1,Gosub(interact-number-details,s,1(sip:${CALLERID(num)}@example.com))
 same => n,Gosub(testbed-report,s,1(sip))
 same => n,Dial(Local/other-leg@agents/n)
 same => n,Hangup(17)
exten => twice,1,Gosub(interact-number-details,s,1(8004562354,N))
 same => n,Gosub(interact-number-details,s,1(anonymous,N))
 same => n,Gosub(testbed-report,s,1(twice))
 same => n,Hangup(17)
exten => awkward,1,Gosub(interact-number-details,s,1("800" (456) 2354${QUOTE(x)},_BAD-${QUOTE(x)}))
 same => n,Gosub(testbed-report,s,1(awkward))
 same => n,Hangup(17)
exten => odd,1,Gosub(interact-number-details,s,1("()"${QUOTE(é)},N))
 same => n,Gosub(testbed-report,s,1(odd))
 same => n,Hangup(17)
exten => clash,1,Gosub(interact-retrieve,s,1(2125550100))
 same => n,Set(__INTERACT_FREE_STATUS=mine)
 same => n,Gosub(interact-number-details,s,1(6929,INTERACT))
 same => n,Gosub(interact-number-details,s,1(6929,INTERACT_FREE))
 same => n,Set(KEPT=${INTERACT_FREE_STATUS})
 same => n,Gosub(testbed-report,s,1(clash))
 same => n,Hangup(17)

[agents]
exten => other-leg,1,Gosub(testbed-report,s,1(agent))
 same => n,Hangup(17)
"""


@pytest.fixture
def pbx(service_factory: Callable[..., Service], pbx_factory: Callable[..., Pbx]) -> Pbx:
    """Give an Asterisk with such extensions, and a service with the example's plan."""
    service = service_factory(PLAN)
    service.import_numbers(OURS)
    service.ask("allocate", "order-1")
    reported = (*detail_variables("NUMBER", "N"), "KEPT")
    return pbx_factory(extensions=extensions(service.agi, MORE, reported=reported))


def test_a_sip_address_and_the_other_leg(tools: Tools, pbx: Pbx) -> None:
    """An address is a number, too; queue, Local and agent legs know it."""
    place_calls(tools, pbx, [Call("sip", "bob")])
    (seen,), (agent,) = pbx.wait_seen("sip"), pbx.wait_seen("agent")
    assert details_of(seen, "NUMBER") == expected("sip:bob@example.com")
    assert details_of(agent, "NUMBER") == details_of(seen, "NUMBER")


def test_nothing_of_an_earlier_number_stays(tools: Tools, pbx: Pbx) -> None:
    """What is no number empties what was known of one."""
    place_calls(tools, pbx, [Call("twice")])
    (seen,) = pbx.wait_seen("twice")
    assert details_of(seen, "N") == dict.fromkeys(Detail, "") | {"STATUS": "NOT_A_NUMBER"}


def test_awkward_arguments(tools: Tools, pbx: Pbx) -> None:
    """Quotes and parentheses are formatting; a prefix that cannot be is NUMBER."""
    place_calls(tools, pbx, [Call("awkward")])
    (seen,) = pbx.wait_seen("awkward")
    assert seen.values["NUMBER_STATUS"] == "RESOLVED"


def test_odd_signs_alone_are_not_the_caller(tools: Tools, pbx: Pbx) -> None:
    """Whoever passes a number asks of it, and is never told of another one."""
    place_calls(tools, pbx, [Call("odd", "2125550123")])
    (seen,) = pbx.wait_seen("odd")
    assert details_of(seen, "N") == dict.fromkeys(Detail, "") | {"STATUS": "NOT_A_NUMBER"}


def test_a_retrieval_s_variables_are_left_alone(tools: Tools, pbx: Pbx) -> None:
    """Whatever prefix is asked for."""
    place_calls(tools, pbx, [Call("clash")])
    (seen,) = pbx.wait_seen("clash")
    assert (seen.values["INTERACT_STATUS"], seen.values["INTERACT_ID"]) == ("FOUND", "order-1")
    assert seen.values["KEPT"] == "mine", "a freeing's, too"
    assert seen.values["NUMBER_NORMALIZED"] == "/6929"


ODD = """
exten => odd-prefix,1,Set(d=$)
 same => n,Set(ours={SET(EVIL=evaluated)})
 same => n,Set(ours=${d}${ours})
 same => n,Set(line=${SHELL(printf 'N3\\nagi_arg_1: 911')})
 same => n,Set(HASH(p,1)=${ours})
 same => n,Set(HASH(p,2)=A=1,EVIL)
 same => n,Set(HASH(p,3)=${line})
 same => n,Set(HASH(p,4)=${PJSIP_HEADER(read,X-Prefix)})
 same => n,Set(HASH(p,5)=)MSet(EVIL=1))
 same => n,Set(HASH(p,6)=éN ü)
 same => n,Set(HASH(p,7)=INTER-ACT)
 same => n,Set(HASH(p,8)=911)
 same => n,Set(HASH(p,9)=${CALLERID(name)})
 same => n,Set(at=0)
 same => n,While($[${INC(at)} < 10])
 same => n,Set(odd=${HASH(p,${at})})
 same => n,Gosub(interact-number-details,s,1(6929,${odd}))
 same => n,EndWhile()
 same => n,Gosub(testbed-report,s,1(odd-prefix))
 same => n,Hangup(17)
"""
EVIL = ("EVIL", "EVIL_RAW", "EVIL_STATUS", "A", "SETEVILevaluated_STATUS", "911_STATUS")


def test_odd_prefixes(
    tools: Tools, service_factory: Callable[..., Service], pbx_factory: Callable[..., Pbx]
) -> None:
    """Signs that no variable's name has are passed over, nothing in them is evaluated or set."""
    service = service_factory(PLAN)
    reported = (*EVIL, *detail_variables("NUMBER"), "AEVIL_STATUS", "N_STATUS")
    pbx = pbx_factory(extensions=extensions(service.agi, ODD, reported=reported))
    name = '"${SET(EVIL=1)}, EVIL=2" <sip:2125550123@example.org>'
    said = {"X-Prefix": "x)},EVIL=3,${SET(EVIL=4)}" + "y" * 500, "From": name}
    place_calls(tools, pbx, [Call("odd-prefix", headers=said)])
    (seen,) = pbx.wait_seen("odd-prefix")
    known = {name: seen.values[name] for name in EVIL if seen.values[name]}
    assert known == {"SETEVILevaluated_STATUS": "RESOLVED", "911_STATUS": "RESOLVED"}
    assert (seen.values["AEVIL_STATUS"], seen.values["N_STATUS"]) == ("", "RESOLVED")
    assert seen.values["INTERACT_STATUS"] == "", "INTER-ACT is NUMBER"
    assert details_of(seen, "NUMBER") == expected("6929")


@pytest.mark.parametrize("how", ["silent", "gone"])
def test_a_call_goes_on_without_the_service(
    tools: Tools,
    service_factory: Callable[..., Service],
    pbx_factory: Callable[..., Pbx],
    how: str,
) -> None:
    """Within 2.5 seconds, with UNAVAILABLE and nothing else."""
    service = service_factory(PLAN)
    asks = """
exten => d,1,Set(__N_DISPLAY=old)
 same => n,Gosub(testbed-report,s,1(arrived))
 same => n,Gosub(interact-number-details,s,1(6929,N))
 same => n,Gosub(testbed-report,s,1(told))
 same => n,Hangup(17)
"""
    pbx = pbx_factory(extensions=extensions(service.agi, asks, reported=detail_variables("N")))
    if how == "silent":
        service.signal(signal.SIGSTOP)
    else:
        service.stop()
    place_calls(tools, pbx, [Call("d")])
    (arrived,), (seen,) = pbx.wait_seen("arrived"), pbx.wait_seen("told")
    assert details_of(seen, "N") == dict.fromkeys(Detail, "") | {"STATUS": "UNAVAILABLE"}
    assert seen.at - arrived.at < 2.5
    assert seen.values["TIMEOUT(absolute)"] == "0"
