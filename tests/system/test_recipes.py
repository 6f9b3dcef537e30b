"""The cookbook's ways of a call, in one real Asterisk that has them all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from testbed.cookbook import blocks
from testbed.ivr import CONFIG, VARIABLES
from testbed.line import control
from testbed.pbx import Pbx
from testbed.report import Seen, report
from testbed.service import Service
from testbed.shell import shell
from testbed.sipp import Call, place_calls
from testbed.tools import Tools

CUSTOMER, STRANGER = "380501234567", "380507654321"
LATE_NUMBER, SHORT, FREEPBX_NUMBER = "380974520200", "0210", "380974520220"
SERVICES_ADDRESS = "192.0.2.10:4573"
LATE, FOUR = "Callers who come late, or again", "A trunk that brings four digits"
FREEPBX, SITES = "FreePBX", "Two sites"
#: What an administrator has beside the recipes; of FreePBX, what its own files have there.
THEIRS = """
[inbound]
include => from-trunk
include => from-short-trunk
include => from-pstn

[from-pstn]
include => from-pstn-custom
include => ext-did

[ext-did]
exten => _X.,1,Goto(default-ivr,s,1)

[ext-queues]
exten => 600,1,Goto(waiting-customer,s,1)

[waiting-customer]
exten => s,1,Gosub(testbed-report,s,1(waiting))
 same => n,Hangup(17)

[default-ivr]
exten => s,1,Gosub(testbed-report,s,1(default))
 same => n,Hangup(17)
"""


class Site:
    """A service and an Asterisk with every recipe."""

    def __init__(self, tools: Tools, service: Service, pbx: Pbx) -> None:
        self._tools = tools
        self.service = service
        self._pbx = pbx

    def call(self, number: str, ani: str = CUSTOMER) -> Seen:
        """Call *number*, and give what the Asterisk dialplan knew where it ended."""
        before = len(self._pbx.seen())
        place_calls(self._tools, self._pbx, [Call(number, ani)])
        (seen,) = self._pbx.wait_seen(None, before + 1)[before:]
        return seen

    def allocate(self, interaction: str) -> None:
        """Allocate a number of the pool."""
        control(self.service, "allocate", interaction=interaction, group=interaction[0])

    def add(self, number: str, interaction: str) -> None:
        """Take *number* in, as the only one that *interaction* and its like may get."""
        row = {"line": 1, "number": number, "group": interaction[0]}
        control(self.service, "number.import", rows=[row])


@pytest.fixture(scope="module")
def site(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Give a running site."""
    folder = tmp_path_factory.mktemp("site")
    with ExitStack() as stack:
        service = stack.enter_context(Service(folder / "service"))
        recipes = [
            blocks(SITES)[0].replace(SERVICES_ADDRESS, service.agi),
            *(text for heading in (LATE, FREEPBX) for text in blocks(heading)),
            blocks(FOUR)[1],
        ]
        extensions = "\n".join(
            [*recipes, THEIRS, f'#include "{CONFIG}/extensions_interact.conf"', report(REPORTED)]
        )
        pbx = stack.enter_context(Pbx(tools, folder / "pbx", extensions=extensions))
        yield Site(tools, service, pbx)


REPORTED = [*VARIABLES, "PERHAPS"]


def test_each_status_has_its_way(site: Site) -> None:
    """Found, redialed and either of two: the customer's; late and unknown: the default IVR."""
    site.add(LATE_NUMBER, "l-1")
    assert site.call(LATE_NUMBER).label == "default"
    site.allocate("l-1")
    ways = [site.call(LATE_NUMBER), site.call(LATE_NUMBER), site.call(LATE_NUMBER, STRANGER)]
    assert [each.label for each in ways] == ["waiting", "waiting", "default"]
    assert [each.values["INTERACT_STATUS"] for each in ways] == ["FOUND", "REDIAL", "LATE"]
    assert [each.values["INTERACT_ID"] for each in ways] == ["l-1", "l-1", ""]
    assert [each.values["PERHAPS"] for each in ways] == ["", "", "l-1"]
    site.allocate("l-2")
    either = site.call(LATE_NUMBER)
    assert (either.label, either.values["INTERACT_ID"]) == ("waiting", "l-2")


def test_four_digits_are_enough(site: Site) -> None:
    """A number's DNID is dialed, and finds the interaction that was given the whole number."""
    shell(site.service, blocks(FOUR)[0].replace("--dnid", "--group f --dnid"))
    site.allocate("f-1")
    seen = site.call(SHORT)
    assert (seen.label, seen.values["INTERACT_ID"]) == ("waiting", "f-1")
    assert seen.values["INTERACT_DNIS"] == "+380974520210"
    assert site.call(SHORT, STRANGER).label == "default"


def test_freepbx_asks_before_its_inbound_routes(site: Site) -> None:
    """Who waits goes to the queue, and who does not by the route of the number."""
    site.add(FREEPBX_NUMBER, "p-1")
    site.allocate("p-1")
    assert site.call(FREEPBX_NUMBER).label == "waiting"
    assert site.call(FREEPBX_NUMBER, STRANGER).label == "default"
    assert site.call("380440000000").values["INTERACT_STATUS"] == ""


def test_a_site_says_which_it_is(site: Site) -> None:
    """The journal names the site with the call: both may have a call of the same uniqueid."""
    site.add("380974520229", "s-1")
    site.allocate("s-1")
    seen = site.call("380974520229")
    entries = site.service.ask("journal", "--interaction", "s-1")
    assert entries[-1]["event"] == "retrieved"
    assert "north" in str(entries[-1])
    assert seen.uniqueid in str(entries[-1])
