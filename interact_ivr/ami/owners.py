"""Whose each extension is, by what a PBX tells. Nothing here reads a clock or a socket.

What PBXes call phones, trunks, queues and parking lots are users and stations, lines, workgroups
and orbits to the dial plan:

- A phone is a user's where its calls may be left a message, or where it answers a queue; else it is
  a station, such as the one in the lobby.
- A trunk is a line, a queue a workgroup, a parking lot with each of its spaces an orbit.
- Its extension is what a hint of the Asterisk dialplan says; else its own name, where that can be
  dialed; else, of a phone or trunk, the number that it shows.
"""

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Final

from dialplan import Owner, QueueType
from interact_ivr.ami.told import Endpoint, Hint, Lot, Queue, Told, is_extension

_PJSIP: Final = "PJSIP/"
_NO_PHONES: Final = frozenset({"Local", "Custom", "MWI", "Message"})
"""Technologies behind which there need be no phone."""

_MOST_SPACES: Final = 100_000
"""Of all parking lots: a slip in ``parkpos`` may name billions."""


def owners(told: Told) -> Mapping[str, Owner]:
    """Give the owners by extension; who is sure of an extension has it before who is not."""
    asked = _Asked(told)
    found: dict[str, Owner] = {}
    for owner in (*asked.of_hints(), *asked.of_lots(), *asked.of_queues(), *asked.of_endpoints()):
        if is_extension(owner.extension):
            found.setdefault(owner.extension, owner)
    return found


class _Asked:
    """What was told, by its names."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._endpoints = {each.name: each for each in told.endpoints}
        self._queues = {each.name: each for each in told.queues}
        self._agents = {_answering(member) for each in told.queues for member in each.members}
        """The phones that answer queues: names of endpoints, and extensions."""
        self._boxes: dict[str, list[str]] = {}
        for box in sorted(told.boxes or ()):
            self._boxes.setdefault(box.partition("@")[0], []).append(box)

    def of_hints(self) -> Iterator[Owner]:
        """Give whose the extensions with hints are, by the first device that is somebody's."""
        for hint in sorted(self._told.hints):
            devices = (self._of_device(hint, device) for device in hint.devices.split("&"))
            yield from [owner for owner in devices if owner][:1]

    def of_lots(self) -> Iterator[Owner]:
        """Give the parking lots, with so many spaces as are looked at, however many are told."""
        return islice(self._of_all_spaces(), _MOST_SPACES)

    def _of_all_spaces(self) -> Iterator[Owner]:
        for lot in self._told.lots:
            for extension in chain(lot.extensions, map(str, lot.spaces)):
                yield _orbit(extension, lot)

    def of_queues(self) -> Iterator[Owner]:
        """Give the queues that are called as they are dialed."""
        return (_workgroup(each.name, each) for each in self._told.queues)

    def of_endpoints(self) -> Iterator[Owner]:
        """Give the phones and trunks; those called as they are dialed come first."""
        by_name = [each for each in self._told.endpoints if is_extension(each.name)]
        for each in by_name:
            yield self._of_endpoint(each.name, each)
        for each in self._told.endpoints:
            if not is_extension(each.name):
                yield self._of_endpoint(each.caller_number, each)

    def _of_device(self, hint: Hint, device: str) -> Owner | None:
        kind, _, name = device.strip().partition(":")
        if kind == "Queue":
            return _workgroup(hint.extension, self._queues.get(name, Queue(name))) if name else None
        if kind == "park":
            return self._of_space(hint.extension, name.partition("@")[0])
        technology, slash, name = device.strip().partition("/")
        if not slash or technology.partition(":")[0] in _NO_PHONES:
            return None
        known = self._endpoints.get(name) if technology == "PJSIP" else Endpoint(device.strip())
        return self._of_endpoint(hint.extension, known) if known else None

    def _of_space(self, extension: str, space: str) -> Owner:
        def has(lot: Lot) -> bool:
            return space in lot.extensions or (space.isdecimal() and int(space) in lot.spaces)

        lot = next(filter(has, self._told.lots), Lot(space, range(0)))
        return _orbit(extension, lot)

    def _of_endpoint(self, extension: str, endpoint: Endpoint) -> Owner:
        name = endpoint.caller_name or endpoint.name
        if endpoint.is_trunk:
            return Owner(extension, QueueType.LINE, endpoint.name)
        mailbox = self._mailbox(extension, endpoint)
        answers = {endpoint.name, extension} & self._agents
        kind = QueueType.USER if mailbox or answers else QueueType.STATION
        return Owner(extension, kind, name, mailbox)

    def _mailbox(self, extension: str, endpoint: Endpoint) -> str:
        """Give the box of the phone that there is, else the only one called as it is dialed."""
        known = self._told.boxes
        own = (box for box in endpoint.mailboxes if known is None or box in known)
        named = self._boxes.get(extension, [])
        by_name = named[0] if len(named) == 1 else ""
        default = f"{extension}@default"
        return next(own, default if default in named else by_name)


def _workgroup(extension: str, queue: Queue) -> Owner:
    return Owner(extension, QueueType.WORKGROUP, queue.name)


def _orbit(extension: str, lot: Lot) -> Owner:
    return Owner(extension, QueueType.ORBIT, lot.name)


def _answering(member: str) -> str:
    """Give the phone of a queue's member: `PJSIP/alice`, `Local/6929@agents/n`, `hint:6929@...`."""
    if member.startswith("hint:"):
        return member.removeprefix("hint:").partition("@")[0]
    if member.startswith("Local/"):
        return member.removeprefix("Local/").partition("@")[0]
    return member.removeprefix(_PJSIP)
