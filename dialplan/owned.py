"""Whose extension a reading is; what a PBX knows may make one of what is no number otherwise.

It never makes another key: numbers are stored under what the plan reads, whatever a PBX tells.
"""

from msgspec.structs import replace

from dialplan.directory import Directory, Owner
from dialplan.reader import Means, Reading
from dialplan.text import split


def owned(reading: Reading, directory: Directory) -> tuple[Reading, Owner | None]:
    """Give *reading* as *directory* knows it, and the owner of the extension that it is."""
    extension = extension_of(reading)
    owner = directory.owner(extension) if extension else None
    return (of_owner(reading, owner) if owner else reading), owner


def of_owner(reading: Reading, owner: Owner) -> Reading:
    """Give *reading*, which *owner* has, as the extension that it is."""
    if reading.means is Means.INTERNAL:
        return reading
    normalized = f"/{owner.extension}"
    return replace(reading, means=Means.INTERNAL, normalized=normalized, known=None)


def extension_of(reading: Reading) -> str:
    """The extension that *reading* is, or may be where a PBX knows it; a number is none."""
    if reading.means is Means.INTERNAL:
        return split(reading.normalized).extension
    is_none = reading.means is Means.NUMBER and reading.known and not reading.known.valid
    if not is_none and reading.means is not Means.NOTHING_KNOWN:
        return ""
    written = split(reading.text)
    return "" if written.extension or written.base.startswith("+") else written.base
