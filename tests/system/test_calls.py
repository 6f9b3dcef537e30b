"""Real SIP calls to a real Asterisk 22: what its Asterisk dialplan learns of whose call it is."""

from testbed.pbx import Pbx
from testbed.service import Service
from testbed.sipp import Call, place_calls
from testbed.tools import Tools

NUMBER = "380974520200"  # the seed's number
KEY = "+380974520200"


def test_a_call_to_an_allocated_number_finds_its_interaction_and_frees_the_number(
    tools: Tools, service: Service, pbx: Pbx
) -> None:
    """The main job, and the seed's: freed after the IVR retrieves the interaction's id."""
    service.import_numbers(NUMBER)
    allocation = service.ask("allocate", "order 4711/a")
    assert allocation["entered"] == NUMBER

    place_calls(tools, pbx, [Call(NUMBER, ani="0501234567")])

    (seen,) = pbx.seen("ivr")
    assert seen.values["INTERACT_STATUS"] == "FOUND"
    assert seen.values["INTERACT_ID"] == "order 4711/a"
    assert seen.values["INTERACT_ALLOCATION"] == allocation["id"]
    assert seen.values["INTERACT_DNIS"] == KEY
    assert seen.values["INTERACT_ANI"] == "0501234567"
    assert int(seen.values["INTERACT_WAITED"]) < 30
    (number,) = service.ask("number", "list")
    assert (number["state"], number["interaction"]) == ("resting", None)
