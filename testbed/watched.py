"""A service that watches a real Asterisk: the two put together, as an administrator would."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from interact_ivr.control.client import Refused
from testbed.conf import PASSWORD, USER
from testbed.ivr import extensions
from testbed.line import control
from testbed.pbx import Pbx
from testbed.ports import LOOPBACK
from testbed.relay import Relay
from testbed.service import Service, ServiceError
from testbed.sipp import Call, Calls, place_calls
from testbed.tools import Tools

POLL_SECONDS = 0.02
NOBODY = 1
"""A port on which nothing listens."""

#: Calls that do not ask at once: after the global WAITS seconds, or never.
SLOW = """
exten => _3809745203XX,1,Gosub(testbed-report,s,1(arrived))
 same => n,Wait(${WAITS})
 same => n,Gosub(interact-retrieve,s,1)
 same => n,Goto(default-ivr,s,1)
exten => _3809745204XX,1,Gosub(testbed-report,s,1(arrived))
 same => n,Answer()
 same => n,Wait(60)

[globals]
WAITS=1
"""
ASKS_LATER, STAYS = "380974520300", "380974520400"
"""Numbers whose calls do so."""


def table(port: int, password: Path, **keys: str) -> str:
    """Write the ``[[pbx]]`` table of an Asterisk's HTTP *port*; *keys* are added."""
    written = {
        "name": '"testbed"',
        "ari_url": f'"http://{LOOPBACK}:{port}/ari"',
        "ari_user": f'"{USER}"',
        "ari_password": f'"{password}"',
        "ari_application": '"interact-ivr-test"',
        "ami_host": '""',
        **keys,
    }
    return "[[pbx]]\n" + "".join(f"{key} = {value}\n" for key, value in written.items())


def change_password(pbx: Pbx, password: str) -> None:
    """Give the ARI user another password."""
    file = pbx.etc / "ari.conf"
    text = re.sub(r"(?m)^password = .*$", f"password = {password}", file.read_text())
    file.write_text(text)
    pbx.cli("module reload res_ari.so")


def wait_until(
    holds: Callable[[], object], tail: Callable[[], str], timeout_seconds: float = 5.0
) -> None:
    """Wait until *holds*; raises ServiceError with *tail* where it does not come to it."""
    deadline = time.monotonic() + timeout_seconds
    while not holds():
        if time.monotonic() > deadline:
            raise ServiceError(f"it did not come to it:\n{tail()}")
        time.sleep(POLL_SECONDS)


class Watched:
    """A running service and the running Asterisk that it watches."""

    def __init__(
        self,
        tools: Tools,
        folder: Path,
        settings: str = "",
        *,
        more: str = SLOW,
        dnis_from: str = "",
        down: bool = False,
        relayed: bool = False,
        asked: bool = False,
        store: str = "",
        **keys: str,
    ) -> None:
        """*settings* are added to the service's, *keys* to the PBX's table, as TOML has them.

        *down*: ARI is not where the configuration says. *relayed*: what lies between can be cut.
        *asked*: over AMI it is asked whose its extensions are, by a relay of its own. *store* is a
        shared one's address.
        """
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.service = Service(folder / "service", store=store)
        self.pbx = Pbx(tools, folder / "pbx", extensions=extensions(self.service.agi, more))
        self.relay = Relay(self.pbx.http_port)
        self.password = folder / "ari-password"
        self.password.touch(mode=0o600)
        self.password.write_text(PASSWORD + "\n")
        self.secret = folder / "ami-secret"
        self.secret.touch(mode=0o600)
        self.secret.write_text(PASSWORD + "\n")
        self.ami_relay = Relay(self.pbx.ami_port)
        if asked:
            keys |= self._ami()
        self._state = "unreachable" if down else "watching"
        self._stack = ExitStack()
        port = self.relay.port if relayed else self.pbx.http_port
        self.table = table(NOBODY if down else port, self.password, **keys)
        self.service.configure(settings + self.table)
        if dnis_from:
            self._say("[agi]\n", f"dnis_from = {dnis_from}\n")

    def _ami(self) -> dict[str, str]:
        """Give the keys of the PBX's table that have it asked over AMI."""
        return {
            "ami_host": f'"{LOOPBACK}"',
            "ami_port": str(self.ami_relay.port),
            "ami_user": f'"{USER}"',
            "ami_secret": f'"{self.secret}"',
        }

    def _say(self, section: str, line: str) -> None:
        """Add a line to a section of the configuration that is there already."""
        text = self.service.config.read_text("utf-8")
        self.service.config.write_text(text.replace(section, section + line), "utf-8")

    def __enter__(self) -> Self:
        """Start both, and wait until the one watches the other, or cannot."""
        for each in (self.relay, self.ami_relay, self.pbx, self.service):
            self._stack.enter_context(each)
        self.wait_until_it_is(self._state)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop both."""
        self._stack.close()

    def standing(self) -> Any:
        """Give what ``interact-ivr status`` says of the PBX."""
        return control(self.service, "status")["pbx"][0]

    def wait_until_it_is(self, state: str, timeout_seconds: float = 5.0) -> Any:
        """Wait until the status says that the watching stands so, and give it."""
        return self.wait_for(lambda pbx: pbx["ari"] == state, f"to be {state}", timeout_seconds)

    def wait_until_ringing(self, calls: int = 1, timeout_seconds: float = 5.0) -> None:
        """Wait until so many calls are on numbers of the pool."""
        self.wait_for(lambda pbx: pbx["calls"] == calls, f"to {calls} calls", timeout_seconds)

    def wait_for(
        self, holds: Callable[[Any], bool], what: str, timeout_seconds: float = 5.0
    ) -> Any:
        """Wait until the status says of the PBX what *holds*, and give it."""
        deadline = time.monotonic() + timeout_seconds
        while not holds(standing := self.standing()):
            if time.monotonic() > deadline:
                raise ServiceError(f"it did not come {what}: {standing}\n{self.service.tail()}")
            time.sleep(POLL_SECONDS)
        return standing

    def dialing(self, tools: Tools, beside: ThreadPoolExecutor, *calls: Call) -> Future[Calls]:
        """Place calls in another thread."""
        return beside.submit(place_calls, tools, self.pbx, calls)

    def may_be_lent(self) -> bool:
        """Say at once whether the only number there is can be allocated to somebody new."""
        try:
            control(self.service, "allocate", interaction="another")
        except Refused:
            return False
        return True

    def ready(self) -> Any:
        """Give what ``/readyz`` says."""
        return json.loads(self._get("/readyz"))

    def metrics(self) -> str:
        """Give the metrics."""
        return self._get("/metrics")

    def _get(self, path: str) -> str:
        try:
            with urllib.request.urlopen(self.service.http + path, timeout=5) as answer:
                text: bytes = answer.read()
        except urllib.error.HTTPError as error:
            text = error.read()
        return text.decode()

    def tail(self) -> str:
        """Give the end of both logs."""
        return f"{self.service.tail()}\n{self.pbx.tail()}"
