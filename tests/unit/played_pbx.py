"""A PBX that plays a recording: what it tells, and what it would answer between two events."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from interact_ivr.ari.calls import Look
from interact_ivr.ari.events import bridges_of, channels_of, event_of
from interact_ivr.ari.on_phones import Alone, Move, OnPhones, Over, Shows, Unseen
from interact_ivr.ari.told import (
    Bridge,
    Bridged,
    Channel,
    Destroyed,
    Dialed,
    Entered,
    Held,
    Left,
    OfCalls,
)
from interact_ivr.domain.phone_calls import PhoneCall

RECORDED = Path(__file__).parent.parent / "fixtures/ari/phones"
STORIES = sorted(path.stem for path in RECORDED.glob("*.jsonl"))
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
DEVICES = {
    "PJSIP/desk-3": "6932",
    "Local/6931@agents": "6931",
    "Local/6933@agents": "6933",
    "PJSIP/sipp": "",
    "PJSIP/provider": "",
}
"""What the contact centre's PBX knows of its devices (`testbed/contact_centre.py`)."""

Shown = Mapping[str, tuple[str, str, frozenset[tuple[str, str]]]]
"""By the phone's channel its extension, the state, and who else is there."""


def extension_of(device: str, _: str | None = None) -> str | None:
    """Give the extension of a device as the contact centre's PBX knows it."""
    return DEVICES.get(device)


class Screens:
    """What is on the phones, by what was told of it."""

    def __init__(self) -> None:
        self.on_phones = OnPhones("pbx", {"inbound": ""}, extension_of)
        self.calls: dict[str, PhoneCall] = {}
        self.alone: set[str] = set()
        self.unseen: list[Unseen] = []

    def take(self, event: OfCalls) -> None:
        """Take an event."""
        self.told(self.on_phones.event(event, NOON))

    def look(self, look: Look, linkedids: Mapping[str, str], holding: Sequence[str]) -> None:
        """Take a look, and what is asked besides."""
        self.told(self.on_phones.look(look, NOON))
        asked = self.on_phones.unlinked()
        found = {each: linkedids[each] for each in asked}
        self.told(self.on_phones.link(found, NOON))
        for channel in self.on_phones.talking():
            self.told(self.on_phones.hold(channel, NOON, holds=channel in holding))

    def told(self, moves: Sequence[Move]) -> None:
        """Take note."""
        for move in moves:
            match move:
                case Shows(call=call):
                    self.calls[call.uniqueid] = call
                    self.alone.discard(call.uniqueid)
                case Alone(uniqueid=uniqueid):
                    assert uniqueid in self.calls
                    self.alone.add(uniqueid)
                case Over(uniqueid=uniqueid):
                    del self.calls[uniqueid]
                    self.alone.discard(uniqueid)
                case Unseen():
                    self.unseen.append(move)

    @property
    def shown(self) -> Shown:
        """What is on phones with somebody."""
        return {
            name: (
                call.extension,
                call.state.value,
                frozenset((each.uniqueid, each.extension) for each in call.others),
            )
            for name, call in self.calls.items()
            if name not in self.alone
        }

    def with_customers(self) -> dict[str, str]:
        """Give the states by extension of the phones that a customer is on."""
        return {
            call.extension: call.state.value
            for name, call in self.calls.items()
            if name not in self.alone and call.customer is not None
        }


@dataclass
class PlayedPbx:
    """What there is after some of the events."""

    channels: dict[str, Channel] = field(default_factory=dict)
    bridges: dict[str, Bridge] = field(default_factory=dict)
    linkedids: dict[str, str] = field(default_factory=dict)
    holding: set[str] = field(default_factory=set)

    def take(self, event: OfCalls) -> None:
        """Let it happen."""
        match event:
            case Destroyed(channel=gone):
                self.channels.pop(gone, None)
                self.holding.discard(gone)
            case Bridged(bridge=bridge):
                self._bridge(bridge)
            case Dialed(caller=caller, peer=peer):
                self.channels[peer.id] = peer
                if caller is not None:
                    self.channels[caller.id] = caller
                    self.linkedids[peer.id] = self.linkedids.get(caller.id, caller.id)
                    self._link_halves(caller)
            case Entered(bridge=bridge, channel=channel) | Left(bridge=bridge, channel=channel):
                self.channels[channel.id] = channel
                self._bridge(bridge)
                if isinstance(event, Left):
                    self.holding.discard(channel.id)
            case Held(channel=channel, holds=holds):
                self.channels[channel.id] = channel
                (self.holding.add if holds else self.holding.discard)(channel.id)
            case _:
                self.channels[event.channel.id] = event.channel
        for channel in self.channels.values():
            self._link_halves(channel)

    def look(self) -> tuple[Look, Mapping[str, str], Sequence[str]]:
        """Give what it would answer now."""
        there = {id_: self.linkedids.get(id_, id_) for id_ in self.channels}
        look = Look([*self.channels.values()], [*self.bridges.values()], None)
        return look, there, [*self.holding]

    def _bridge(self, bridge: Bridge) -> None:
        self.bridges.pop(bridge.id, None)
        if bridge.channels:
            self.bridges[bridge.id] = bridge

    def _link_halves(self, channel: Channel) -> None:
        pair, _, half = channel.name.partition(";")
        if half == "2":
            one = next((each.id for each in self.channels.values() if each.name == f"{pair};1"), "")
            self.linkedids[channel.id] = self.linkedids.get(one, one or channel.id)


def lines_of(story: str) -> list[dict[str, Any]]:
    """Read a recording."""
    text = (RECORDED / f"{story}.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def events_of(story: str) -> list[OfCalls]:
    """Read its events that are of calls."""
    read = (event_of(line["event"]) for line in lines_of(story) if "event" in line)
    return [event for event in read if isinstance(event, OfCalls)]


def settled(story: str) -> list[int]:
    """Give after how many events each scene was over."""
    after, count = [], 0
    for line in lines_of(story):
        if "step" in line:
            after.append(count)
        elif "event" in line and isinstance(event_of(line["event"]), OfCalls):
            count += 1
    return after


def look_of(line: Mapping[str, Any]) -> tuple[Look, Mapping[str, str], Sequence[str]]:
    """Read a look that was recorded."""
    look = Look(channels_of(line["channels"].encode()), bridges_of(line["bridges"].encode()), None)
    variables: Mapping[str, str | None] = line["variables"]
    asked = {tuple(each.split(" ", 1)): value for each, value in variables.items()}
    linkedids = {id_: value or "" for (id_, name), value in asked.items() if "linkedid" in name}
    holding = [id_ for (id_, name), value in asked.items() if "hold" in name and value == "1"]
    return look, linkedids, holding
