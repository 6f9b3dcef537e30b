"""Who asks during a soak: callers over SIP, programs over every API, people before their screens.

Each kind of work has a thread, and a pace that does not depend on how quick the answers are, unless
they are late. What is answered is told to the soak's `Fates`; how long each took is kept.
"""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from itertools import count
from typing import Any, Final
from urllib.parse import urlencode

from testbed.api import Api
from testbed.icws import Session, dumped, with_user
from testbed.line import control
from testbed.ports import LOOPBACK
from testbed.screen_stream import ScreenStream
from testbed.soaking.callers import Callers
from testbed.soaking.centre import AGENTS, Centre
from testbed.soaking.fates import Fates
from testbed.vendor import Kind, Shop, Way
from testbed.wire import Wire

STREAMS, CONSOLES = 10, 3
IMPORTED: Final = "380974610xxx"
SHOP_NUMBERS: Final = "3809747000xx"
NAME, PASSWORD = "ann", "correct horse"
FORM: Final = "application/x-www-form-urlencoded"
PATIENCE_SECONDS: Final = 20.0
FIRST_NUMBER, REMEMBERED = 380_971_100_000, 10_000
"""How many numbers a dial plan remembers the details of."""


class UnexpectedAnswer(Exception):
    """Raised where a program is answered otherwise than it must be; holds what it was told."""


@dataclass
class Load:
    """All who ask, for as long as ``with`` lasts."""

    centre: Centre
    fates: Fates
    rate: float
    """Calls a second, of all kinds."""
    faults: list[str] = field(default_factory=list)
    """What went otherwise than it must, the first of each kind of work."""
    _took: list[float] = field(default_factory=list)
    _count: Any = field(default_factory=lambda: count(1))
    _random: random.Random = field(default_factory=lambda: random.Random(13))
    _over: threading.Event = field(default_factory=threading.Event)
    _stack: ExitStack = field(default_factory=ExitStack)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let all come, and in the end wait until the last has gone."""
        self._prepare()
        with self._stack, ThreadPoolExecutor(len(self._works())) as threads:
            working = [threads.submit(self._work, *each) for each in self._works()]
            self._watch()
            try:
                yield
            finally:
                self._over.set()
                self._wait(working)

    def took(self) -> list[float]:
        """Give the seconds of each answer of an API since this was asked last."""
        taken, self._took = self._took, []
        return taken

    def name(self, kind: str) -> str:
        """Make up an interaction."""
        return f"{kind}-{next(self._count)}"

    def _works(self) -> Sequence[tuple[float, Callable[[], object]]]:
        """Give who does something every how many seconds."""
        callers = Callers(self.centre, self.rate, self._lend, self._random)
        return (
            *callers.works(),
            (0.5, self._let_expire),
            (0.5, self._use_native),
            (0.5, lambda: self._use_vendors("rest")),
            (1.0, lambda: self._use_vendors("soap")),
            (0.5, self._use_icws),
            (1.0, self._search),
            (5.0, self._look),
            (30.0, self._import),
        )

    def _prepare(self) -> None:
        service = self.centre.service
        control(service, "application.add", application="imports")
        control(service, "user.add", tenant="default", user=NAME, password=PASSWORD, role="admin")
        self._program = Api.of(service, "application")
        self._viewer = Api.of(service, "viewer")
        self._agent = Api.of(service, "agent")
        self._shop = Shop.opened(service)
        self._shop.take_in(SHOP_NUMBERS)
        self._session = Session.opened(with_user(service))
        self._fill_memory()
        self._cookie = self._sign_in()

    def _fill_memory(self) -> None:
        """Ask for as many numbers as a dial plan remembers, which else would grow for hours."""
        path = f"/icws/{self._session.id}/phone-numbers/query-details"
        with Wire(self.centre.service.http_port) as wire:
            for number in range(FIRST_NUMBER, FIRST_NUMBER + REMEMBERED):
                body = dumped({"phoneNumber": str(number)})
                answer = wire.ask("POST", path, self._session.headers, body)
                if answer.status != 200:
                    raise UnexpectedAnswer(f"{answer.status} {answer.body[:200]!r}")

    def _watch(self) -> None:
        service = self.centre.service
        for extension in AGENTS[:STREAMS]:
            stream = ScreenStream(service.http_port, self._agent.token, extension)
            self._stack.enter_context(stream)
        for _ in range(CONSOLES):
            self._stack.enter_context(self._console_stream())

    def _work(self, every: float, turn: Callable[[], object]) -> None:
        """Take turns, each *every* seconds or when the one before it is done."""
        due = time.monotonic() + self._random.random() * min(every, 1.0)
        while not self._over.wait(max(0.0, due - time.monotonic())):
            due = max(due + every, time.monotonic() - every)
            try:
                turn()
            except Exception as error:  # noqa: BLE001  the thread's outermost edge: told, goes on
                self.faults.append(f"{time.strftime('%H:%M:%S')} {error!r}"[:500])

    def _wait(self, working: Sequence[Future[None]]) -> None:
        for each in working:
            each.result()

    def _timed(self, ask: Callable[[], Any], *expected: int) -> Any:
        """Ask, and keep how long it took; raises UnexpectedAnswer for another status."""
        begun = time.monotonic()
        answer = ask()
        self._took.append(time.monotonic() - begun)
        if answer.status not in expected:
            raise UnexpectedAnswer(f"{answer.status} {answer.body[:200]!r}")
        return answer

    # Callers

    def _lend(self, kind: str, **given: str) -> str:
        """Have a number allocated over the control socket; give it as it is dialed."""
        interaction = self.name(kind)
        begun = time.monotonic()
        answer = control(self.centre.service, "allocate", interaction=interaction, **given)
        self._took.append(time.monotonic() - begun)
        self.fates.acknowledge(interaction, answer["id"])
        return str(answer["number"]).removeprefix("+")

    # Programs

    def _let_expire(self) -> None:
        self._lend("expires")

    def _use_native(self) -> None:
        interaction = self.name("native")
        body = {"interaction": interaction}
        made = self._timed(lambda: self._program.ask("POST", "/allocations", body), 200, 201)
        allocation = str(made.json["id"])
        self.fates.acknowledge(interaction, allocation)
        self._timed(lambda: self._program.ask("GET", "/allocations", interaction=interaction), 200)
        path = f"/allocations/{allocation}"
        self._timed(lambda: self._program.ask("DELETE", path), 200, 204)
        self.fates.free(interaction)

    def _use_vendors(self, kind: Kind) -> None:
        way, interaction = Way(self._shop, kind), self.name(kind)
        number = self._timed(lambda: way.allocate(interaction), 200).value
        self.fates.acknowledge(interaction)
        if self._timed(lambda: way.get(number), 200).value != interaction:
            raise UnexpectedAnswer(f"{number} was not {interaction}'s")
        self._timed(lambda: way.free(number), 200)
        self.fates.free(interaction)

    def _use_icws(self) -> None:
        """Ask what a number is; now and then in a new session, while the old one is left."""
        if self._random.random() < 0.02:
            if self._random.random() < 0.5:
                self._timed(lambda: self._session.ask("DELETE", "/connection"), 204)
            self._session = Session.opened(self.centre.service)
        number = str(self._random.randrange(10**9, 10**10))
        self._timed(lambda: self._session.details(number), 200)

    def _search(self) -> None:
        number = f"+380974520{self._random.randrange(1000):03}"
        interaction = f"found-{self._random.randrange(10**5)}"
        for asked in ({"number": number}, {"interaction": interaction}, {"newest": 20}):
            self._timed(partial(self._viewer.ask, "GET", "/journal", **asked), 200)
        self._timed(lambda: self._viewer.ask("GET", f"/numbers/{number}/holder"), 200)
        self._timed(lambda: self._viewer.ask("GET", "/sizing"), 200)

    def _import(self) -> None:
        self.centre.stock("imports", IMPORTED)
        where = {"application": "imports"}
        control(self.centre.service, "number.remove", numbers=[IMPORTED], **where)

    # People

    def _look(self) -> None:
        """Look at pages; now and then sign in anew, and leave a stream without a good-bye."""
        if self._random.random() < 0.1:
            self._cookie = self._sign_in()
            with self._console_stream():
                pass
        for name in ("pool", "live", "journal"):
            connection = self._connection()
            with connection_closed(connection):
                begun = time.monotonic()
                path = f"/console/default/{name}"
                connection.request("GET", path, headers={"Cookie": self._cookie})
                answer = connection.getresponse()
                answer.read()
                self._took.append(time.monotonic() - begun)
                if answer.status != 200:
                    raise UnexpectedAnswer(f"{path}: {answer.status}")

    def _connection(self) -> HTTPConnection:
        port = self.centre.service.http_port
        return HTTPConnection(LOOPBACK, port, timeout=PATIENCE_SECONDS)

    def _sign_in(self) -> str:
        connection = self._connection()
        with connection_closed(connection):
            body = urlencode({"user": NAME, "password": PASSWORD})
            connection.request("POST", "/console/sign-in", body, {"Content-Type": FORM})
            shown = connection.getresponse().headers["Set-Cookie"]
        return str(shown).partition(";")[0]

    @contextmanager
    def _console_stream(self) -> Iterator[None]:
        """Read what happens, until it is left as a browser that is closed leaves it."""
        connection = self._connection()
        connection.request("GET", "/console/default/happenings", headers={"Cookie": self._cookie})
        opened = connection.sock
        with connection.getresponse() as answer:
            if answer.status != 200:
                raise UnexpectedAnswer(f"a console's stream: {answer.status}")
            reading = threading.Thread(target=read_all, args=(opened,), daemon=True)
            reading.start()
            try:
                yield
            finally:
                with suppress(OSError):  # the service may have ended it first
                    opened.shutdown(socket.SHUT_RDWR)
                reading.join()


@contextmanager
def connection_closed(connection: HTTPConnection) -> Iterator[None]:
    """Close it in the end."""
    try:
        yield
    finally:
        connection.close()


def read_all(connection: socket.socket) -> None:
    """Read until the other side has closed, and do nothing with it."""
    with suppress(OSError):
        while connection.recv(65_536):
            pass
