"""The relay for a plain AGI(), started by a real Asterisk: it sets what FastAGI sets."""

import shutil
from collections.abc import Callable
from pathlib import Path

from testbed.ivr import VARIABLES, extensions
from testbed.pbx import Pbx
from testbed.service import Service
from testbed.sipp import Call, place_calls
from testbed.tools import Tools

STUB = Path(__file__).parents[2] / "interact_ivr/agi/stub.py"


def test_the_stub_and_fastagi_set_the_same_variables(
    tools: Tools, service: Service, pbx_factory: Callable[..., Pbx]
) -> None:
    """Found, not allocated, unknown, freed: no second implementation, no second answer."""
    asks = "".join(
        f"exten => _{digit}X.,1,AGI({agi}/retrieve_interaction?pbx=main,${{EXTEN:1}})\n"
        f" same => n,AGI({agi}/free_number,380974520209)\n"
        f" same => n,AGI({agi}/health)\n"
        f" same => n,Gosub(testbed-report,s,1({label}))\n"
        " same => n,Hangup(17)\n"
        for digit, label, agi in (
            ("7", "stub", f"interact-ivr-agi,agi://{service.agi}"),
            ("8", "fastagi", f"agi://{service.agi}"),
        )
    )
    pbx = pbx_factory(extensions=extensions(service.agi, asks))
    shutil.copy(STUB, pbx.agi_bin / "interact-ivr-agi")
    service.import_numbers("380974520200", "380974520201", "380974520209")
    service.ask("allocate", "order-0")
    service.ask("allocate", "order-1")
    place_calls(tools, pbx, [Call("7380974520200"), Call("8380974520201")])  # found
    late = [Call("7380974520200", "1001"), Call("8380974520200", "1002")]
    place_calls(tools, pbx, late)
    place_calls(tools, pbx, [Call("7380974520999"), Call("8380974520999")])  # unknown
    by_stub = [told(seen.values) for seen in pbx.wait_seen("stub", 3)]
    by_fastagi = [told(seen.values) for seen in pbx.wait_seen("fastagi", 3)]
    assert [told["INTERACT_STATUS"] for told in by_stub] == ["FOUND", "LATE", "UNKNOWN"]
    assert by_stub[0].pop("INTERACT_ID") == "order-0"
    assert by_fastagi[0].pop("INTERACT_ID") == "order-1"
    for own in ("INTERACT_ALLOCATION", "INTERACT_DNIS", "INTERACT_WAITED"):
        assert by_stub[0].pop(own)
        assert by_fastagi[0].pop(own)
    assert by_stub[1].pop("INTERACT_ANI") == "/1001"
    assert by_fastagi[1].pop("INTERACT_ANI") == "/1002"
    assert by_stub == by_fastagi


def test_a_service_that_is_down_leaves_what_was_set_before(
    tools: Tools, service: Service, pbx_factory: Callable[..., Pbx]
) -> None:
    """The stub ends at once, and the status that the Asterisk dialplan set before stands."""
    asks = (
        "exten => _7X.,1,Gosub(testbed-report,s,1(arrived))\n"
        " same => n,Set(__INTERACT_STATUS=UNAVAILABLE)\n"
        f" same => n,AGI(interact-ivr-agi,agi://{service.agi}/retrieve_interaction)\n"
        " same => n,Goto(default-ivr,s,1)\n"
    )
    pbx = pbx_factory(extensions=extensions(service.agi, asks))
    shutil.copy(STUB, pbx.agi_bin / "interact-ivr-agi")
    service.stop()
    place_calls(tools, pbx, [Call("7380974520200")])
    (arrived,), (seen,) = pbx.wait_seen("arrived"), pbx.wait_seen("ivr")
    assert seen.values["INTERACT_STATUS"] == "UNAVAILABLE"
    assert seen.at - arrived.at < 1.0


def told(values: dict[str, str]) -> dict[str, str]:
    """Give what a call script sets."""
    names = [*VARIABLES, "INTERACT_FREE_STATUS", "INTERACT_HEALTH"]
    return {name: values[name] for name in names}
