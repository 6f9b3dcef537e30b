"""A real call belongs to the environment that its PBX names, and to no other."""

from collections.abc import Callable

from testbed.ivr import extensions
from testbed.pbx import Pbx
from testbed.service import Service
from testbed.sipp import Call, place_calls
from testbed.tools import Tools

NUMBER = "380974520200"
ROW = f"number\n{NUMBER}\n"


def test_a_call_finds_the_interaction_of_its_environment(
    tools: Tools, service: Service, pbx_factory: Callable[..., Pbx]
) -> None:
    """The same number waits in two: the one of ``INTERACT_QUERY`` is taken, the other stands."""
    service.ask("tenant", "add", "acme")
    service.ask("environment", "add", "acme/live")
    for name, interaction in (("acme/live", "theirs"), ("default/default", "ours")):
        service.ask("number", "import", "-", "--environment", name, text=ROW)
        service.ask("allocate", interaction, "--environment", name)
    query = "environment=acme/live&pbx=testbed"
    pbx = pbx_factory(extensions=extensions(service.agi, query=query))

    place_calls(tools, pbx, [Call(NUMBER, ani="0501234567"), Call(NUMBER, ani="0507654321")])

    told = {
        (seen.values["INTERACT_STATUS"], seen.values["INTERACT_ID"]) for seen in pbx.seen("ivr")
    }
    assert told == {("FOUND", "theirs"), ("LATE", "")}
    (ours,) = service.ask("number", "list")
    assert (ours["state"], ours["interaction"]) == ("allocated", "ours")
