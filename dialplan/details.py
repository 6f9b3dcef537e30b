"""What is known of a number: the values that a screen and a PBX need. Nothing here decides them."""

from enum import IntEnum

import msgspec


class QueueType(IntEnum):
    """Whose interactions a queue holds, numbered as the vendor numbers them."""

    NONE = 0
    MY_INTERACTIONS = 1
    USER = 2
    STATION = 3
    WORKGROUP = 4
    ORBIT = 5
    LINE = 6


class Details(msgspec.Struct, frozen=True):
    """A number, read by a plan. Texts are empty where there is nothing to say.

    The values and their names are those of the vendor's phone number details.
    """

    raw_text: str
    """As somebody wrote it."""
    normalized_text: str
    """The form under which it is stored and compared; with its extension, if it has one."""
    display_text: str
    """For a person to read."""
    edit_base: str
    """For a person to change: as dialed from the home country, without the extension."""
    extension: str
    """Digits; of an internal number all of it."""
    default_classification: str
    classifications: tuple[str, ...]
    """At least one, the default first."""
    internal: bool
    queue_type: QueueType
    queue_name: str
    voicemail_capable: bool
    dial_capable: bool
    """Whether it may be dialed."""
    auto_dial_extension: bool
    """Whether the extension is dialed, too, rather than kept for information."""
    dial_string: str
    """What the PBX dials; behind a `/`, the extension to send once somebody answers."""
    emergency: bool
    description: str
