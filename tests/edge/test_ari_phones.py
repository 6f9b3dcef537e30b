"""What the follower of a PBX's phones asks beside its events, and what it leaves unknown."""

from __future__ import annotations

import pytest

from interact_ivr.ari.client import Watch
from testbed.fake_ari import FakeAri, channel
from tests.edge.test_ari import OURS, Scene, scene

PRES, LINKED, HOLD = "CALLERID(pres)", "CHANNEL(linkedid)", "CHANNEL(rtp,hold)"
CUSTOMER = channel("c", OURS, state="Up")
PHONE = channel("p", "", "phones", phone="6929", state="Up")
NUMBER = "15551234567"


def bridge(*channels: str) -> dict[str, object]:
    """Write a bridge as Asterisk does."""
    return {
        "id": "b",
        "bridge_type": "mixing",
        "bridge_class": "basic",
        "channels": [*channels],
    }


def called(state: str) -> dict[str, object]:
    """Write a phone's channel that is dialed."""
    dialplan = {"context": "phones", "exten": "", "app_name": "AppQueue"}
    return {**PHONE, "state": state, "dialplan": dialplan}


async def talk(it: Scene) -> None:
    """Have the customer come in, and talk to the phone."""
    await it.ari.tell("ChannelCreated", channel={**CUSTOMER, "state": "Ring"})
    await it.ari.tell("ChannelEnteredBridge", bridge=bridge("c"), channel=CUSTOMER)
    await it.ari.tell("ChannelEnteredBridge", bridge=bridge("c", "p"), channel=PHONE)
    await it.until(lambda: "p" in it.desk.calls)


def number(it: Scene) -> str:
    """Give the number that the phone's screen may show of the customer."""
    return it.desk.calls["p"].others[0].number


@pytest.mark.parametrize(
    ("pres", "shown"),
    [
        ("allowed_not_screened", NUMBER),
        ("allowed", NUMBER),
        ("prohib_not_screened", ""),
        ("prohib", ""),
        ("unavailable", ""),
        ("", ""),
    ],
)
async def test_a_number_is_shown_once_it_is_known_that_it_may_be(pres: str, shown: str) -> None:
    """It is asked once, however often the call changes."""
    async with scene() as it:
        it.ari.variables["c", PRES] = pres
        await it.until_it_is(Watch.WATCHING)
        await talk(it)
        for kind in ("ChannelHold", "ChannelUnhold"):
            await it.ari.tell(kind, channel=PHONE)
        asked = "GET /channels/c/variable?variable=CALLERID(pres)"
        await it.until(lambda: asked in it.ari.asked and number(it) == shown)
        await it.ari.tell("ChannelHold", channel=PHONE)
        await it.until(lambda: it.desk.calls["p"].state == "held")
        assert number(it) == shown
        assert it.desk.calls["p"].dialed == OURS
        assert it.ari.asked.count(asked) == 1
        assert it.observer.unknown_ == []


async def test_what_cannot_be_asked_stays_unseen_and_is_told() -> None:
    """The call is shown all the same."""
    async with scene() as it:
        await it.until_it_is(Watch.WATCHING)
        await talk(it)
        await it.until(lambda: len(it.observer.unknown_) == 1)
        assert it.observer.unknown_[0][0] == "c"
        assert number(it) == ""


async def test_after_a_gap_who_rings_is_found_by_the_linkedid() -> None:
    """A look alone does not show for whom."""

    def prepare(ari: FakeAri) -> None:
        ari.channels = [{**CUSTOMER, "state": "Ring"}, called("Ringing")]
        ari.variables = {("c", LINKED): "c", ("p", LINKED): "c", ("c", PRES): "allowed"}

    async with scene(prepare) as it:
        await it.until(lambda: "p" in it.desk.calls and number(it) == NUMBER)
        call = it.desk.calls["p"]
        customer = call.customer
        assert customer is not None
        assert (call.extension, call.state, customer.environment) == ("6929", "ringing", "")


@pytest.mark.parametrize(("hold", "state"), [("1", "held"), ("0", "talking")])
async def test_after_a_gap_who_holds_is_asked(hold: str, state: str) -> None:
    """Whatever was known before."""

    def prepare(ari: FakeAri) -> None:
        ari.channels, ari.bridges = [CUSTOMER, PHONE], [bridge("c", "p")]
        ari.variables = {("p", HOLD): hold, ("c", HOLD): "0", ("c", PRES): "allowed"}

    async with scene(prepare) as it:
        await it.until(lambda: "p" in it.desk.calls and it.desk.calls["p"].state == state)
        await it.ari.tell("ChannelHold", channel=PHONE)
        await it.until(lambda: it.desk.calls["p"].state == "held")
        it.ari.variables["p", HOLD] = "0"
        await it.ari.sockets[-1].close()
        await it.until(lambda: it.desk.calls["p"].state == "talking")
        assert it.desk.ended == []


async def test_who_is_alone_for_a_moment_only_is_not_alone() -> None:
    """Channels that change bridges are in none in between."""
    async with scene() as it:
        await it.until_it_is(Watch.WATCHING)
        await talk(it)
        began = it.desk.calls["p"].began
        for _ in range(3):
            await it.ari.tell("ChannelLeftBridge", bridge=bridge("c"), channel=PHONE)
            await it.ari.tell("ChannelEnteredBridge", bridge=bridge("c", "p"), channel=PHONE)
        await it.ari.tell("ChannelHold", channel=PHONE)
        await it.until(lambda: it.desk.calls["p"].state == "held")
        assert (it.desk.ended, it.desk.calls["p"].began) == ([], began)
        await it.ari.tell("ChannelLeftBridge", bridge=bridge("p"), channel=CUSTOMER)
        await it.until(lambda: it.desk.ended == ["p"])


async def test_what_is_gone_after_a_gap_is_over() -> None:
    """At the look."""
    async with scene() as it:
        await it.until_it_is(Watch.WATCHING)
        await talk(it)
        await it.ari.sockets[-1].close()
        await it.until(lambda: it.desk.ended == ["p"])
        assert it.watcher.on_phones == 0


async def test_on_a_line_that_stays_up_each_call_begins_anew() -> None:
    """As that of an agent who is called once, and given one customer after the other."""
    async with scene() as it:
        await it.until_it_is(Watch.WATCHING)
        await talk(it)
        first = it.desk.calls["p"]
        await it.ari.tell("ChannelLeftBridge", bridge=bridge("p"), channel=CUSTOMER)
        await it.until(lambda: it.desk.ended == ["p"])
        await it.ari.tell("ChannelEnteredBridge", bridge=bridge("c", "p"), channel=CUSTOMER)
        await it.until(lambda: "p" in it.desk.calls and it.desk.calls["p"].began > first.began)
