"""Texts that are only asked about, over every address that takes one, on either store."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from interact_ivr.control.client import Refused
from testbed.api import Api
from testbed.fetch import bring_postgres
from testbed.hostile import BROKEN, TEXTS
from testbed.line import Line, control
from testbed.ports import PortBlock
from testbed.postgres import cluster
from testbed.service import Service
from testbed.wire import Answer, ask

ASKED = {
    name: text
    for name, text in TEXTS.items()
    if re.fullmatch("(SQL|headers) [1-4]", name) or {*text} & {*"\0\x9b\u2028\u202e"}
} | {f"halves {at}": text for at, text in enumerate(BROKEN, 1)}
API = (
    *("numbers/explain?number=", "numbers?group=", "numbers?after=", "allocations?interaction="),
    *("journal?interaction=", "journal?call=", "journal?call=1&pbx=", "journal?number="),
    *("allocations/", "numbers/", "calls/", "agents/", "tokens/"),
)
CONSOLE = (
    *("pool?text=", "pool?prefix=", "pool?group=", "pool?after=", "journal?interaction="),
    *("journal?call=", "journal?number=", "journal?caller=", "journal?at=", "explain?number="),
)
CONTROL: Mapping[str, dict[str, object]] = {
    "journal.list": {"interaction": ""},
    "journal.forget": {"interaction": ""},
    "free": {"number": ""},
    "number.list": {"group": ""},
    "token.remove": {"token": ""},
}
PASSWORD = "correct horse"


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def shared_service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """Give a service over either store, with an administrator of its console."""
    folder = tmp_path_factory.mktemp("asked")
    with ExitStack() as stack:
        store = ""
        if request.param == "postgres":
            ports = stack.enter_context(PortBlock())
            server = stack.enter_context(cluster(bring_postgres(), port=ports.first))
            server.run("psql", "-q", "-d", "postgres", "-c", "CREATE DATABASE asked")
            store = server.url("asked")
        service = Service(folder, store=store)
        service.environment["INTERACT_IVR_ANI_KEY"] = "k" * 32
        stack.enter_context(service)
        user = {"user": "boss", "password": PASSWORD, "role": "admin"}
        control(service, "user.add", tenant="default", **user)
        yield service


def written(text: str) -> str:
    """Write *text* in an address, half characters, too."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def is_well(answer: Answer | Any, text: str) -> bool:
    """Whether it is an answer, or a refusal, of one piece: no header and no failure is made."""
    plain = all(value.isprintable() for value in answer.headers.values())
    return answer.status < 500 and plain and not {*answer.headers} & {"X-Taken", "x-taken"}


def test_the_native_api_answers_or_names_the_field(service: Service) -> None:
    """Whatever is asked about; what is not there is not found, and no store is asked in vain."""
    api = Api.of(service, "admin")
    wrong = {
        (path, name): (answer.status, answer.body[:200])
        for path in API
        for name, text in ASKED.items()
        if not is_well(answer := api.send("GET", f"/api/v1/{path}{written(text)}"), text)
        or (answer.status == 400 and not answer.json["field"])
    }
    assert wrong == {}


def test_the_console_answers_or_names_the_field(service: Service) -> None:
    """What is markup in a page, Chromium says (`test_injection_in_chromium.py`)."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    sent = urlencode({"user": "boss", "password": PASSWORD}).encode()
    port = service.http_port
    shown = ask(port, "POST", "/console/sign-in", form, sent).headers["set-cookie"]
    cookie = {"Cookie": shown.partition(";")[0]}
    wrong = {
        (page, name): (answer.status, answer.body[:200])
        for page in CONSOLE
        for name, text in ASKED.items()
        if not is_well(
            answer := ask(port, "GET", f"/console/default/{page}{written(text)}", cookie), text
        )
    }
    assert wrong == {}


def test_the_command_line_s_socket_answers_or_names_the_field(service: Service) -> None:
    """As the others do; afterwards the pool and the journal are as they were."""
    line = Line.taken_into(service)
    line.allocate("kept")
    wrong = {}
    for request, (name, text) in ((r, each) for r in CONTROL for each in ASKED.items()):
        if name.startswith("halves"):
            continue  # JSON has no such text, and a client of ours none to send
        (asked,) = CONTROL[request]
        try:
            control(service, request, **{asked: text})
        except Refused as refused:
            failed = refused.code in ("internal", "store_unavailable")
            if failed or ("\0" in text and asked not in refused.faults[0]):
                wrong[request, name] = refused.faults
    assert wrong == {}
    assert line.call().variables["INTERACT_ID"] == "kept"


def test_what_was_logged_is_a_line_each(service: Service) -> None:
    """Each is JSON, with nothing that a terminal would obey; and nothing has failed."""
    control(service, "journal.list", interaction="x")
    lines = service.log_path.read_text("utf-8").split("\n")[:-1]
    assert [line for line in lines if json.loads(line)["level"] == "error"] == []
    assert [line for line in lines if re.search("[\x00-\x1f\x7f-\x9f\u2028-\u202e]", line)] == []
    assert service.database.parent.exists()
    assert [*Path(service.folder).rglob("*taken*")] == []
