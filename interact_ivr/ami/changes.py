"""Which events say that something of what a PBX told is not so any more, and what of it.

An event is never taken for the news itself: the PBX is asked again. So it is enough that no change
goes unnoticed, and nothing depends on the order of events.
"""

from collections.abc import Mapping
from typing import Final

from interact_ivr.ami.told import Hint, Message, Part, Told, text

EVERYTHING: Final = frozenset(Part)
_NOTHING: Final[frozenset[Part]] = frozenset()
_QUEUES: Final = frozenset({Part.QUEUES})
_MODULES: Final[Mapping[str, Part]] = {
    "res_pjsip": Part.ENDPOINTS,
    "app_voicemail": Part.BOXES,
    "app_queue": Part.QUEUES,
    "res_parking": Part.LOTS,
    "pbx_": Part.HINTS,
}
"""What a module that was reloaded knows, by how its name begins."""


def changed(event: Message, told: Told) -> frozenset[Part]:
    """Say what of *told* may not be so any more after *event*."""
    match text(event, "Event"):
        case "FullyBooted":
            return EVERYTHING
        case "Reload":
            return _reloaded(text(event, "Module"))
        case "QueueMemberAdded" | "QueueMemberRemoved":
            return _QUEUES
        case "DeviceStateChange":
            return _NOTHING if _is_known_queue(text(event, "Device"), told) else _QUEUES
        case "MessageWaiting":
            return frozenset({Part.BOXES}) if _are_other_boxes(event, told) else _NOTHING
        case "ExtensionStatus":
            return _NOTHING if _is_known_hint(event, told) else frozenset({Part.HINTS})
    return _NOTHING


def _reloaded(module: str) -> frozenset[Part]:
    if module == "All":
        return EVERYTHING
    parts = (part for begin, part in _MODULES.items() if module.startswith(begin))
    return frozenset(parts)


def _are_other_boxes(event: Message, told: Told) -> bool:
    """Whether boxes may have come or gone, rather than a voicemail left or heard.

    A bare ``voicemail reload`` tells of every box that there is now, new or not, and of none that
    is not any more: what waits in them is as it was.
    """
    if told.boxes is None:
        return False
    waiting = told.boxes.get(text(event, "Mailbox"))
    return waiting is None or waiting == (text(event, "New"), text(event, "Old"))


def _is_known_queue(device: str, told: Told) -> bool:
    """Whether a device such as `Queue:sales_avail`, which comes with a new queue, is an old one."""
    if not (device.startswith("Queue:") and device.endswith("_avail")):
        return True
    name = device.removeprefix("Queue:").removesuffix("_avail")
    return any(queue.name == name for queue in told.queues)


def _is_known_hint(event: Message, told: Told) -> bool:
    """Whether a hint is as it was; one of a pattern may be told with the pattern's variables."""
    hint = Hint(text(event, "Exten"), text(event, "Hint"))
    return hint in told.hints or (
        "$" in hint.devices and any(hint.extension == known.extension for known in told.hints)
    )
