"""SIGHUP: the configuration is read again and taken whole, or the old one stays."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import structlog

from dialplan import PlanError
from interact_ivr.config import ConfigError, after_reload, changes, load_config
from interact_ivr.config_keys import Config
from interact_ivr.domain.acts import SIGNAL, Act, Actor
from interact_ivr.domain.errors import Refusal
from interact_ivr.systemd import Systemd

Adopt = Callable[[Config], Awaitable[Sequence[str]]]
Acting = Callable[[], AbstractAsyncContextManager[Act]]
RELOAD = "service.reload"
RELOADING = Actor("SIGHUP", SIGNAL)
"""Whoever has sent it: the kernel does not say so to us."""


@asynccontextmanager
async def _acting() -> AsyncIterator[Act]:
    yield Act(RELOADING, RELOAD)


class Reload:
    """Reads *file* again whenever SIGHUP asks for it; *adopt* makes a configuration effective.

    It does so whole or, with whatever error, not at all, and gives what is to be warned of.
    """

    def __init__(
        self, config: Config, file: Path, adopt: Adopt, systemd: Systemd, acting: Acting = _acting
    ) -> None:
        """Each reload is an act, as *acting* makes one."""
        self.config = config
        self._file = file
        self._adopt = adopt
        self._systemd = systemd
        self._acting = acting
        self._asked = asyncio.Event()
        self._log = structlog.get_logger("service")
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._asked.set)

    async def run(self) -> None:
        """Reload whenever asked, until cancelled; no configuration ends it."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            self._systemd.tell_reloading()
            async with self._acting() as act:
                await self._reload(act)
            self._systemd.tell("READY=1")

    async def _reload(self, act: Act) -> None:
        try:
            await self._take(load_config(self._file), act)
            return
        except (ConfigError, PlanError, Refusal, OSError) as error:
            self._log.error("the old configuration stays", faults=str(error).splitlines())
        except Exception as error:  # noqa: BLE001  the loop's outermost edge: told, tried again
            unforeseen = f"{self._file}: cannot be used: {error!r}"
            self._log.exception("the old configuration stays", faults=[unforeseen])
        act.refused = "bad_configuration: the log says more"

    async def _take(self, read: Config, act: Act) -> None:
        new = after_reload(self.config, read)
        told = await self._adopt(new)
        changed, after_restart = changes(self.config, new), changes(new, read)
        self.config = new
        act.speak_of({"changed": changed})
        self._log.info("reloaded", config=str(self._file), changed=changed)
        if after_restart:
            self._log.warning("needs a restart", keys=after_restart)
        for warning in told:
            self._log.warning("configuration", warning=warning)
