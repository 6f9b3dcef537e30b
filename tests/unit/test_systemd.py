"""The watchdog: a sign of life as long as anything answers, be it that the store fails."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from interact_ivr.domain.errors import StoreUnavailable, TooBusy, TooLate
from interact_ivr.systemd import Systemd

EVERY = 0.01
PATIENCE = 5.0


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[socket.socket]:
    """Give systemd's end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as keeper:
        keeper.bind(str(tmp_path / "notify"))
        yield keeper


async def told(keeper: socket.socket, probe: Callable[[float], Awaitable[None]]) -> list[str]:
    """Give the first three things systemd is told by a service whose store *probe* asks."""
    loop = asyncio.get_running_loop()
    watching = asyncio.create_task(Systemd(keeper.getsockname(), EVERY).watch(probe))
    seen = []
    for _ in range(3):
        datagram = await asyncio.wait_for(loop.sock_recv(keeper, 4096), PATIENCE)
        seen.append(datagram.decode())
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    return seen


@pytest.mark.parametrize("error", [StoreUnavailable("locked"), RuntimeError("a bug")])
async def test_a_store_that_answers_with_an_error_is_alive(
    keeper: socket.socket, error: Exception
) -> None:
    """A restart would not help it; what is wrong is told all the same."""

    async def probe(_: float) -> None:
        raise error

    with capture_logs() as logs:
        assert await told(keeper, probe) == [
            f"WATCHDOG=1\nSTATUS=not answering calls: {error}"
        ] * 3  # fmt: skip
    assert (logs[0]["event"], logs[0]["reason"]) == ("the store fails", str(error))


@pytest.mark.parametrize("error", [TooLate(), TooBusy()])
async def test_a_store_that_does_not_answer_is_not(keeper: socket.socket, error: Exception) -> None:
    """Nobody has looked at what was asked, so its thread may hang: only a restart would help."""

    async def probe(_: float) -> None:
        raise error

    with capture_logs() as logs:
        assert await told(keeper, probe) == [f"STATUS=not answering calls: {error}"] * 3
    assert logs[0]["event"] == "no sign of life for the watchdog"


async def test_once_it_answers_again_systemd_is_told_so(keeper: socket.socket) -> None:
    """And then nothing but signs of life."""
    errors: list[Exception] = [TooLate()]

    async def probe(_: float) -> None:
        if errors:
            raise errors.pop()

    assert await told(keeper, probe) == [
        f"STATUS=not answering calls: {TooLate()}",
        "WATCHDOG=1\nSTATUS=answering calls again",
        "WATCHDOG=1",
    ]
