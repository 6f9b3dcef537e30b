"""What systemd is told (sd_notify(3)): datagrams to the socket it names, where it started us.

Nothing here is needed elsewhere: without ``NOTIFY_SOCKET`` nobody is told anything.
"""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Self

import structlog

from interact_ivr.domain.errors import TooBusy, TooLate


class Systemd:
    """Says how the service stands, and gives signs of life to the watchdog."""

    def __init__(self, address: str | None, sign_every: float | None) -> None:
        self._address = address
        self._sign_every = sign_every
        self._log = structlog.get_logger("systemd")

    @classmethod
    def of(cls, environ: Mapping[str, str], process: int) -> Self:
        """Read what systemd wants: a watchdog only of the process that it started itself."""
        address = environ.get("NOTIFY_SOCKET")
        if address and address.startswith("@"):
            address = "\0" + address[1:]  # an abstract one
        within = environ.get("WATCHDOG_USEC", "")
        mine = environ.get("WATCHDOG_PID", str(process)) == str(process)
        return cls(address, int(within) / 2e6 if address and within.isdigit() and mine else None)

    def tell(self, *facts: str) -> None:
        """Send *facts* (``READY=1``, ``STATUS=...``) in one datagram; never wait for systemd."""
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sending:
            try:
                sending.sendto("\n".join(facts).encode(), self._address)
            except OSError as error:
                self._log.warning("systemd was not told", facts=facts, reason=str(error))

    def tell_reloading(self) -> None:
        """Say that the configuration is being read; ``READY=1`` says that it was."""
        self.tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    async def watch(self, probe: Callable[[float], Awaitable[None]]) -> None:
        """Give a sign of life twice in the watchdog's time while *probe* is answered in time.

        An answer that the store cannot do it now, being locked or full, is a sign, too: a restart
        would not help it. Runs until cancelled; who gets here at all has an event loop that works.
        """
        failed = False
        while self._sign_every is not None:
            try:
                await probe(time.monotonic() + self._sign_every)
            except (TooLate, TooBusy) as error:  # nobody has looked at it: its thread may hang
                failed = True
                self._log.error("no sign of life for the watchdog", reason=str(error))
                self.tell(f"STATUS=not answering calls: {error}")
            except Exception as error:  # noqa: BLE001  the loop's outermost edge: told, tried again
                failed = True
                self._log.error("the store fails", reason=str(error))
                self.tell("WATCHDOG=1", f"STATUS=not answering calls: {error}")
            else:
                self.tell("WATCHDOG=1", *(["STATUS=answering calls again"] if failed else []))
                failed = False
            await asyncio.sleep(self._sign_every)
