"""A real call belongs to the environment that its PBX names, and to no other."""

from collections.abc import Callable

import pytest

from testbed.ivr import extensions
from testbed.pbx import Pbx
from testbed.service import Service, ServiceError
from testbed.sipp import Call, place_calls
from testbed.tools import Tools
from testbed.watched import STAYS, Watched

NUMBER = "380974520200"
ROW = f"number\n{NUMBER}\n"
TWO_TENANTS = """
[from-acme]
exten => _X.,1,Answer()
 same => n,Wait(60)
"""


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
        (seen.values["INTERACT_STATUS"], seen.values["INTERACT_ID"])
        for seen in pbx.wait_seen("ivr", 2)
    }
    assert told == {("FOUND", "theirs"), ("LATE", "")}
    (ours,) = service.ask("number", "list")
    assert (ours["state"], ours["interaction"]) == ("allocated", "ours")


def test_a_call_is_on_the_number_of_its_tenant_alone(
    watched_factory: Callable[..., Watched],
) -> None:
    """Two tenants have the same number on one PBX, each with a context: one call, one number."""
    contexts = '["inbound", "from-acme@acme/live"]'
    watched = watched_factory(more=TWO_TENANTS, inbound_contexts=contexts)
    service = watched.service
    service.ask("tenant", "add", "acme")
    service.ask("environment", "add", "acme/live")
    for name in ("acme/live", "default/default"):
        row = f"number\n{STAYS}\n"
        service.ask("number", "import", "-", "--environment", name, text=row)
    watched.pbx.cli(f"channel originate Local/{STAYS}@from-acme application Wait 60")
    watched.wait_until_ringing()
    with pytest.raises(ServiceError):
        service.ask("allocate", "theirs", "--environment", "acme/live")
    assert service.ask("allocate", "ours", "--environment", "default/default")
    watched.pbx.cli("channel request hangup all")
    watched.wait_until_ringing(0)
    assert service.ask("allocate", "theirs", "--environment", "acme/live")
