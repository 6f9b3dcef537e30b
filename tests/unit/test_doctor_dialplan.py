"""An Asterisk dialplan is read as Asterisk reads it, and calls are followed through it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from interact_ivr.config_keys import Config
from interact_ivr.config_pbx import PbxConfig
from interact_ivr.doctor import gosubs
from interact_ivr.doctor.asterisk_dialplan import Step, of_file, of_listing
from interact_ivr.doctor.checks_dialplan import dialed_as, misplaced, numbers
from interact_ivr.doctor.facts import Facts, PbxFacts, PoolNumber, ServiceFacts
from interact_ivr.doctor.kinds import Found, Kind
from interact_ivr.doctor.machine import now
from interact_ivr.doctor.tracing import Place, Tracer

LISTED = """\
[ Context 'inbound' created by 'pbx_config' ]
  'h' =>            1. NoOp(over)                                 [extensions.conf:11]
  '_[+0-9].' =>     1. Gosub(interact-retrieve,s,1)               [extensions.conf:8]
     [next]         2. Goto(default-ivr,s,1)                      [extensions.conf:9]
  Include =>        'parkedcalls'                                 [extensions.conf:10]
"""
WRITTEN = """\
[inbound] ; where calls come in
exten => h,1,NoOp(over)
exten => _[+0-9].,1,Gosub(interact-retrieve,s,1)
 same => n(next),Goto(default-ivr,s,1) ; else
include => parkedcalls
#include "another.conf"
"""
ASKS = "[asks]\nexten => s,1,Gosub(interact-retrieve,s,1)\n"


def test_a_file_and_what_asterisk_shows_of_it_are_the_same() -> None:
    """Comments, labels, `n` and includes."""
    assert of_file(WRITTEN) == of_listing(LISTED)
    assert Step("inbound", "_[+0-9].", 2, "goto", "default-ivr,s,1") in of_file(WRITTEN).all()


def test_an_escaped_semicolon_begins_no_comment() -> None:
    """As in the Gosubs' own CUT()."""
    (step,) = of_file("[a]\nexten => s,1,Set(x=${CUT(y,\\;,1)}) ; said\n").all()
    assert step.data == "x=${CUT(y,;,1)}"


def test_it_is_known_which_module_has_each_function_of_the_gosubs() -> None:
    """A new one in the shipped file is named here before anybody misses it."""
    assert set(gosubs.used()) - gosubs.MODULES.keys() == set()
    assert {"res_agi", "app_stack", "func_cut", "func_timeout"} <= set(gosubs.needed_modules())


@pytest.mark.parametrize(
    ("calls", "how"),
    [
        ("[a]\nexten => 1,1,Dial(PJSIP/1,5,tU(asks^x)T)\n", "U()"),
        ("[a]\nexten => 1,1,Dial(PJSIP/1,5,b(asks^s^1(x)))\n", "b()"),
        ("[a]\nexten => 1,1,Dial(PJSIP/1,5,B(asks^s^1))\n", "B()"),
        ("[a]\nexten => 1,1,Dial(PJSIP/1,5,U(interact-retrieve))\n", "U()"),
        ("[a]\nexten => 1,1,Queue(q,b(asks^s^1),,,300)\n", "b()"),
        ("[a]\nexten => 1,1,Queue(q,,,,300,,asks)\n", "Queue's gosub"),
        ("[a]\nexten => 1,1,Set(CHANNEL(hangup_handler_push)=asks,s,1)\n", "a hang-up handler"),
        ("[a]\nexten => h,1,Gosub(interact-free,s,1(200))\n", "extension h"),
        ("[a]\nexten => h,1,GotoIf($[1]?b,s,1)\n[b]\nexten => s,1,Goto(asks,s,1)\n", "extension h"),
        ("[a]\nexten => h,1,ExecIf($[1]?Gosub(asks,s,1))\n", "extension h"),
        ("[a]\ninclude => b\n[b]\nexten => h,1,AGI(agi://x/retrieve_interaction)\n", "extension h"),
    ],
)
def test_a_gosub_is_found_wherever_it_must_not_be_called(calls: str, how: str) -> None:
    """Directly, or through what is called there; the finding says how, and where."""
    (found,) = misplaced(_facts(), _pbx(calls + ASKS))
    assert isinstance(found, Found)
    assert (found.kind, found.facts.partition(",")[0]) == (Kind.GOSUB_MISPLACED, how)


@pytest.mark.parametrize(
    "calls",
    [
        "[a]\nexten => 1,1,Gosub(interact-retrieve,s,1)\n same => n,Dial(PJSIP/1,5,U(says))\n",
        "[a]\nexten => 1,1,Queue(support,b(interact_to_phone^s^1),,,300)\n",
        "[a]\nexten => h,1,NoOp(interact-retrieve)\n same => n,Gosub(says,s,1)\n",
        "[a]\nexten => 1,1,Goto(asks,s,1)\n",
        "[a]\nexten => h,1,Gosub(${CONTEXT},s,1)\n",
    ],
)
def test_what_is_called_where_it_may_be_is_no_finding(calls: str) -> None:
    """The main Asterisk dialplan; other subroutines; and what only an expression knows."""
    says = "[says]\nexten => s,1,Playback(beep)\n"
    assert list(misplaced(_facts(), _pbx(calls + ASKS + says))) == []


def test_who_goes_round_in_circles_asks_nothing() -> None:
    """And the search ends."""
    dialplan = of_file("[a]\nexten => s,1,Goto(b,s,1)\n[b]\nexten => s,1,Goto(a,s,1)\n")
    assert Tracer(dialplan).asks(Place("a", "s")) is False


@pytest.mark.parametrize(
    "extension",
    [
        "380974520200",
        "+380974520200",
        "0974520200",
        "4520200",
        "0200",
        "77",
        "_X.",
        "_3809745202XX",
    ],
)
def test_a_number_is_routed_in_any_form_in_which_it_is_delivered(extension: str) -> None:
    """Whole, national, its last digits, or its DNID; exactly, or by a pattern."""
    assert list(numbers(_facts("380974520200"), _inbound(extension))) == []


def test_numbers_and_extensions_that_miss_each_other_are_both_named() -> None:
    """What is routed here and is not the pool's; what is the pool's and is routed nowhere."""
    found = list(numbers(_facts("380974520200"), _inbound("380441112233")))
    assert [each.kind for each in found if isinstance(each, Found)] == [
        Kind.NUMBER_UNKNOWN,
        Kind.NUMBER_UNROUTED,
    ]
    assert "380441112233" in str(found[0])
    assert "380974520200" in str(found[1])


def test_of_a_pool_that_was_not_read_whole_no_extension_is_called_unknown() -> None:
    """It may be one of those that were not read."""
    facts = _facts("380974520200")
    assert facts.service is not None
    some = replace(facts, service=replace(facts.service, whole=False))
    pbx = _pbx(
        "[inbound]\nexten => 380441112233,1,Gosub(interact-retrieve,s,1)\n"
        "exten => 380974520200,1,Gosub(interact-retrieve,s,1)\n"
    )
    assert list(numbers(some, pbx)) == []
    assert len(list(numbers(facts, pbx))) == 1


def test_a_large_pbx_and_a_large_pool_are_compared_soon() -> None:
    """Two thousand extensions by themselves, and as many numbers as are read."""
    written = "".join(
        f"exten => {each},1,Gosub(interact-retrieve,s,1)\n" for each in range(4000, 6000)
    )
    pool = [f"38097452{each:04}" for each in range(4000, 4000 + 20_000)]
    begun = time.monotonic()
    (found,) = numbers(_facts(*pool), _pbx(f"[inbound]\n{written}exten => _9XX,1,NoOp()\n"))
    assert time.monotonic() - begun < 15
    assert isinstance(found, Found)
    assert found.kind is Kind.NUMBER_UNROUTED


def test_a_number_is_dialed_as_its_context_routes_it() -> None:
    """By its last four digits, where these are what a trunk delivers."""
    dialplan = of_file("[inbound]\nexten => _02XX,1,Gosub(interact-retrieve,s,1)\n")
    assert dialed_as(dialplan, "inbound", "+380974520200", "380974520200") == "0200"
    assert dialed_as(None, "inbound", "+380974520200", "380974520200") == "380974520200"


def _inbound(extension: str) -> PbxFacts:
    return _pbx(f"[inbound]\nexten => {extension},1,Gosub(interact-retrieve,s,1)\n")


def _pbx(text: str) -> PbxFacts:
    return PbxFacts(PbxConfig(), dialplan=of_file(text))


def _facts(*entered: str) -> Facts:
    pool = {"": tuple(PoolNumber(each, each, "77") for each in entered)}
    service = ServiceFacts(running=True, numbers=pool, idle=1)
    return Facts(Path("/none"), now(), Config(), service=service)
