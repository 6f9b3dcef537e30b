"""Real SIP calls to a real Asterisk 22: what its Asterisk dialplan learns of whose call it is."""

import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime

import pytest

from testbed.ivr import extensions, wait_until_a_call_is_late
from testbed.pbx import Pbx
from testbed.report import Seen
from testbed.service import Service, ServiceError
from testbed.sipp import Call, place_calls
from testbed.tools import Tools

NUMBER = "380974520200"  # the seed's number
KEY = "+380974520200"

# How administrators call the Gosub other than from a plain pattern in the called context.
WAYS = r"""
exten => _77X.,1,Gosub(interact-retrieve,s,1(${EXTEN:2}))
 same => n,Goto(default-ivr,s,1)

exten => _88X.,1,Gosub(interact-retrieve,s,1(${EXTEN:2}))
 same => n,Dial(Local/other-leg@agents/n)
 same => n,Hangup(17)

exten => _99X.,1,Gosub(interact-retrieve,s,1(${EXTEN:2}))
 same => n,Gosub(testbed-report,s,1(first))
 same => n,Gosub(interact-retrieve,s,1(380974520299))
 same => n,Goto(default-ivr,s,1)

exten => elsewhere,1,Goto(380974520200,1)
exten => _44X.,1,Gosub(interact-retrieve,s,1(+380 97 "452\,02-01",no" such))
 same => n,Goto(default-ivr,s,1)

exten => _66X.,1,Gosub(deeper,s,1)
 same => n,Goto(default-ivr,s,1)

exten => _55X.,1,Gosub(interact-retrieve,s,1(${EXTEN:2}))
 same => n,Gosub(interact-free,s,1(${EXTEN:2},${INTERACT_ALLOCATION}))
 same => n,Gosub(testbed-report,s,1(retrieved))
 same => n,Gosub(interact-free,s,1(380974520201))
 same => n,Goto(default-ivr,s,1)

[deeper]
exten => s,1,Gosub(interact-retrieve,s,1(${STACK_PEEK(1,e):2}))
 same => n,Return()

[agents]
exten => other-leg,1,Gosub(testbed-report,s,1(agent))
 same => n,Hangup(17)
"""


def numbers(count: int) -> list[str]:
    """Give as many numbers of the pool."""
    return [f"3809745202{index:02}" for index in range(count)]


def test_a_call_finds_its_interaction_and_frees_the_number(
    tools: Tools, service: Service, pbx: Pbx
) -> None:
    """The main job, and the seed's: freed after the IVR retrieves the interaction's id."""
    service.import_numbers(NUMBER)
    allocation = service.ask("allocate", "order 4711/a")
    assert allocation["entered"] == NUMBER

    place_calls(tools, pbx, [Call(NUMBER, ani="0501234567")])

    (seen,) = pbx.wait_seen("ivr")
    assert seen.values["INTERACT_STATUS"] == "FOUND"
    assert seen.values["INTERACT_ID"] == "order 4711/a"
    assert seen.values["INTERACT_ALLOCATION"] == allocation["id"]
    assert seen.values["INTERACT_DNIS"] == KEY
    assert seen.values["INTERACT_ANI"] == "0501234567"
    assert int(seen.values["INTERACT_WAITED"]) < 30
    (number,) = service.ask("number", "list")
    assert (number["state"], number["interaction"]) == ("resting", None)


def test_a_second_call_gets_nothing_of_the_first(tools: Tools, service: Service, pbx: Pbx) -> None:
    """No interaction reaches a second caller as its own: only whose the number was."""
    service.import_numbers(NUMBER)
    service.ask("allocate", "order-1")
    place_calls(tools, pbx, [Call(NUMBER, ani="0501")])
    place_calls(tools, pbx, [Call(NUMBER, ani="0502")])
    first, second = pbx.wait_seen("ivr", 2)
    assert first.values["INTERACT_ID"] == "order-1"
    assert learned(second) == {
        "STATUS": "LATE",
        "LAST_ID": "order-1",
        "LAST_END": "retrieved",
        "DNIS": KEY,
        "ANI": "/0502",
    }


def test_a_number_nobody_waits_on_and_one_that_is_not_ours(
    tools: Tools, service: Service, pbx: Pbx
) -> None:
    """NOT_ALLOCATED and UNKNOWN are told apart, and neither names an interaction."""
    service.import_numbers(NUMBER)
    place_calls(tools, pbx, [Call(NUMBER, ani="0501")])
    place_calls(tools, pbx, [Call("380974520999", ani="0501")])
    ours, foreign = pbx.wait_seen("ivr", 2)
    assert learned(ours) == {"STATUS": "NOT_ALLOCATED", "DNIS": KEY, "ANI": "/0501"}
    assert learned(foreign) == {"STATUS": "UNKNOWN", "ANI": "/0501"}


def test_an_allocation_that_ran_out_is_not_found(
    tools: Tools, service_factory: Callable[..., Service], pbx_factory: Callable[..., Pbx]
) -> None:
    """If the customer does not dial, the number is released after a predefined time (seed)."""
    service = service_factory("[pool]\nhold_for_seconds = 0.3\n")
    pbx = pbx_factory(extensions=extensions(service.agi))
    service.import_numbers(NUMBER)
    service.ask("allocate", "order-1")
    (expired,) = service.wait_log("expired")
    assert expired["dnis"] == KEY
    wait_until_a_call_is_late(expired["at"])
    place_calls(tools, pbx, [Call(NUMBER)])
    (seen,) = pbx.wait_seen("ivr")
    assert seen.values["INTERACT_STATUS"] == "LATE"
    assert seen.values["INTERACT_ID"] == ""


def test_a_call_that_arrived_before_the_expiry_is_found(
    tools: Tools, service_factory: Callable[..., Service], pbx_factory: Callable[..., Pbx]
) -> None:
    """The customer who dialed in time and then waited in the PBX is not turned away."""
    waits = """
exten => _7X.,1,Progress()
 same => n,Wait(2.5)
 same => n,Gosub(interact-retrieve,s,1(${EXTEN:1}))
 same => n,Goto(default-ivr,s,1)
"""
    service = service_factory("[pool]\nhold_for_seconds = 1.5\n")
    pbx = pbx_factory(extensions=extensions(service.agi, waits))
    service.import_numbers(NUMBER)
    service.ask("allocate", "order-1")
    place_calls(tools, pbx, [Call("7" + NUMBER)])
    (expired,) = service.log("expired")
    (seen,) = pbx.wait_seen("ivr")
    assert seen.at > datetime.fromisoformat(expired["at"]).timestamp()
    assert (seen.values["INTERACT_STATUS"], seen.values["INTERACT_ID"]) == ("FOUND", "order-1")


def test_fifty_calls_at_once_to_fifty_numbers_each_get_their_own(
    tools: Tools, service: Service, pbx: Pbx
) -> None:
    """Calls beside each other never see one another's interaction."""
    pool = numbers(50)
    service.import_numbers(*pool)
    expected = {}
    for index in range(50):
        allocation = service.ask("allocate", f"order-{index}")
        expected[allocation["number"]] = f"order-{index}"
    place_calls(tools, pbx, [Call(number) for number in pool], at_once=True)
    found = {
        seen.values["INTERACT_DNIS"]: seen.values["INTERACT_ID"]
        for seen in pbx.wait_seen("ivr", 50)
    }
    assert found == expected


def test_of_twenty_calls_at_once_to_one_number_exactly_one_finds_it(
    tools: Tools, service: Service, pbx: Pbx
) -> None:
    """No allocation is ever consumed by two calls."""
    service.import_numbers(NUMBER)
    service.ask("allocate", "order-1")
    calls = [Call(NUMBER, ani=str(1000 + index)) for index in range(20)]
    place_calls(tools, pbx, calls, at_once=True)
    seen = pbx.wait_seen("ivr", 20)
    statuses = sorted(call.values["INTERACT_STATUS"] for call in seen)
    assert statuses == ["FOUND"] + ["LATE"] * 19
    assert [call.values["INTERACT_ID"] for call in seen if call.values["INTERACT_ID"]] == [
        "order-1"
    ]


def test_a_caller_who_hangs_up_during_the_look_up_consumes_nothing(
    tools: Tools, service: Service, pbx: Pbx
) -> None:
    """The number stays allocated for the customer's next call; the caller's own h runs."""
    service.import_numbers(NUMBER)
    service.ask("allocate", "order-1")
    service.signal(signal.SIGSTOP)
    place_calls(tools, pbx, [Call(NUMBER, hang_up_after_seconds=0.3)])
    pbx.wait_seen("hung-up")
    service.signal(signal.SIGCONT)
    service.wait_log("no call")
    (number,) = service.ask("number", "list")
    assert number["interaction"] == "order-1"
    place_calls(tools, pbx, [Call(NUMBER)])
    assert pbx.wait_seen("ivr")[-1].values["INTERACT_ID"] == "order-1"


def test_a_caller_who_hangs_up_while_the_look_up_waits_its_turn_consumes_nothing(
    tools: Tools, service: Service, pbx: Pbx
) -> None:
    """Also where the store was busy: the call is gone when its turn comes.

    Who hangs up so soon that no look-up has begun yet, on a busy machine, calls again for longer.
    """
    service.import_numbers(NUMBER)
    service.ask("allocate", "order-1")
    for ended, after in enumerate((0.05, 0.1, 0.15), start=1):
        with closing(sqlite3.connect(service.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")  # within the writer's patience of 250 ms
            begun = time.monotonic()
            place_calls(tools, pbx, [Call(NUMBER, hang_up_after_seconds=after)])
            other.execute("ROLLBACK")
            held = time.monotonic() - begun
        pbx.wait_seen("hung-up", ended)
        (number,) = service.ask("number", "list")
        assert number["interaction"] == "order-1", f"the store was held for {held:.2f} s"
        with suppress(ServiceError):
            service.wait_log("the call was not told", timeout_seconds=1.0)
            return
    pytest.fail("no look-up had begun when its caller hung up")


def test_the_gosub_takes_the_number_as_an_argument_and_from_a_deeper_subroutine(
    tools: Tools, service: Service, pbx_factory: Callable[..., Pbx]
) -> None:
    """Where the calling extension is not the number, the administrator names it."""
    pbx = pbx_factory(extensions=extensions(service.agi, WAYS))
    service.import_numbers(*numbers(2))
    service.ask("allocate", "order-0")
    service.ask("allocate", "order-1")
    place_calls(tools, pbx, [Call("77" + NUMBER)])
    place_calls(tools, pbx, [Call("66380974520201")])
    ids = [seen.values["INTERACT_ID"] for seen in pbx.wait_seen("ivr", 2)]
    assert ids == ["order-0", "order-1"]


def test_the_extension_counts_and_not_what_the_caller_had_dialed_before(
    tools: Tools, service: Service, pbx_factory: Callable[..., Pbx]
) -> None:
    """A call that the Asterisk dialplan has sent on asks for where it is now."""
    pbx = pbx_factory(extensions=extensions(service.agi, WAYS))
    service.import_numbers(NUMBER)
    service.ask("allocate", "order-1")
    place_calls(tools, pbx, [Call("elsewhere")])
    assert pbx.wait_seen("ivr")[-1].values["INTERACT_ID"] == "order-1"


def test_what_an_administrator_writes_as_an_argument_is_only_ever_one_number(
    tools: Tools, service: Service, pbx_factory: Callable[..., Pbx]
) -> None:
    """Spaces, quotes and commas within it are formatting, never a further argument."""
    pbx = pbx_factory(extensions=extensions(service.agi, WAYS))
    service.import_numbers(*numbers(2))
    service.ask("allocate", "order-0")
    service.ask("allocate", "order-1")
    place_calls(tools, pbx, [Call("4400")])
    assert pbx.wait_seen("ivr")[-1].values["INTERACT_ID"] == "order-1"


def test_the_other_leg_of_a_local_channel_has_the_interaction(
    tools: Tools, service: Service, pbx_factory: Callable[..., Pbx]
) -> None:
    """Queue, Local and agent legs know whose call it is."""
    pbx = pbx_factory(extensions=extensions(service.agi, WAYS))
    service.import_numbers(NUMBER)
    service.ask("allocate", "order-1")
    place_calls(tools, pbx, [Call("88" + NUMBER)])
    (agent,) = pbx.wait_seen("agent")
    assert agent.channel.startswith("Local/")
    assert agent.values["INTERACT_ID"] == "order-1"
    assert agent.values["INTERACT_STATUS"] == "FOUND"


def test_a_second_look_up_on_a_channel_shows_nothing_of_the_first(
    tools: Tools, service: Service, pbx_factory: Callable[..., Pbx]
) -> None:
    """Every variable of the first look-up is emptied."""
    pbx = pbx_factory(extensions=extensions(service.agi, WAYS))
    service.import_numbers(NUMBER)
    service.ask("allocate", "order-1")
    place_calls(tools, pbx, [Call("99" + NUMBER, ani="0501")])
    (first,) = pbx.wait_seen("first")
    (second,) = pbx.wait_seen("ivr")
    assert first.values["INTERACT_ID"] == "order-1"
    assert learned(second) == {"STATUS": "UNKNOWN", "ANI": "/0501"}


def test_a_call_frees_numbers_and_keeps_what_it_knows(
    tools: Tools, service: Service, pbx_factory: Callable[..., Pbx]
) -> None:
    """interact-free says what became of it and leaves a retrieval's variables alone."""
    pbx = pbx_factory(extensions=extensions(service.agi, WAYS))
    service.import_numbers(*numbers(2))
    service.ask("allocate", "order-0")
    service.ask("allocate", "order-1")
    place_calls(tools, pbx, [Call("55" + NUMBER)])
    (retrieved,) = pbx.wait_seen("retrieved")
    (last,) = pbx.wait_seen("ivr")
    assert retrieved.values["INTERACT_FREE_STATUS"] == "NOT_ALLOCATED"  # the look-up had freed it
    assert last.values["INTERACT_FREE_STATUS"] == "FREED"
    assert last.values["INTERACT_ID"] == "order-0"
    assert [number["state"] for number in service.ask("number", "list")] == ["resting", "resting"]


def learned(seen: Seen) -> dict[str, str]:
    """Give the variables of a retrieval that are not empty, without their prefix."""
    prefix = "INTERACT_"
    return {
        name.removeprefix(prefix): value
        for name, value in seen.values.items()
        if name.startswith(prefix) and value
    }
