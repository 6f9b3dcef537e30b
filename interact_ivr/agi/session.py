"""One conversation with one call: read, one service call, set. One command at a time, each awaited.

Sending a second command before the first one's reply hangs Asterisk's AGI for ever.
"""

import asyncio
import select
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import msgspec

from interact_ivr.agi.doorway import Arrival, GoneError
from interact_ivr.agi.wire import Call, Reply, WireError, set_variables

_MOST_FIELDS = 20
_REPLY_WITHIN = 1.0
"""Seconds Asterisk may take to reply; a busy one takes milliseconds."""


class Limits(msgspec.Struct, frozen=True):
    """How long a call may take, in seconds. The Gosub's own guard is 1.8 s."""

    opening: float = 1.0
    """From the connection to the end of the environment."""
    answer: float = 1.5
    """From the connection to the service's answer."""


@dataclass(slots=True)
class Session:
    """What a call script works with."""

    call: Call
    script: str
    query: Mapping[str, str]
    deadline: float
    """By `time.monotonic`: past it, nothing is begun for this call any more."""
    _arrival: Arrival = field(repr=False)
    facts: dict[str, object] = field(default_factory=dict)
    """What the log says of this call, filled in by the script."""

    def argument(self, position: int) -> str:
        """Give a positional argument, counted from 0; empty where there is none."""
        arguments = self.call.arguments
        return arguments[position] if position < len(arguments) else ""

    def named(self, after: int) -> dict[str, str]:
        """Give the ``key=value`` arguments that the Gosubs pass *after* so many positional ones."""
        pairs = (argument.partition("=") for argument in self.call.arguments[after:])
        return {key: value for key, equals, value in pairs if equals}

    def close(self) -> None:
        """Let the call go on without us."""
        self._arrival.close()

    def is_there(self) -> bool:
        """Say whether the call still waits. Asked of the kernel; safe in any thread.

        A service that was stopped or busy finds calls waiting whose guard fired, or whose caller
        hung up, long ago: they must consume nothing.
        """
        return not _has_ended(self._arrival.connection)

    async def set(self, values: Mapping[str, str]) -> None:
        """Set channel variables, the last of them last of all.

        Raises:
            GoneError: Asterisk has not acknowledged it: the call may not know them.
        """
        for command in set_variables(values):
            reply = await self._ask(command)
            if not reply.done:
                raise GoneError(f"Asterisk answered {reply.code} {reply.result}")

    async def _ask(self, command: bytes) -> Reply:
        by = asyncio.get_running_loop().time() + _REPLY_WITHIN
        try:
            if self._arrival.connection.send(command) < len(command):
                raise GoneError("Asterisk reads nothing any more")
            while (reply := self._arrival.conversation.reply()) is None:
                await self._arrival.more(by)
        except TimeoutError:
            raise GoneError(f"no reply within {_REPLY_WITHIN} s") from None
        except (OSError, WireError) as error:
            raise GoneError(str(error)) from error
        return reply


def session_of(arrival: Arrival, call: Call, limits: Limits) -> Session:
    """Begin the conversation with *call*; the connection is the session's from then on.

    Raises:
        WireError: what it asks for is not AGI.
    """
    script, query = _request(call)
    deadline = arrival.at + limits.answer
    return Session(call, script, query, deadline, arrival)


def _has_ended(connection: socket.socket) -> bool:
    descriptor = connection.fileno()
    if descriptor < 0:
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLRDHUP)
    return bool(poll.poll(0))


def _request(call: Call) -> tuple[str, dict[str, str]]:
    """Take ``agi://host:port/script?environment=..`` apart; the query wins nothing twice."""
    path, _, query = call.variables.get("network_script", "").partition("?")
    try:
        fields = parse_qs(query, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise WireError(f"the query has more than {_MOST_FIELDS} fields") from None
    return path.strip("/"), {name: values[0] for name, values in fields.items()}


Script = Callable[[Session], Awaitable[None]]
"""What a call script is to the listener."""
