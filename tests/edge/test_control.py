"""The control socket under what nobody should send: it answers, or it hangs up, and goes on."""

from __future__ import annotations

import asyncio
import json
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from interact_ivr.app import opened, operations_of
from interact_ivr.config_keys import Config
from interact_ivr.control.client import NotRunning, Refused, ask
from interact_ivr.control.operations import Operations
from interact_ivr.control.server import ControlServer
from interact_ivr.observing import Observing

PATIENCE = 10.0
MAX_REQUEST = 100_000


class Control:
    """A control server on a socket, over a store of its own."""

    def __init__(self, operations: Operations, path: Path) -> None:
        self._operations = operations
        self.path = path

    @asynccontextmanager
    async def served(self, request_within: float = PATIENCE) -> AsyncIterator[None]:
        """Serve within the block."""
        server = ControlServer(
            self._operations, request_within=request_within, max_line=MAX_REQUEST
        )
        await server.start(self.path)
        try:
            yield
        finally:
            await server.close()

    async def send(self, data: bytes) -> bytes:
        """Send *data* as a whole request, and give all that comes back."""
        reader, writer = await asyncio.open_unix_connection(str(self.path))
        try:
            writer.write(data)
            writer.write_eof()
            return await asyncio.wait_for(reader.read(), PATIENCE)
        finally:
            writer.close()

    async def refused(self, data: bytes) -> tuple[str, str]:
        """Send *data*, and give the code and the one fault of the refusal."""
        answer = json.loads(await self.send(data))
        assert set(answer) == {"refused"}
        (fault,) = answer["refused"]["faults"]
        return answer["refused"]["code"], fault

    async def works(self) -> None:
        """Ask what any client may ask, and be answered."""
        answer = await self.send(b'{"request": "number.list"}')
        assert "numbers" in json.loads(answer)["answer"]


@pytest_asyncio.fixture
async def control(tmp_path: Path) -> AsyncIterator[Control]:
    """Give the operations over an empty store, and where to listen; nothing listens yet."""
    config = msgspec.convert({"store": {"url": f"sqlite:///{tmp_path}/interact-ivr.db"}}, Config)
    with tempfile.TemporaryDirectory(prefix="ivr-") as folder:  # a socket's path is short
        async with opened(config, "a test", Observing()) as parts:
            yield Control(operations_of(parts, dict), Path(folder) / "control.sock")


@pytest_asyncio.fixture
async def served(control: Control) -> AsyncIterator[Control]:
    """Give a served control socket, which answers to the very end."""
    async with control.served():
        yield control
        await control.works()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"\xff\xfe\xfd",
        b"GET / HTTP/1.1\r\n\r\n",
        b"{",
        b'{"request": "number.li',
        b'{"request": "number.list"} {"request": "number.list"}',
        b"[]",
        b"null",
        b"1e999",
        b'"number.list"',
        b"{}",
        b'{"request": null}',
        b'{"request": 1}',
        b'{"request": "number.list", "arguments": []}',
        b'{"request": "number.list", "extra": 1}',
        b'{"request": "number.list", "arguments": {"x": }}',
        b'{"request": "\\ud800"}',
        b"[" * 50_000,
        b'{"request": "allocate", "arguments": {"interaction": ' + b"[" * 50_000,
    ],
    ids=lambda data: ascii(data[:30].decode(errors="replace")),
)
async def test_what_is_no_request_is_refused(served: Control, data: bytes) -> None:
    """With a sentence and a stable code, whatever it is."""
    code, fault = await served.refused(data)
    assert code == "bad_input"
    assert fault.startswith("request: expected a JSON request, got ")


async def test_an_unknown_request_is_told_which_there_are(served: Control) -> None:
    """So that a client of another release can say what is wrong."""
    for name in ("fly", "", "Allocate", "number.list\n"):
        code, fault = await served.refused(json.dumps({"request": name}).encode())
        assert code == "bad_input"
        assert fault.startswith("request: expected one of allocate, application.add, ")
        assert ", number.enable, number.enable_matching, number.export, number.import, " in fault
        assert fault.endswith(f", got {name!r}")


@pytest.mark.parametrize(
    ("request_", "arguments"),
    [
        ("allocate", {}),
        ("allocate", {"interaction": 1}),
        ("allocate", {"interaction": None}),
        ("allocate", {"interaction": "a", "group": ["a"]}),
        ("allocate", {"interaction": "a", "colour": "red"}),
        ("free", {"number": 380974520200}),
        ("number.import", {"rows": "number"}),
        ("number.import", {"rows": [{"line": "1", "number": "1"}]}),
        ("number.import", {"rows": [{"number": "1"}]}),
        ("number.import", {"rows": [], "faults": [1]}),
        ("status", {"environment": False}),
    ],
)
async def test_arguments_of_another_kind_are_refused(
    served: Control, request_: str, arguments: dict[str, Any]
) -> None:
    """The request and the argument are named; nothing is done."""
    text = json.dumps({"request": request_, "arguments": arguments}).encode()
    code, fault = await served.refused(text)
    assert code == "bad_input"
    assert fault.startswith(f"request: expected the arguments of {request_}, got ")


async def test_faults_of_any_wording_are_told_back(served: Control) -> None:
    """What the rows' reader has found stands with the rest, by line where it names one."""
    found = ["line 3: b", "no line at all", "line x: c", "line 2: a", "line 9" + "9" * 5000]
    text = json.dumps({"request": "number.import", "arguments": {"rows": [], "faults": found}})
    answer = json.loads(await served.send(text.encode()))
    assert answer["refused"]["code"] == "bad_rows"
    assert sorted(answer["refused"]["faults"]) == sorted(found)
    assert answer["refused"]["faults"][-2:] == ["line 2: a", "line 3: b"]


async def test_another_environment_is_refused(served: Control) -> None:
    """Never is the default one taken instead."""
    text = b'{"request": "number.list", "arguments": {"environment": "other"}}'
    assert await served.refused(text) == (
        "no_such_environment",
        "environment 'default/other' was not found",
    )


async def test_a_client_that_says_nothing_is_hung_up_on(control: Control) -> None:
    """Nor one that stops in the middle; others are answered meanwhile."""
    async with control.served(request_within=0.1):
        idle = [await asyncio.open_unix_connection(str(control.path)) for _ in range(20)]
        idle[0][1].write(b'{"request": "number.li')
        await control.works()
        for reader, writer in idle:
            assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
            writer.close()
        await control.works()


async def test_a_giant_is_hung_up_on(served: Control) -> None:
    """A request has a limit, and what is longer is not read on."""
    reader, writer = await asyncio.open_unix_connection(str(served.path))
    writer.write(b"x" * (MAX_REQUEST + 1))
    try:
        assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
    except ConnectionResetError:
        return  # it hung up before everything was read
    finally:
        writer.close()


async def test_a_client_that_is_gone_disturbs_nobody(served: Control) -> None:
    """Closed at once, in the middle of a request, or before its answer."""
    whole = b'{"request": "number.list"}'
    for data in (b"", whole[:10], whole):
        _, writer = await asyncio.open_unix_connection(str(served.path))
        writer.write(data)
        if data == whole:
            writer.write_eof()
        writer.transport.abort()
        await served.works()


async def test_many_at_once_are_each_answered(served: Control) -> None:
    """One connection, one request, one answer."""
    answers = await asyncio.gather(*(served.send(b'{"request": "status"}') for _ in range(50)))
    assert all("answer" in json.loads(answer) for answer in answers)


async def test_connections_beyond_the_limit_are_closed(served: Control) -> None:
    """At once, whoever holds the others; and who ends makes room."""
    opened = [await asyncio.open_unix_connection(str(served.path)) for _ in range(300)]
    beyond = [reader for reader, _ in opened[256:]]
    async with asyncio.timeout(5):
        assert [await reader.read() for reader in beyond] == [b""] * len(beyond)
    for _, writer in opened:
        writer.close()
        await writer.wait_closed()
    await served.works()


async def test_only_the_owner_may_open_the_socket(served: Control) -> None:
    """Who may open it may do anything."""
    assert served.path.stat().st_mode & 0o777 == 0o600


async def test_a_socket_left_behind_is_replaced_and_taken_away(control: Control) -> None:
    """A service that was killed leaves its socket; one that stops does not."""
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(control.path))
    with pytest.raises(NotRunning):
        await asyncio.to_thread(ask, control.path, "status", {})
    async with control.served():
        assert await asyncio.to_thread(ask, control.path, "number.list", {}) == {"numbers": []}
    assert not control.path.exists()
    with pytest.raises(NotRunning):
        await asyncio.to_thread(ask, control.path, "status", {})


async def test_the_client_tells_what_the_service_told(served: Control) -> None:
    """A refusal with its code; text that is none is refused before it is sent."""
    with pytest.raises(Refused) as exhausted:
        await asyncio.to_thread(ask, served.path, "allocate", {"interaction": "a"})
    assert exhausted.value.code == "exhausted"
    with pytest.raises(Refused, match=r"expected UTF-8, got '\\udcff' at position 2"):
        await asyncio.to_thread(ask, served.path, "allocate", {"interaction": "a\udcff"})


async def test_a_service_that_does_not_answer_is_an_error_soon(control: Control) -> None:
    """Silence ends at the client's own limit; a closed connection is no answer."""
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(control.path))
        silent.listen()
        with pytest.raises(TimeoutError):
            await asyncio.to_thread(ask, control.path, "status", {}, timeout=0.05)
        answered = asyncio.create_task(asyncio.to_thread(ask, control.path, "status", {}))
        for _ in range(2):  # the one that gave up, too
            connection, _ = await asyncio.to_thread(silent.accept)
            connection.close()
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(answered, PATIENCE)
