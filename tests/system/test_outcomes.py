"""Real calls that are not simply FOUND: redials, late callers, strangers."""

from collections.abc import Callable

import pytest

from testbed.ivr import extensions, wait_until_a_call_is_late
from testbed.pbx import Pbx
from testbed.report import Seen
from testbed.service import Service
from testbed.sipp import Call, place_calls
from testbed.tools import Tools

NUMBER, OTHER = "380974520200", "380974520201"
CUSTOMER, STRANGER = "380501234567", "380507654321"
ServiceFactory = Callable[..., Service]
PbxFactory = Callable[..., Pbx]

CHOOSE = """
exten => _7X.,1,Gosub(interact-retrieve,s,1(${EXTEN:1}))
 same => n,Gosub(testbed-report,s,1(asked))
 same => n,Gosub(interact-retrieve,s,1(${EXTEN:1},${INTERACT_CANDIDATE_2}))
 same => n,Gosub(testbed-report,s,1(second))
 same => n,Hangup(17)
exten => _8X.,1,Gosub(interact-retrieve,s,1(${EXTEN:1},no such))
 same => n,Gosub(interact-retrieve,s,1(${EXTEN:1},${INTERACT_CANDIDATE_1}))
 same => n,Gosub(testbed-report,s,1(first))
 same => n,Hangup(17)
"""


def test_the_customer_redials_and_the_stranger_is_late(
    tools: Tools, service: Service, pbx: Pbx
) -> None:
    """The two-sided law: their own interaction again for the one, nothing of it for the other."""
    handed_over(tools, service, pbx, "order-1")
    customer = call(tools, pbx, Call(NUMBER, CUSTOMER))
    stranger = call(tools, pbx, Call(NUMBER, STRANGER))
    assert customer["INTERACT_STATUS"] == "REDIAL"
    assert customer["INTERACT_ID"] == "order-1"
    assert stranger["INTERACT_STATUS"] == "LATE"
    assert (stranger["INTERACT_LAST_ID"], stranger["INTERACT_LAST_END"]) == ("order-1", "retrieved")
    assert (stranger["INTERACT_ID"], stranger["INTERACT_CANDIDATE_2"]) == ("", "")


WITHHELD = {"P-Asserted-Identity": f"<sip:{CUSTOMER}@127.0.0.1>", "Privacy": "id"}
NEVER_THE_SAME = {
    "anonymous": Call(NUMBER, "anonymous"),
    "unknown": Call(NUMBER, "unknown"),
    "restricted": Call(NUMBER, "restricted"),
    "short": Call(NUMBER, "6929"),
    "shared": Call(NUMBER, "380440000000"),
    "no number": Call(NUMBER, "alice"),
    "withheld and unknown to the PBX": Call(
        NUMBER,
        "anonymous",
        headers={
            "From": '"Anonymous" <sip:anonymous@anonymous.invalid>',
            "Privacy": "id",
        },
    ),
    "shared and withheld": Call(
        NUMBER,
        "anonymous",
        headers={"P-Asserted-Identity": "<sip:+380440000000@127.0.0.1>", "Privacy": "id"},
    ),
}


@pytest.mark.parametrize("kind", NEVER_THE_SAME)
def test_a_caller_who_could_be_anyone_never_redials(
    tools: Tools, service_factory: ServiceFactory, pbx_factory: PbxFactory, kind: str
) -> None:
    """Not even where the same words or the same short number were there before.

    Nor are they asked which of two interactions they mean.
    """
    service = service_factory('[pool]\nshared_callers = ["+380 44 000 00 00"]\n')
    pbx = pbx_factory(extensions=extensions(service.agi))
    caller = NEVER_THE_SAME[kind]
    handed_over(tools, service, pbx, "order-1", caller)
    again = call(tools, pbx, caller)
    assert (again["INTERACT_STATUS"], again["INTERACT_ID"]) == ("LATE", "")
    service.ask("allocate", "order-2", "--caller", CUSTOMER)
    told = call(tools, pbx, caller)
    assert (told["INTERACT_STATUS"], told["INTERACT_ID"]) == ("FOUND", "order-2")
    assert told["INTERACT_CALLER_MATCH"] == "0"


@pytest.mark.parametrize(
    "again",
    [Call(NUMBER, "anonymous", headers=WITHHELD), Call(NUMBER, CUSTOMER)],
    ids=["withheld", "shown"],
)
def test_a_withheld_caller_may_redial_and_is_never_shown(
    tools: Tools, service: Service, pbx: Pbx, again: Call
) -> None:
    """The PBX knows the number; the call gets its own again, nobody sees who called at first."""
    withheld = Call(NUMBER, "anonymous", headers=WITHHELD)
    handed_over(tools, service, pbx, "order-1", withheld)
    assert pbx.wait_seen("ivr")[-1].values["INTERACT_ANI"] == ""
    (retrieved,) = (entry for entry in service.ask("journal") if entry["call"])
    assert retrieved["ani"] is None
    assert CUSTOMER not in service.command("journal").stdout + service.log_path.read_text()
    told = call(tools, pbx, again)
    assert (told["INTERACT_STATUS"], told["INTERACT_ID"]) == ("REDIAL", "order-1")
    assert told["INTERACT_ANI"] == ("" if again == withheld else f"+{CUSTOMER}")


def test_a_withheld_caller_chooses_and_is_expected_as_any_other(
    tools: Tools, service: Service, pbx: Pbx
) -> None:
    """AMBIGUOUS after a call that showed the number; FOUND where the app expects it."""
    withheld = Call(NUMBER, "anonymous", headers=WITHHELD)
    handed_over(tools, service, pbx, "order-1")
    service.ask("allocate", "order-2")
    asked = call(tools, pbx, withheld)
    assert (asked["INTERACT_STATUS"], asked["INTERACT_ID"]) == ("AMBIGUOUS", "")
    assert (asked["INTERACT_CANDIDATE_1"], asked["INTERACT_CANDIDATE_2"]) == ("order-2", "order-1")
    assert asked["INTERACT_ANI"] == ""
    service.ask("allocate", "order-2", "--caller", CUSTOMER)
    found = call(tools, pbx, withheld)
    assert (found["INTERACT_STATUS"], found["INTERACT_ID"]) == ("FOUND", "order-2")
    assert found["INTERACT_CALLER_MATCH"] == "1"


@pytest.mark.parametrize(("reveals", "whose"), [("true", "order-1"), ("false", "")])
def test_who_calls_after_the_expiry_is_late_and_may_be_told_nothing(
    tools: Tools,
    service_factory: ServiceFactory,
    pbx_factory: PbxFactory,
    reveals: str,
    whose: str,
) -> None:
    """`late_reveals_id = false` empties the last holder's id; it is the call's own in no case."""
    service = service_factory(f"[pool]\nhold_for_seconds = 0.2\nlate_reveals_id = {reveals}\n")
    pbx = pbx_factory(extensions=extensions(service.agi))
    service.import_numbers(NUMBER)
    service.ask("allocate", "order-1")
    (expired,) = service.wait_log("expired")
    wait_until_a_call_is_late(expired["at"])
    late = call(tools, pbx, Call(NUMBER, CUSTOMER))
    assert (late["INTERACT_STATUS"], late["INTERACT_LAST_END"]) == ("LATE", "expired")
    assert (late["INTERACT_LAST_ID"], late["INTERACT_ID"]) == (whose, "")


def test_a_redial_to_a_number_lent_again_is_ambiguous_until_one_is_named(
    tools: Tools, service: Service, pbx_factory: PbxFactory
) -> None:
    """Naming the redial leaves the allocation; naming the allocation takes it."""
    pbx = pbx_factory(extensions=extensions(service.agi, CHOOSE))
    handed_over(tools, service, pbx, "order-1")
    service.ask("allocate", "order-2")
    place_calls(tools, pbx, [Call("7" + NUMBER, CUSTOMER)])
    (asked,), (second,) = pbx.wait_seen("asked"), pbx.wait_seen("second")
    assert asked.values["INTERACT_STATUS"] == "AMBIGUOUS"
    assert asked.values["INTERACT_CANDIDATE_1"] == "order-2"
    assert asked.values["INTERACT_CANDIDATE_2"] == "order-1"
    assert asked.values["INTERACT_ID"] == ""
    assert found(second) == ("REDIAL", "order-1")
    assert service.ask("number", "list")[0]["interaction"] == "order-2"
    place_calls(tools, pbx, [Call("8" + NUMBER, CUSTOMER)])
    (first,) = pbx.wait_seen("first")
    assert found(first) == ("FOUND", "order-2")


def test_the_expected_caller_is_found_at_once(tools: Tools, service: Service, pbx: Pbx) -> None:
    """`allocate --caller` settles whom the call is for; another caller is told to be another."""
    handed_over(tools, service, pbx, "order-1")
    service.ask("allocate", "order-2", "--caller", "+380 50 123 45 67")
    expected = call(tools, pbx, Call(NUMBER, CUSTOMER))
    assert (expected["INTERACT_STATUS"], expected["INTERACT_ID"]) == ("FOUND", "order-2")
    assert expected["INTERACT_CALLER_MATCH"] == "1"
    service.ask("allocate", "order-3", "--caller", CUSTOMER)
    other = call(tools, pbx, Call(NUMBER, STRANGER))
    assert (other["INTERACT_ID"], other["INTERACT_CALLER_MATCH"]) == ("order-3", "0")


@pytest.mark.parametrize(
    ("dialed", "headers"),
    [
        ("trunk", {"To": f'"Doe, John (x:y@z)" <sip:{NUMBER}@example.org;user=phone>'}),
        ("trunk", {"To": f"<tel:+{NUMBER};phone-context=example.org>"}),
        ("trunk", {"To": f"sip:+{NUMBER}@example.org"}),
        ("trunk", {"To": f"<sip:%2B{NUMBER}@example.org>"}),
        ("trunk", {"To": f'"Tel: 0300" <sip:{NUMBER}@example.org>'}),
        ("trunk", {"To": f'"sip:2000@pbx.example" <sip:{NUMBER}@example.org>;x="<y>"'}),
        ("trunk", {"To": f'"a <sip:2000@b>" <sip:{NUMBER}@example.org>;x="<sip:2000@b>"'}),
        ("trunk", {"Diversion": f'"X, Y" <sip:{NUMBER}@example.org>;reason=unconditional'}),
        ("trunk", {"Diversion": f"<tel:+{NUMBER}>;reason=no-answer;counter=1"}),
    ],
)
def test_the_number_is_found_where_the_trunk_has_put_it(
    tools: Tools,
    service: Service,
    pbx_factory: PbxFactory,
    dialed: str,
    headers: dict[str, str],
) -> None:
    """Forwarded and trunk calls carry it in To or Diversion, not in the Request-URI."""
    trunk = "exten => trunk,1,Gosub(interact-retrieve,s,1)\n same => n,Goto(default-ivr,s,1)\n"
    pbx = pbx_factory(extensions=extensions(service.agi, trunk))
    service.import_numbers(NUMBER)
    service.ask("allocate", "order-1")
    told = call(tools, pbx, Call(dialed, CUSTOMER, headers=headers))
    assert (told["INTERACT_STATUS"], told["INTERACT_ID"]) == ("FOUND", "order-1")


def test_the_extension_comes_before_the_headers(tools: Tools, service: Service, pbx: Pbx) -> None:
    """`dnis_from` is an order: the first place that names a number of ours."""
    service.import_numbers(NUMBER, OTHER)
    service.ask("allocate", "order-1")
    service.ask("allocate", "order-2")
    told = call(tools, pbx, Call(NUMBER, headers={"To": f"<sip:{OTHER}@example.org>"}))
    assert told["INTERACT_ID"] == "order-1"


def handed_over(
    tools: Tools, service: Service, pbx: Pbx, interaction: str, caller: Call | None = None
) -> None:
    """Let a customer call for *interaction* on the only number there is."""
    service.import_numbers(NUMBER)
    service.ask("allocate", interaction)
    told = call(tools, pbx, caller or Call(NUMBER, CUSTOMER))
    assert (told["INTERACT_STATUS"], told["INTERACT_ID"]) == ("FOUND", interaction)


def call(tools: Tools, pbx: Pbx, calling: Call) -> dict[str, str]:
    """Place one call and give what the Asterisk dialplan learned."""
    before = len(pbx.seen("ivr"))
    place_calls(tools, pbx, [calling])
    return pbx.wait_seen("ivr", before + 1)[-1].values


def found(seen: Seen) -> tuple[str, str]:
    """Give the status and the interaction."""
    return seen.values["INTERACT_STATUS"], seen.values["INTERACT_ID"]
