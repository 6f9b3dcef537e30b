"""The FastAGI server: accepts calls, runs their script, and never lets one call disturb another."""

import asyncio
import time
from collections.abc import Mapping
from typing import Protocol

import structlog
from structlog.contextvars import bind_contextvars

from interact_ivr.agi.doorway import Arrival, Doorway, GoneError, ProbeError
from interact_ivr.agi.session import Limits, Script, Session, session_of
from interact_ivr.agi.wire import Call, WireError
from interact_ivr.domain.errors import Refusal
from interact_ivr.domain.networks import Network, owner, within
from interact_ivr.service.seldom import Seldom

_SHOWN = 80
"""Characters of a script's name by which it is told from others in the log."""


class Observer(Protocol):
    """Hears of calls that were not helped. Nothing here may fail or wait."""

    def unavailable(self, script: str, code: str) -> None:
        """Hear of a call that was told UNAVAILABLE, and why, as a stable code."""

    def untold(self, script: str) -> None:
        """Hear of a call that was gone before it was told."""

    def turned_away(self, why: str) -> None:
        """Hear of a connection that became no call: ``stranger``, ``full``, ``silent``."""


class _Nobody:
    """Counts nothing."""

    def unavailable(self, script: str, code: str) -> None: ...

    def untold(self, script: str) -> None: ...

    def turned_away(self, why: str) -> None: ...


class Listener:
    """Serves scripts by name on one address."""

    def __init__(
        self,
        scripts: Mapping[str, Script],
        *,
        limits: Limits | None = None,
        most_sessions: int = 1000,
        only_pbx: str = "",
        observer: Observer | None = None,
        allow: tuple[Network, ...] | None = None,
    ) -> None:
        """*only_pbx* is whose calls are whose address names no PBX; *observer* counts failures.

        Who is not in *allow* is closed before a byte of theirs is read; None lets everybody in.
        """
        self._scripts = scripts
        self._limits = limits or Limits()
        self._most_sessions = most_sessions
        self._only_pbx = only_pbx
        self._observer = observer or _Nobody()
        self._allow = allow
        self._sessions: set[asyncio.Task[None]] = set()
        self._doorway = Doorway(self, most=most_sessions, seconds=self._limits.opening)
        self._seldom = Seldom()
        self._log = structlog.get_logger("agi")
        self.port = 0
        """What is listened on, and was; 0 until then."""

    @property
    def sessions(self) -> int:
        """How many calls are being answered now, and connections that may become one."""
        return len(self._sessions) + self._doorway.waiting

    async def start(self, host: str, port: int) -> None:
        """Begin to listen; port 0 takes a free one."""
        await self._doorway.listen(host, port)
        self.port = self._doorway.sockets[0].getsockname()[1]

    async def close(self, within: float = 2.0) -> None:
        """Take no new calls, let those in flight finish for up to *within* seconds."""
        deadline = time.monotonic() + within
        await self._doorway.close()
        if self._sessions:
            _, late = await asyncio.wait(self._sessions, timeout=deadline - time.monotonic())
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self._doorway.take_down()

    def lets_in(self, source: str) -> bool:
        """Say whether *source* may call, and there is room for one more call."""
        if self._allow is not None and not within(source, self._allow):
            self._turn_away("stranger", source)
            return False
        if len(self._sessions) >= self._most_sessions:
            self._turn_away("full", source)
            return False
        return True

    def call_came(self, arrival: Arrival, call: Call) -> None:
        """Answer it, in a task of its own."""
        task = asyncio.get_running_loop().create_task(self._serve(arrival, call))
        self._sessions.add(task)
        task.add_done_callback(self._sessions.discard)

    def left(self, error: GoneError | WireError) -> None:
        """Have a line in the log now and then."""
        if isinstance(error, ProbeError):
            self._log.debug("probe")
        elif isinstance(error, GoneError):
            self._no_call("info", "no call", error)
        else:
            self._no_call("warning", "not AGI", error)

    def gave_way(self, source: str) -> None:
        """Count it."""
        self._turn_away("silent", source)

    def _no_call(self, level: str, what: str, error: Exception) -> None:
        """Have a line in the log now and then: whoever opens connections can make many of these."""
        left_out = self._seldom.left_out(f"{what} {error}")
        if left_out is not None:
            getattr(self._log, level)(what, reason=str(error), not_told=left_out)

    def _turn_away(self, why: str, source: str) -> None:
        """Count it, and have a line in the log now and then."""
        self._observer.turned_away(why)
        left_out = self._seldom.left_out(f"{why} {owner(source)}")
        if left_out is not None:
            there = len(self._sessions)
            self._log.warning(
                "session refused", why=why, source=source, sessions=there, not_told=left_out
            )

    async def _serve(self, arrival: Arrival, call: Call) -> None:
        try:
            session = session_of(arrival, call, self._limits)
        except WireError as error:
            arrival.close()
            self.left(error)
            return
        try:
            await self._answer(session)
        finally:
            session.close()

    async def _answer(self, session: Session) -> None:
        if not session.is_there():
            self.left(GoneError("the caller was gone before the look-up began"))
            return
        script = self._scripts.get(session.script)
        bind_contextvars(  # of this task, which ends with the call: so each line of it says whose
            call=session.call.get("uniqueid"),
            pbx=session.query.get("pbx") or self._only_pbx,
        )
        log = self._log.bind(script=session.script, environment=session.query.get("environment"))
        if script is None:
            left_out = self._seldom.left_out(f"no such script {session.script[:_SHOWN]}")
            if left_out is not None:
                log.error("no such script", known=sorted(self._scripts), not_told=left_out)
            return
        await self._run(script, session, log)

    async def _run(
        self, script: Script, session: Session, log: structlog.typing.FilteringBoundLogger
    ) -> None:
        begun = time.monotonic()
        try:
            await script(session)
        except (GoneError, WireError) as error:
            self._observer.untold(session.script)
            log.warning("the call was not told", reason=str(error), **session.facts)
        except Refusal as refusal:
            self._observer.unavailable(session.script, refusal.code)
            log.error(
                "the call was told UNAVAILABLE",
                code=refusal.code,
                reason=str(refusal),
                cause=repr(refusal.__cause__),
            )
        except Exception:  # the session's outermost edge: the call fails open
            self._observer.unavailable(session.script, "failed")
            log.exception("script failed")
        else:
            milliseconds = round((time.monotonic() - begun) * 1000, 1)
            log.info("the call was told", ms=milliseconds, **session.facts)
