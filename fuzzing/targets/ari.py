"""ARI: events and answers, the calls that are worked out from them, and what is shown to agents.

An input is lines, each an event, a list of channels or bridges, another answer, or a header.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fuzzing.target import Target
from interact_ivr.ari import events
from interact_ivr.ari.calls import Calls, Look
from interact_ivr.ari.events import MalformedError
from interact_ivr.ari.naming import name_of
from interact_ivr.ari.on_phones import Alone, Move, OnPhones, Over, Shows
from interact_ivr.ari.told import Channel, Event, OfCalls
from interact_ivr.domain.addresses import user_of

_NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
_CONTEXTS = {"inbound": "", "from-acme": "acme/live"}
_DEVICES = {"PJSIP/desk-3": "6932", "Local/6931@agents": "6931", "PJSIP/sipp": ""}
_RECORDED = Path(__file__).parents[2] / "tests/fixtures/ari"
_OTHERS: Sequence[Callable[[bytes], Any]] = (
    *(events.application_of, events.version_of, events.value_of),
)


class _Screens:
    """What is on the phones, by what was told of it."""

    def __init__(self) -> None:
        self._on_phones = OnPhones("pbx", _CONTEXTS, lambda device, _: _DEVICES.get(device))
        self._calls = Calls(_CONTEXTS)
        self._there = set[str]()

    def heard(self, event: Event) -> None:
        """Take an event."""
        move = self._calls.event(event)
        if move is not None:
            assert len(repr(move)) < 100_000
        if isinstance(event, OfCalls):
            self._told(self._on_phones.event(event, _NOW))

    def looked(self, look: Look) -> None:
        """Take a look, and what is asked besides."""
        for move in self._calls.look(look, ()):
            assert move is not None
        self._told(self._on_phones.look(look, _NOW))
        asked = dict.fromkeys(self._on_phones.unlinked(), "1.1")
        self._told(self._on_phones.link(asked, _NOW))
        for channel in self._on_phones.talking():
            self._told(self._on_phones.hold(channel, _NOW, holds=True))

    def ended(self) -> None:
        """See that of calls that are all over nothing is left."""
        self.looked(Look((), (), _NOW))
        assert not self._there
        assert self._on_phones.is_empty
        assert len(self._on_phones) == 0
        assert len(self._calls) == 0

    def _told(self, moves: Sequence[Move]) -> None:
        for move in moves:
            match move:
                case Shows(call=call):
                    self._there.add(call.uniqueid)
                case Alone(uniqueid=uniqueid):
                    assert uniqueid in self._there
                case Over(uniqueid=uniqueid):
                    self._there.remove(uniqueid)


def _check(data: bytes) -> None:
    screens = _Screens()
    channels: Sequence[Channel] = ()
    for line in data.split(b"\n"):
        with suppress(MalformedError):
            event = events.event_of(line)
            if event is not None:
                screens.heard(event)
        with suppress(MalformedError):
            channels = events.channels_of(line)
        with suppress(MalformedError):
            screens.looked(Look(channels, events.bridges_of(line), _NOW))
        for read in _OTHERS:
            with suppress(MalformedError):
                read(line)
        _check_header(line.decode("utf-8", "surrogateescape"))
    screens.ended()


def _check_header(line: str) -> None:
    date = events.date_of(line)
    assert date is None or date.tzinfo is not None
    if date is not None:
        Calls(_CONTEXTS).look(Look((), (), date), ())
    user = user_of(line)
    assert "@" not in user
    assert ";" not in user
    name_of(line)


def _seeds() -> Iterator[bytes]:
    for file in sorted(_RECORDED.glob("**/*.jsonl")):
        told = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        lines = [each["event"] for each in told if "event" in each]
        looks = [each[what] for each in told for what in ("channels", "bridges") if what in each]
        for begin in range(0, len(lines), 6):
            yield "\n".join(_short(line) for line in lines[begin : begin + 6]).encode()
        yield from ("\n".join(map(_short, looks[at : at + 2])).encode() for at in range(0, 2, 2))
    two = [_channel("c", "sipp"), _channel("p", "6929")]
    yield json.dumps(two).encode() + b'\n[{"id":"","channels":["c","p"]}]'
    yield b"Sun, 22 Nov 2026 12:00:00 GMT\nSun, 22 Nov 2026 12:00:00 -0000\nx, 1 Jan 1 0:0 +9999"
    yield b'"A, B" <sip:+380974520200@example.org;user=phone>\ntel:+1;ext=1\nLocal/1@a-00000001;2'
    yield b'{"channel_ids":["__AST_CHANNEL_ALL_TOPIC"],"bridge_ids":[]}\n{"value":"x"}'
    yield b'{"system":{"version":"22.1.0"}}\n{"type":"ApplicationReplaced","timestamp":"x"}'


def _channel(id_: str, endpoint: str) -> dict[str, object]:
    """Make a channel that is up, as ARI tells of it."""
    dialplan = {"context": "phones", "exten": ""}
    name, created = f"PJSIP/{endpoint}-00000001", "2026-05-04T12:00:00.000+0000"
    return {"id": id_, "name": name, "dialplan": dialplan, "creationtime": created}


def _short(text: Any) -> str:
    """Write JSON without what is of no interest, so that inputs stay small."""
    value = json.loads(text) if isinstance(text, str) else text
    return json.dumps(_without(value), separators=(",", ":"))


def _without(value: Any) -> Any:
    if isinstance(value, list):
        return [_without(each) for each in value]
    if isinstance(value, dict):
        left_out = (
            "language",
            "accountcode",
            "connected",
            "asterisk_id",
            "protocol_id",
            "application",
        )
        return {key: _without(each) for key, each in value.items() if key not in left_out}
    return value


TARGET = Target(
    _check,
    _seeds,
    (
        *(f'"type":"{name}"'.encode() for name in events.WANTED),
        *(
            b"PJSIP/desk-3-00000001",
            b"Local/6931@agents-00000001;1",
            b"Local/6931@agents-00000001;2",
        ),
        *(b"PJSIP/sipp-00000002", b"<ZOMBIE>", b"Surrogate/", b"holding", b"basic", b"mixing"),
        *(b'"inbound"', b'"from-acme"', b'"Ringing"', b'"Down"', b'"Up"', b'"Ring"', b"AppDial"),
        *(b"(Outgoing Line)", b"ANSWER", b"BUSY", b"0001-01-01T00:00:00.000+2359", b"\\ud800"),
        *(b"9999-12-31T23:59:59.999-2359", b"null", b"[]", b"{}", b'"channels":[', b'"caller":'),
    ),
    longest=8192,
)
