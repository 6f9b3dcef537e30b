"""Interaction ids on their way into a real Asterisk's channel variable: whole, or refused."""

from collections.abc import Callable

from testbed.ivr import extensions
from testbed.pbx import Pbx
from testbed.service import Service
from testbed.sipp import Call, place_calls
from testbed.tools import Tools

SAFE = [
    "a",
    "order 4711/a",
    "x" * 128,
    "- _ . : / @ + = # ~ { }",
    "-leading dash",
    "=equals=first",
    "{braces}",
    "a=b=c",
    "#hash ~tilde @at",
    "550e8400-e29b-41d4-a716-446655440000",
]
AWKWARD = [
    'a "quoted" id',
    "comma, and; semicolon",
    "back\\slash \\\\ twice \\n",
    "${CALLERID(num)}",
    "$[1 + 1]",
    '" = "" | "x,b',
    "(parentheses) [brackets]",
    "'single' `back`",
    "pipe|amp&less<more>",
    'x" SET VARIABLE INTERACT_STATUS "FOUND',
    'HANGUP "',
    "Grüße, 東京 ☎ 😀",
    "😀" * 128,
    '"' * 128,
    "\\" * 128,
    "%s %n %d",
    "\u202eright to left",
    "non-breaking\u00a0space",
]
REFUSED = [
    "line\nSET VARIABLE INTERACT_STATUS FOUND",
    "carriage\rreturn",
    "nul\x00byte",
    "tab\there",
    "\x1bescape",
    "line\u2028separator",
    "",
    "x" * 129,
    " leading",
    "trailing ",
]


def test_every_safe_id_reaches_the_channel_variable(
    tools: Tools, service: Service, pbx: Pbx
) -> None:
    """What allocate takes, the Asterisk dialplan gets, to the letter."""
    assert_ids_arrive(tools, service, pbx, SAFE)


def test_awkward_ids_of_the_widest_setting_arrive_whole_and_set_nothing_else(
    tools: Tools, service_factory: Callable[..., Service], pbx_factory: Callable[..., Pbx]
) -> None:
    """Quotes, commas, brackets and ${} are one value: never a second command, never evaluated."""
    service = service_factory('[interaction]\nalphabet = "printable"\n')
    pbx = pbx_factory(extensions=extensions(service.agi))
    assert_ids_arrive(tools, service, pbx, AWKWARD)
    assert_refused(service, REFUSED)


def test_awkward_ids_are_refused_by_the_usual_setting(service: Service) -> None:
    """The first character that may not stand there is named."""
    service.import_numbers("380974520200")
    assert_refused(service, [*AWKWARD, *REFUSED])
    (number,) = service.ask("number", "list")
    assert number["interaction"] is None


def assert_refused(service: Service, ids: list[str]) -> None:
    """Check that allocate refuses each of *ids*, saying what was expected of which field."""
    for text in ids:
        if "\x00" not in text:  # which no command line can carry
            done = service.command("allocate", "--", text)
            assert done.returncode == 1, text
            assert "interaction: expected" in done.stderr


def assert_ids_arrive(tools: Tools, service: Service, pbx: Pbx, ids: list[str]) -> None:
    """Allocate every id, call every number, and compare what the Asterisk dialplan has."""
    service.import_numbers(*(f"3809745202{index:02}" for index in range(len(ids))))
    expected = {}
    for text in ids:
        allocation = service.ask("allocate", "--", text)
        expected[allocation["number"]] = text
    place_calls(tools, pbx, [Call(number) for number in expected])
    seen = pbx.wait_seen("ivr", len(ids))
    assert {call.values["INTERACT_DNIS"]: call.values["INTERACT_ID"] for call in seen} == expected
    assert {call.values["INTERACT_STATUS"] for call in seen} == {"FOUND"}
    assert {call.values["INTERACT_GROUP"] for call in seen} == {""}
