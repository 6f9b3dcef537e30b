"""Texts that Asterisk could evaluate, in real calls: each comes out as it is, and none is run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

import pytest

from interact_ivr.domain.errors import BadInput
from interact_ivr.domain.names import PRINTABLE, SAFE, Alphabet
from testbed.hostile import TAKEN, TEXTS
from testbed.ivr import extensions
from testbed.line import control
from testbed.pbx import Pbx
from testbed.report import Seen
from testbed.service import Service
from testbed.sipp import Call, place_calls
from testbed.tools import Tools

COMPARES = """
exten => _5X.,1,Gosub(interact-retrieve,s,1(${EXTEN:1}))
 same => n,Set(SAME=$["${INTERACT_ID}" = "${INTERACT_ID}"])
 same => n,Goto(default-ivr,s,1)
"""
"""An administrator's expression, which is bent by no id that the usual alphabet takes."""
DIALED = "CALLERID(dnid)"
KINDS = ("AGI", "Asterisk", "characters", "templates", "words")
ROUNDS = 4
"""How often who was not heard in time calls again: the machine may be busy."""
CALLERS = (
    "${SHELL(touch taken)}",
    "$[${SET(TAKEN=1)}]",
    "${SET(TAKEN=1)}",
    '1",TAKEN=1,__INTERACT_ID="x',
    "1),Set(TAKEN=1",
    "1\nSET VARIABLE TAKEN 1",
    "1\nagi_arg_1: {other}",
    "1\nagi_dnid: {other}",
    "\x1b[31m1\x9b",
    "'; DROP TABLE number; --",
)


def taken_by(alphabet: Alphabet) -> Iterator[str]:
    """Give the texts that an id may be."""
    for text in dict.fromkeys(text for name, text in TEXTS.items() if name.startswith(KINDS)):
        try:
            yield alphabet.interaction(text)
        except BadInput:
            continue


@pytest.fixture
def service(service_factory: Callable[..., Service]) -> Service:
    """Give a service that takes all that it can be told to take."""
    return service_factory('[interaction]\nalphabet = "printable"\n')


def lent(service: Service, texts: Sequence[str]) -> dict[str, str]:
    """Lend a number to each of *texts*, of a group that is called so, too; give whose each is."""
    numbers = [f"38097452{at:04}" for at in range(len(texts))]
    rows = [
        {"line": 1, "number": number, "group": text}
        for number, text in zip(numbers, texts, strict=True)
    ]
    control(service, "number.import", rows=rows)
    made = [control(service, "allocate", interaction=text, group=text) for text in texts]
    return {each["entered"]: each["interaction"] for each in made}


def last_told(tools: Tools, pbx: Pbx, calls: Sequence[Call]) -> list[Seen]:
    """Place the calls, those that were not answered in time again; give what each knew last."""
    waiting, count = [*calls], 0
    for _ in range(ROUNDS):
        place_calls(tools, pbx, waiting, rate=25, timeout_seconds=180)
        count += len(waiting)
        told = {seen.values[DIALED]: seen for seen in pbx.wait_seen("ivr", count, 60)}
        late = {dialed for dialed, seen in told.items() if "\n" not in seen.ani and is_late(seen)}
        waiting = [call for call in calls if call.dnis in late]
        if not waiting:
            break
    return [*told.values()]


def is_late(seen: Seen) -> bool:
    """Whether the guard fired."""
    return seen.values["INTERACT_STATUS"] == "UNAVAILABLE"


def test_the_asterisk_dialplan_knows_what_was_meant(
    tools: Tools, service: Service, pbx_factory: Callable[..., Pbx]
) -> None:
    """Id and group, of every text that may be one, and whatever the caller calls themselves."""
    harmless = {*taken_by(SAFE)}
    whose = lent(service, [*taken_by(PRINTABLE)])
    more = extensions(service.agi, COMPARES, reported=["SAME", "TAKEN", DIALED])
    pbx = pbx_factory(extensions=more)
    calls = [Call(f"5{n}" if text in harmless else n) for n, text in whose.items()]
    other = calls[-1].dnis
    for at, caller in enumerate(CALLERS):
        written = quote(caller.replace("{other}", other), safe="")
        calls[at] = Call(calls[at].dnis, headers={"From": f'"x" <sip:{written}@127.0.0.1>'})
    told = last_told(tools, pbx, calls)
    broken = [seen for seen in told if "\n" in seen.ani]
    assert [seen.values["INTERACT_STATUS"] for seen in broken] == ["UNAVAILABLE"] * 3
    heard = [seen for seen in told if seen not in broken]
    assert {seen.values["INTERACT_STATUS"] for seen in heard} == {"FOUND"}
    wrong = {
        text: seen.values
        for seen in heard
        if (text := whose[seen.values["INTERACT_DNIS"].removeprefix("+")])
        and (seen.values["INTERACT_ID"], seen.values["INTERACT_GROUP"]) != (text, text)
    }
    assert wrong == {}
    assert {seen.values["TAKEN"] for seen in told} == {""}
    bent = {seen.values["INTERACT_ID"] for seen in heard if seen.values["SAME"] != "1"}
    assert not bent & harmless
    assert [*pbx.folder.rglob(TAKEN)] == [], "a text was run"
    assert not Path(TAKEN).exists(), "a text was run"
