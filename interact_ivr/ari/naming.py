"""What an Asterisk channel's name tells: `PJSIP/6929-00000001`, `Local/6929@agents-00000001;2`."""

import msgspec

_ZOMBIE = "<ZOMBIE>"
"""Ends the name of what is left of a channel whose place another one has taken."""
_OTHER = {"1": "2", "2": "1"}
PHONES = frozenset(
    {"PJSIP", "SIP", "IAX2", "DAHDI", "SCCP", "Skinny", "MGCP", "USTM", "Console", "WebSocket"}
)
"""Technologies whose endpoints may be phones."""
_WITHIN = frozenset(
    {
        *("Local", "AsyncGoto", "Bridge", "Surrogate", "Snoop", "Message", "MessageChannel"),
        *("Announcer", "Recorder", "ConfBridgeRecorder", "CBAnn", "CBRec"),
    }
)
"""Those of channels that the PBX makes for itself: nobody is there."""


class Name(msgspec.Struct, frozen=True):
    """A channel's name, taken apart."""

    technology: str
    device: str
    """``PJSIP/6929``, ``Local/6929@agents``: whose channels are all called so."""
    pair: str = ""
    """Of a Local channel, what both halves are called."""
    half: str = ""
    """Of a Local channel: `1`, which is dialed, or `2`, which goes on in the Asterisk dialplan."""
    is_zombie: bool = False

    @property
    def endpoint(self) -> str:
        """The device less its technology."""
        return self.device.partition("/")[2]

    @property
    def is_somebody(self) -> bool:
        """Whether there may be somebody."""
        return not self.is_zombie and self.technology not in _WITHIN

    @property
    def other_half(self) -> tuple[str, str]:
        """The pair and the half that belongs to this half."""
        return self.pair, _OTHER.get(self.half, "")


def name_of(name: str) -> Name:
    """Take a channel's *name* apart."""
    whole = name.removesuffix(_ZOMBIE)
    pair, _, half = whole.partition(";")
    device = pair.rpartition("-")[0] or pair
    technology = device.partition("/")[0]
    if technology != "Local":
        pair, half = "", ""
    return Name(technology, device, pair, half, name.endswith(_ZOMBIE))
