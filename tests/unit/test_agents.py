"""What screens show: which call, whose interaction, to whom, and when it changes."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from interact_ivr.domain.errors import BadInput, NoSuchEnvironment
from interact_ivr.domain.names import CallRef, InteractionId
from interact_ivr.domain.phone_calls import AgentCall, Party, PhoneState
from interact_ivr.service.phones import KEPT
from interact_ivr.service.screens import Screen
from tests.unit.front_desk import (
    ACME,
    BOLT,
    NOON,
    OWN,
    SECOND,
    SHARED,
    FrontDesk,
    customer,
    on_phone,
    told,
)

C1, P1 = CallRef(SHARED, "c1"), CallRef(SHARED, "p1")


def shown(desk: FrontDesk, environment: str = ACME, extension: str = "6929") -> AgentCall | None:
    """Give what the shared PBX's phone shows."""
    return desk.agents.call(environment, extension, SHARED)


async def read(screen: Screen) -> AgentCall | None:
    """Read what is there to be read."""
    async with asyncio.timeout(5):
        return await anext(screen)


async def test_a_call_is_shown_with_what_its_customer_was_told() -> None:
    """Whichever of the two is known first; and until it is over."""
    for told_first in (True, False):
        desk = await FrontDesk.opened()
        if told_first:
            desk.agents.told(C1, told())
        desk.agents.shows(on_phone(customer()))
        if not told_first:
            desk.agents.told(C1, told())
        call = shown(desk)
        assert call is not None
        assert call.told == told()
        assert call.phone.others == (customer(number="+15551234567"),)
        desk.agents.over(SHARED, "p1", NOON + SECOND)
        assert shown(desk) is None
        (ended,) = desk.agents.calls(ACME, "6929", 10, SHARED)
        assert (ended.told, ended.ended) == (told(), NOON + SECOND)


async def test_what_is_shown_has_a_customer_then_talks_then_has_an_interaction() -> None:
    """Whatever the order in which the calls are told: whom the agent talks to is on the screen.

    Also where that customer has no interaction, and one who has waits on hold, or rings.
    """
    later = NOON + SECOND
    colleague = Party("x3", extension="6930", near=True)
    best_first = [
        on_phone(customer("c1"), uniqueid="p1", state=PhoneState.TALKING),
        on_phone(customer("x1"), uniqueid="p4", state=PhoneState.TALKING, began=later),
        on_phone(customer("x2"), uniqueid="p5", state=PhoneState.TALKING),
        on_phone(customer("c2"), uniqueid="p2", state=PhoneState.RINGING, began=later),
        on_phone(customer("c3"), uniqueid="p3", state=PhoneState.HELD),
        on_phone(colleague, uniqueid="p6", state=PhoneState.TALKING, began=later),
    ]
    for order in permutations(best_first):
        desk = await FrontDesk.opened()
        for name in ("c1", "c2", "c3"):
            desk.agents.told(CallRef(OWN, name), told(name))
        desk.agents.told(CallRef(OWN, "x1"), told("x1", None))
        for call in order:
            desk.agents.shows(replace(call, pbx=OWN))
        for best in best_first:
            there = desk.agents.call(ACME, "6929", OWN)
            assert there is not None
            assert there.phone.uniqueid == best.uniqueid
            desk.agents.over(OWN, best.uniqueid, NOON)


async def test_of_several_customers_the_near_one_counts_then_the_one_told_last() -> None:
    """And one with an interaction before one without."""
    desk = await FrontDesk.opened()
    far = Party("c3", environment=ACME)
    desk.agents.shows(on_phone(customer("c1"), customer("c2"), far, customer("c4")))
    for name, at in (("c2", 2), ("c1", 1), ("c3", 3)):
        desk.agents.told(CallRef(SHARED, name), told(name, f"of-{name}", at=NOON + at * SECOND))
    desk.agents.told(CallRef(SHARED, "c4"), told("c4", None, at=NOON + 9 * SECOND))
    call = shown(desk)
    assert call is not None
    assert call.told is not None
    assert call.told.interaction == "of-c2"


async def test_what_speaks_of_no_interaction_takes_none_away() -> None:
    """A call that asks about another number later is still about its interaction."""
    desk = await FrontDesk.opened()
    desk.agents.shows(on_phone(customer()))
    desk.agents.told(C1, told(interaction=None))
    desk.agents.told(C1, told(interaction="case-1"))
    desk.agents.told(C1, told(interaction=None, at=NOON + SECOND))
    call = shown(desk)
    assert call is not None
    assert call.told == told()


async def test_tenants_that_share_a_pbx_see_their_own_calls_only() -> None:
    """Also where their extensions have the same digits, and where both are on one call."""
    desk = await FrontDesk.opened()
    desk.agents.shows(on_phone(customer(), uniqueid="p1"))
    desk.agents.shows(on_phone(customer("c2", BOLT), uniqueid="p2"))
    desk.agents.shows(on_phone(Party("x", extension="6930"), uniqueid="p3", began=NOON + SECOND))
    for environment, uniqueid in ((ACME, "p1"), (BOLT, "p2")):
        call = shown(desk, environment)
        assert call is not None
        assert call.phone.uniqueid == uniqueid
    for uniqueid in ("p1", "p2", "p3"):
        desk.agents.over(SHARED, uniqueid, NOON)
        assert await desk.agents.known(BOLT, "p1") is None
    assert [each.phone.uniqueid for each in desk.agents.calls(BOLT, "6929", 9, SHARED)] == ["p2"]
    desk.agents.shows(on_phone(customer(), customer("c2", BOLT), uniqueid="p4"))
    desk.agents.told(CallRef(SHARED, "c2"), told("c2", "bolts", BOLT))
    desk.agents.told(C1, told())
    for environment, uniqueid in ((ACME, "c1"), (BOLT, "c2")):
        call = shown(desk, environment)
        assert call is not None
        assert call.told is not None
        assert [call.told.uniqueid, *(each.uniqueid for each in call.phone.others)] == [
            uniqueid,
            uniqueid,
        ]


async def test_what_a_call_was_told_says_whose_it_is() -> None:
    """Before the context by which it came in; and where that names nobody who is there."""
    desk = await FrontDesk.opened()
    desk.agents.shows(on_phone(customer(environment="gone/live")))
    assert shown(desk) is None
    desk.agents.told(C1, told(environment=BOLT))
    assert shown(desk) is None
    assert shown(desk, BOLT) is not None


async def test_calls_within_the_house_are_shown_where_nobody_else_is() -> None:
    """On a PBX that serves one environment alone."""
    desk = await FrontDesk.opened()
    for pbx in (SHARED, OWN):
        desk.agents.shows(on_phone(Party("x", extension="6930"), pbx=pbx))
    assert desk.agents.call(ACME, "6929", OWN) is not None
    assert desk.agents.call(BOLT, "6929", OWN) is None
    assert shown(desk) is None


async def test_the_pbx_that_knows_the_extension_is_meant() -> None:
    """Else one has to be named, and to be there; another tenant's PBXes are not told of."""
    desk = await FrontDesk.opened()
    desk.agents.shows(on_phone(customer(), pbx=OWN))
    assert desk.agents.call(ACME, "6929") == desk.agents.call(ACME, "6929", OWN) is not None
    with pytest.raises(BadInput, match="pbx: expected one of shared, own"):
        desk.agents.call(ACME, "6930")
    with pytest.raises(BadInput) as refused:
        desk.agents.call(BOLT, "6929", "x")
    assert OWN not in str(refused.value)
    desk.agents.shows(on_phone(customer(environment=BOLT), pbx=SHARED))
    assert desk.agents.call(BOLT, "6929") == desk.agents.call(BOLT, "6929", SHARED) is not None
    with pytest.raises(NoSuchEnvironment):
        desk.agents.call("acme/none", "6929")


async def test_a_screen_is_told_the_state_at_once_and_then_each_change() -> None:
    """The newest alone, where it reads slowly; nothing where all is as it was; of its own phone."""
    desk = await FrontDesk.opened()
    agents = desk.agents
    with (
        agents.watching(ACME, "6929", SHARED) as screen,
        agents.watching(ACME, "6930", SHARED) as other,
    ):
        assert await read(screen) is await read(other) is None
        for state in (PhoneState.RINGING, PhoneState.TALKING):
            agents.shows(on_phone(customer(), state=state))
        call = await read(screen)
        assert call is not None
        assert call.phone.state is PhoneState.TALKING
        agents.told(C1, told())
        assert (await read(screen) or call).told == told()
        agents.shows(on_phone(customer(number="+15551234567")))
        agents.over(SHARED, "p1", NOON)
        agents.shows(on_phone(customer(number="+15551234567")))
        waits = asyncio.ensure_future(anext(screen))
        untold = asyncio.ensure_future(anext(other))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        agents.over(SHARED, "p1", NOON)
        assert await asyncio.wait_for(waits, 5) is None
        assert not untold.done()
        untold.cancel()
        with suppress(asyncio.CancelledError):
            await untold
        assert agents.screens == 2
    assert agents.screens == 0


async def test_what_memory_does_not_know_is_read_once() -> None:
    """And again where the store fails."""
    desk = await FrontDesk.opened()
    desk.record.kept[C1] = told()
    desk.record.failures = 1
    running = asyncio.create_task(desk.agents.run())
    with desk.agents.watching(ACME, "6929", SHARED) as screen:
        for state in PhoneState:
            desk.agents.shows(on_phone(customer(), state=state))
        call = await read(screen)
        while call is None or call.told is None:
            call = await read(screen)
    assert call.told == told()
    assert desk.record.asked == [C1, C1]
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_a_channel_is_known_by_what_it_was_told_and_by_its_phones() -> None:
    """Present and past ones, the customer's channel or a phone's; read where memory has none."""
    desk = await FrontDesk.opened()
    agents = desk.agents
    assert await agents.known(ACME, "c1") is None
    desk.record.kept[C1] = told()
    known = await agents.known(ACME, "c1")
    assert known is not None
    assert (known.told, known.phones) == (told(), ())
    assert await agents.known(BOLT, "c1") is None
    agents.told(C1, told())
    agents.shows(on_phone(customer(), uniqueid="p1"))
    agents.over(SHARED, "p1", NOON)
    agents.shows(on_phone(customer(), uniqueid="p2", extension="6930"))
    for channel, phones in (("c1", ["p2", "p1"]), ("p1", ["p1"]), ("p2", ["p2"])):
        known = await agents.known(ACME, channel)
        assert known is not None
        assert (known.pbx, known.told) == (SHARED, told())
        assert [each.phone.uniqueid for each in known.phones] == phones
    agents.shows(on_phone(customer(), pbx=OWN))
    with pytest.raises(BadInput, match="pbx: expected one of shared, own"):
        await agents.known(ACME, "c1")


async def test_of_a_phone_s_calls_the_last_ones_are_kept() -> None:
    """The last one first; one that is there again has not ended."""
    desk = await FrontDesk.opened()
    for at in range(KEPT + 5):
        desk.agents.shows(on_phone(customer(), uniqueid=f"p{at}"))
        desk.agents.over(SHARED, f"p{at}", NOON + at * SECOND)
    ended = desk.agents.calls(ACME, "6929", 100, SHARED)
    assert [each.phone.uniqueid for each in ended] == [f"p{at}" for at in range(KEPT + 4, 4, -1)]
    assert len(desk.agents.calls(ACME, "6929", 3, SHARED)) == 3
    desk.agents.shows(on_phone(customer(), uniqueid="p20"))
    assert "p20" not in [
        each.phone.uniqueid for each in desk.agents.calls(ACME, "6929", 100, SHARED)
    ]
    assert desk.agents.on_phones == 1


async def test_a_call_that_has_ended_is_about_whom_it_was_about() -> None:
    """Also where the customer had left before; a screen shows those who are there."""
    desk = await FrontDesk.opened()
    agents, colleague = desk.agents, Party("x", extension="6930", near=True)
    agents.told(C1, told())
    agents.shows(on_phone(customer(), colleague))
    agents.shows(on_phone(colleague))
    assert shown(desk) is None
    agents.told(CallRef(SHARED, "c2"), told("c2", "case-2"))
    agents.shows(on_phone(customer("c2"), colleague))
    call = shown(desk)
    assert call is not None
    assert call.told == told("c2", "case-2")
    agents.shows(on_phone(colleague))
    agents.over(SHARED, "p1", NOON)
    (ended,) = agents.calls(ACME, "6929", 9, SHARED)
    assert ended.told == told("c2", "case-2")
    assert [each.uniqueid for each in ended.phone.others] == ["x", "c2", "c1"]
    known = await agents.known(ACME, "c1")
    assert known is not None
    assert [each.phone.uniqueid for each in known.phones] == ["p1"]


async def test_a_line_that_stays_up_has_one_call_after_the_other() -> None:
    """Each is among the last ones in their order, with the interaction that it was about.

    That is so also where it is told late.
    """
    desk = await FrontDesk.opened()
    for at, name in enumerate(("c1", "c2", "c3")):
        desk.agents.told(CallRef(SHARED, name), told(name, f"of-{name}"))
        desk.agents.shows(on_phone(customer(name), began=NOON + 2 * at * SECOND))
        call = shown(desk)
        assert call is not None
        assert call.told is not None
        assert call.told.interaction == f"of-{name}"
        if name != "c3":
            desk.agents.over(SHARED, "p1", NOON + (2 * at + 1) * SECOND)
    desk.agents.told(C1, told("c1", "of-c1-later", at=NOON + 9 * SECOND))
    past = desk.agents.calls(ACME, "6929", 9, SHARED)
    assert [each.told and each.told.interaction for each in past] == ["of-c2", "of-c1-later"]
    there = shown(desk)
    assert there is not None
    assert [each.uniqueid for each in there.phone.others] == ["c3"]
    assert desk.agents.on_phones == 1


async def test_what_is_forgotten_is_shown_no_more() -> None:
    """The call that is there goes on; of those that were about it nothing is left."""
    desk = await FrontDesk.opened()
    desk.agents.told(C1, told())
    for name in ("p0", "p1"):
        desk.agents.shows(on_phone(customer(), uniqueid=name))
    desk.agents.over(SHARED, "p0", NOON)
    with desk.agents.watching(ACME, "6929", SHARED) as screen:
        assert (await read(screen)) is not None
        desk.agents.forget(told(environment=BOLT).environment, InteractionId("case-1"))
        there = shown(desk)
        assert there is not None
        assert there.told == told()
        desk.agents.forget(told().environment, InteractionId("case-1"))
        call = await read(screen)
    assert call is not None
    assert call.told is None
    assert desk.agents.calls(ACME, "6929", 9, SHARED) == []
    known = await desk.agents.known(ACME, "c1")
    assert known is not None
    assert known.told is None


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["6929", "6930"]), st.booleans()),
        max_size=30,
    )
)
def test_a_phone_shows_what_was_told_of_it_last(steps: list[tuple[str, str, bool]]) -> None:
    """Whatever is told in whatever order: a call is on the phone it was last on, or on none."""

    async def played() -> None:
        desk = await FrontDesk.opened()
        there: dict[str, str] = {}
        for name, extension, over in steps:
            if over:
                desk.agents.over(SHARED, name, NOON)
                there.pop(name, None)
            else:
                desk.agents.shows(on_phone(customer(), uniqueid=name, extension=extension))
                there[name] = extension
            for each in ("6929", "6930"):
                call = shown(desk, extension=each)
                assert (call is not None) == (each in there.values())
                assert call is None or there[call.phone.uniqueid] == each
        assert desk.agents.on_phones == len(there)

    asyncio.run(played())


async def test_another_phone_s_call_on_the_channel_begins_anew() -> None:
    """As after a pick-up: it is not about whom the first phone had before."""
    desk = await FrontDesk.opened()
    desk.agents.told(C1, told())
    desk.agents.shows(on_phone(customer()))
    desk.agents.shows(on_phone(customer("c2"), extension="6930"))
    desk.agents.over(SHARED, "p1", NOON)
    (ended,) = desk.agents.calls(ACME, "6930", 9, SHARED)
    assert ended.told is None
    assert [each.uniqueid for each in ended.phone.others] == ["c2"]


async def test_a_customer_of_an_environment_that_is_gone_is_nobodys() -> None:
    """The call is not one within the house, which the PBX's only environment sees."""
    desk = await FrontDesk.opened()
    desk.agents.shows(on_phone(customer(environment="gone/live"), pbx=OWN))
    assert desk.agents.call(ACME, "6929", OWN) is None


async def test_after_an_outage_of_the_store_only_calls_that_are_known_are_read() -> None:
    """What has been pushed out meanwhile keeps nobody waiting."""
    desk = await FrontDesk.opened()
    for at in range(KEPT + 20):
        desk.agents.shows(on_phone(customer(f"c{at}"), uniqueid=f"p{at}"))
        desk.agents.over(SHARED, f"p{at}", NOON)
    running = asyncio.create_task(desk.agents.run())
    for _ in range(10 * KEPT):
        await asyncio.sleep(0)
    assert desk.record.asked == [CallRef(SHARED, f"c{at}") for at in range(20, KEPT + 20)]
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
