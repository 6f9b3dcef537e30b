"""Reloading: whatever is wrong with a configuration, the old one stays and the next is read."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from dialplan import PlanError
from dialplan.faults import Fault
from interact_ivr.config import ConfigError
from interact_ivr.config_keys import Config
from interact_ivr.domain.errors import ContradictingSettings, StoreUnavailable
from interact_ivr.reload import Reload
from interact_ivr.systemd import Systemd

PATIENCE = 5.0
ERRORS = {
    "a key": (ConfigError(Path("key"), ["others may read it"]), ["key: others may read it"]),
    "a dial plan": (PlanError((Fault("a", "b", "c", 1),)), ["a: b: expected c, got 1"]),
    "applications": (ContradictingSettings(["one", "two"]), ["one", "two"]),
    "the store": (StoreUnavailable("full"), ["the store is unavailable: full"]),
    "the system": (OSError(13, "Permission denied"), ["[Errno 13] Permission denied"]),
    "nothing foreseen": (
        RuntimeError("a bug"),
        ["{file}: cannot be used: RuntimeError('a bug')"],
    ),
}


class Service:
    """What takes configurations, and fails as often as it is told to."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.errors: list[Exception] = []
        self.taken: list[Config] = []
        self.tried = asyncio.Event()
        self.reload = Reload(Config(), file, self.adopt, Systemd(None, None))

    async def adopt(self, config: Config) -> Sequence[str]:
        """Take it, or fail."""
        self.tried.set()
        if self.errors:
            raise self.errors.pop()
        self.taken.append(config)
        return ["one would rather not"]

    async def ask(self, text: str) -> None:
        """Have *text* read."""
        self.file.write_text(text)
        self.tried.clear()
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.wait_for(self.tried.wait(), PATIENCE)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    """Give a service that reloads."""
    service = Service(tmp_path / "interact-ivr.toml")
    running = asyncio.create_task(service.reload.run())
    yield service
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)


@pytest.mark.parametrize("cause", ERRORS)
async def test_whatever_is_wrong_the_old_one_stays(service: Service, cause: str) -> None:
    """It is told, and the next configuration is taken."""
    error, faults = ERRORS[cause]
    service.errors.append(error)
    with capture_logs() as logs:
        await service.ask("[pool]\nhold_for_seconds = 1\n")
        await service.ask("[pool]\nhold_for_seconds = 2\n")
    failed, reloaded, warned = logs
    assert (failed["event"], failed["log_level"]) == ("the old configuration stays", "error")
    assert failed["faults"] == [fault.format(file=service.file) for fault in faults]
    assert (reloaded["event"], reloaded["changed"]) == ("reloaded", ["pool.hold_for_seconds"])
    assert warned["warning"] == "one would rather not"
    assert [config.pool.hold_for_seconds for config in service.taken] == [2]
    assert service.reload.config == service.taken[0]
