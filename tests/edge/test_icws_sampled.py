"""Any text as a phone number over ICWS: answered as the engine has it, or refused by its name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice

import pytest

from dialplan import Engine, NotANumber, load_plan
from testbed.icws import EXAMPLE, Session, dumped, with_user
from testbed.service import Service
from testbed.wire import Wire
from tests.unit.dialplan.random_texts import random_texts

_AT_ONCE = 1_000
LONG = pytest.param(100_000, marks=[pytest.mark.long, pytest.mark.timeout(1800)])


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a service with a user, which logs what it refuses only."""
    with Service(tmp_path_factory.mktemp("icws"), EXAMPLE) as service:
        yield with_user(service)


@pytest.mark.parametrize("count", [3_000, LONG])
def test_the_engines_random_texts(here: Service, count: int) -> None:
    """A sample of the million: 200 with the engine's details, or 400; never anything else."""
    engine = Engine(load_plan("example"))
    session = Session.opened(here)
    path = f"/icws/{session.id}/phone-numbers/query-details"
    texts = random_texts(count, seed=count)
    seen = set()
    while some := [*islice(texts, _AT_ONCE)]:
        with Wire(here.http_port) as wire:
            for text in some:
                answer = wire.ask("POST", path, session.headers, dumped({"phoneNumber": text}))
                seen.add(answer.status)
                check(engine, text, answer.status, answer.body)
    assert seen == {200, 400}
    assert here.log("a request failed") == []


def check(engine: Engine, text: str, status: int, body: bytes) -> None:
    """See that what was answered is what the engine makes of *text*."""
    told = json.loads(body)
    text = json.loads(json.dumps(text))  # two halves beside each other are one character in JSON
    if any("\ud800" <= sign <= "\udfff" for sign in text):  # half a character is no JSON
        assert status == 400, ascii(text)
        return
    if "\0" in text:  # no store takes one
        assert (status, told["propertyName"]) == (400, "phoneNumber"), ascii(text)
        return
    try:
        known = engine.resolve(text)
    except NotANumber:
        assert (status, told["propertyName"]) == (400, "phoneNumber"), ascii(text)
        return
    assert (status, told["rawText"]) == (200, text), ascii(text)
    assert told["normalizedText"] == known.normalized_text
    assert told["displayText"] == known.display_text
    assert told["classifications"] == [*known.classifications]


@pytest.mark.parametrize("body", [b'{"phoneNumber":"\\ud800"}', b'{"phoneNumber":"1\\udfff2"}'])
def test_half_a_character(here: Service, body: bytes) -> None:
    """400, as it is no text."""
    session = Session.opened(here)
    assert session.ask("POST", "/phone-numbers/query-details", body).status == 400
