"""Which extension each device is, by what a PBX tells. Nothing here reads a clock or a socket.

A device is what a channel's name begins with, `PJSIP/desk-3`. Its extension is what a hint says,
one of that device alone before one of several; of a queue's member through a Local channel what
that dials; else of a phone its name, where that can be dialed, or the number that it alone shows.
What is a trunk's is nobody's.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from interact_ivr.ami.told import Endpoint, Hint, Told, is_extension

_LOCAL = "Local/"


def devices(told: Told) -> Mapping[str, str]:
    """Give the extensions by device, empty for trunks; who is sure of it comes first."""
    trunks = [f"PJSIP/{each.name}" for each in told.endpoints if each.is_trunk]
    found = dict.fromkeys(trunks, "")
    for device, extension in (*_of_hints(told), *_of_members(told), *_of_phones(told)):
        if is_extension(extension):
            found.setdefault(device, extension)
    return found


def _of_hints(told: Told) -> Iterator[tuple[str, str]]:
    def devices_of(hint: Hint) -> list[str]:
        return [each.strip() for each in hint.devices.split("&")]

    for hint in sorted(told.hints, key=lambda hint: (len(devices_of(hint)), hint)):
        for device in devices_of(hint):
            technology, slash, _ = device.partition("/")
            if slash and ":" not in technology:
                yield _without_options(device), hint.extension


def _of_members(told: Told) -> Iterator[tuple[str, str]]:
    for queue in told.queues:
        for member in queue.members:
            if member.startswith(_LOCAL):
                yield _without_options(member), member.removeprefix(_LOCAL).partition("@")[0]


def _of_phones(told: Told) -> Iterator[tuple[str, str]]:
    showing = Counter(map(_number, told.endpoints))
    for each in told.endpoints:
        if is_extension(each.name):
            yield f"PJSIP/{each.name}", each.name
        elif showing[_number(each)] == 1:
            yield f"PJSIP/{each.name}", _number(each)


def _number(endpoint: Endpoint) -> str:
    return endpoint.name if is_extension(endpoint.name) else endpoint.caller_number


def _without_options(device: str) -> str:
    """Give `Local/6929@agents` of `Local/6929@agents/n`."""
    technology, slash, name = device.partition("/")
    return technology + slash + name.partition("/")[0]
