"""AMI: what a PBX sends, as messages, and what its phones, queues and lots are by them.

An input is the bytes of a connection behind Asterisk's greeting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dialplan import QueueType
from fuzzing.target import Target
from interact_ivr.ami import told
from interact_ivr.ami.changes import changed
from interact_ivr.ami.devices import devices
from interact_ivr.ami.mended import OneAction, OneManager, _Protocol
from interact_ivr.ami.owners import owners
from interact_ivr.ami.told import Message, Told

_RECORDED = Path(__file__).parents[2] / "tests/fixtures/ami"
_LONGEST = 128
_BANNER = b"Asterisk Call Manager/11.0.0\r\n"


class _Transport:
    """A connection whose other side says nothing by itself."""

    def __init__(self) -> None:
        self.closing = False

    def is_closing(self) -> bool:
        """Say whether it was closed."""
        return self.closing

    def close(self) -> None:
        """Close it."""
        self.closing = True

    def write(self, data: bytes) -> None:
        """Send nothing."""

    def pause_reading(self) -> None:
        """All of it has come."""

    def resume_reading(self) -> None:
        """All of it has come."""


def _messages(loop: asyncio.AbstractEventLoop, data: bytes) -> Sequence[Message]:
    """Give the messages of a connection: an answer's, then events."""

    async def heard() -> Sequence[Message]:
        events: list[Any] = []
        manager = OneManager("", 0, None, events.append)
        protocol, transport = _Protocol(manager), _Transport()
        protocol.connection_made(transport)
        manager.protocol = protocol
        action = OneAction({"Action": "QueueStatus", "ActionID": "1"}, lists=True)
        protocol.send(action)
        protocol.data_received(_BANNER + data)
        await asyncio.sleep(0)
        manager.end("it is over")
        return [*action.responses, *events]

    return loop.run_until_complete(heard())


_LOOP = asyncio.new_event_loop()


def _check(data: bytes) -> None:
    messages = _messages(_LOOP, data.replace(b"\n", b"\r\n"))
    lots = (*told.lots(messages), *told.lots_of_dialplan(messages))
    for lot in lots:
        told.context_of(lot, messages)
        told.parking_at(lot, messages)
    endpoint = told.endpoint(messages)
    known = Told(
        (endpoint,) if endpoint else (),
        told.boxes(messages) or None,
        told.queues(messages),
        lots,
        told.hints(messages),
    )
    assert all(name.isprintable() for name in told.names_of_endpoints(messages))
    for extension, owner in owners(known).items():
        assert told.is_extension(extension)
        assert owner.extension == extension
        assert owner.queue_type in QueueType
        assert owner.id.isprintable()
    assert all(
        told.is_extension(extension) or not extension for extension in devices(known).values()
    )
    for message in messages:
        assert changed(message, known) <= {*told.Part}
        assert all(len(told.text(message, key)) <= _LONGEST for key in ("Event", "Queue"))


def _seeds() -> Iterator[bytes]:
    for file in sorted(_RECORDED.glob("*.txt")):
        text = file.read_bytes().replace(b"\r\n", b"\n")
        if len(text) <= 6000:
            yield text
        else:
            yield b"\n\n".join(text.split(b"\n\n")[:8]) + b"\n\n"


TARGET = Target(
    _check,
    _seeds,
    (
        *(b"Event: ", b"Response: ", b"ActionID: 1", b"EventList: start", b"EventList: Complete"),
        *(b"Event: Parkinglot", b"StartSpace: ", b"StopSpace: ", b"Event: ListDialplan"),
        *(b"Registrar: res_parking/", b"Event: QueueMember", b"StateInterface: hint:6929@x"),
        *(b"Location: Local/6931@agents/n", b"Event: ExtensionStatus", b"Hint: PJSIP/a&park:701@p"),
        *(b"Hint: Queue:sales", b"Mailboxes: ", b"Callerid: ", b"Event: EndpointDetail"),
        *(b"Event: IdentifyDetail", b"OutboundAuth: ", b"Event: VoicemailUserEntry", b"\n\n"),
        *(b"Event: Reload\nModule: All", b"Event: DeviceStateChange", b"Event: Shutdown"),
        *(b"Response: Follows", b"--END COMMAND--", b"Output: ", b"\xd9\xa1", b"\xc2\xb2", b"\xff"),
    ),
    longest=6000,
)
