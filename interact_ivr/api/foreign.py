"""Programs that ask for many numbers that are not theirs: told, counted, and ever slower.

What is theirs is answered at once all the while: a number that is not there is the same answer
whether another application has it or nobody, so nothing is found out by asking side by side.
"""

import asyncio
import time
from collections.abc import Callable

import msgspec
import structlog

from interact_ivr.api.routes import Who
from interact_ivr.service.attempts import Attempts
from interact_ivr.service.recent import Recent
from interact_ivr.service.seldom import Seldom

_REMEMBERED, _FOR_SECONDS = 65_536, 15 * 60.0


def _recent() -> Recent[tuple[str, str], bool]:
    return Recent(_REMEMBERED, _FOR_SECONDS, time.monotonic)


class ForeignNumbers(msgspec.Struct, frozen=True):
    """Hears of each such number; *asked* counts the different ones."""

    attempts: Attempts
    asked: Callable[[], None]
    seldom: Seldom = msgspec.field(default_factory=Seldom)
    _known: Recent[tuple[str, str], bool] = msgspec.field(default_factory=_recent)

    @classmethod
    def of(cls, free: int, asked: Callable[[], None]) -> "ForeignNumbers":
        """Let *free* different ones of each program go by."""
        return cls(Attempts(free, clock=time.monotonic, sleep=asyncio.sleep), asked)

    async def ask(self, who: Who, number: str) -> None:
        """Take note, and wait before the program is told, if it has asked for many.

        Raises:
            TooManyAttempts: so many of its requests wait already.
        """
        program = f"{who.environment} {who.application or ''} {who.user}"
        if (program, number) in self._known:
            return
        asking = program.encode()
        async with self.attempts.turn(asking):
            self._known.put((program, number), True)
            self.attempts.note(asking, good=False)
        self.asked()
        if not self.attempts.is_free(asking):
            left_out = self.seldom.left_out(program)
            if left_out is not None:
                structlog.get_logger("http").warning(
                    "many foreign numbers",
                    environment=who.environment,
                    application=who.application,
                    user=who.user or None,
                    not_told=left_out,
                )
