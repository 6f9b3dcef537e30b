"""SIGHUP: the configuration is read again and taken whole, or the old one stays."""

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

import structlog

from dialplan import PlanError
from interact_ivr.config import Config, ConfigError, after_reload, changes, load_config, warnings
from interact_ivr.systemd import Systemd


class Reload:
    """Reads *file* again whenever SIGHUP asks for it; *adopt* makes a configuration effective."""

    def __init__(
        self, config: Config, file: Path, adopt: Callable[[Config], None], systemd: Systemd
    ) -> None:
        self.config = config
        self._file = file
        self._adopt = adopt
        self._systemd = systemd
        self._asked = asyncio.Event()
        self._log = structlog.get_logger("service")
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._asked.set)

    async def run(self) -> None:
        """Reload whenever asked, until cancelled."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            self._systemd.tell_reloading()
            try:
                self._take(load_config(self._file))
            except (ConfigError, PlanError, OSError) as error:
                self._log.error("the old configuration stays", faults=str(error).splitlines())
            self._systemd.tell("READY=1")

    def _take(self, read: Config) -> None:
        new = after_reload(self.config, read)
        self._adopt(new)
        changed, after_restart = changes(self.config, new), changes(new, read)
        self.config = new
        self._log.info("reloaded", config=str(self._file), changed=changed)
        if after_restart:
            self._log.warning("needs a restart", keys=after_restart)
        for warning in warnings(new):
            self._log.warning("configuration", warning=warning)
