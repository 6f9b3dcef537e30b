"""Whose extension a reading is; what a PBX knows may make one of what is no number otherwise.

It never makes another key: numbers are stored under what the plan reads, whatever a PBX tells.
"""

from dataclasses import replace

from dialplan.directory import Directory, Owner
from dialplan.reader import Means, Reading
from dialplan.text import split


def owned(reading: Reading, directory: Directory) -> tuple[Reading, Owner | None]:
    """Give *reading* as *directory* knows it, and the owner of the extension that it is."""
    extension = _extension(reading)
    owner = directory.owner(extension) if extension else None
    return (of_owner(reading, owner) if owner else reading), owner


def of_owner(reading: Reading, owner: Owner) -> Reading:
    """Give *reading*, which *owner* has, as the extension that it is."""
    if reading.means is Means.INTERNAL:
        return reading
    normalized = f"/{owner.extension}"
    return replace(reading, means=Means.INTERNAL, normalized=normalized, known=None)


def _extension(reading: Reading) -> str:
    """The extension that *reading* is, or may be where a PBX knows it; a number is none."""
    number = split(reading.normalized)
    if reading.means is Means.INTERNAL:
        return number.extension
    written = split(reading.text)
    if written.extension or written.base.startswith("+"):
        return ""
    is_none = reading.means is Means.NUMBER and reading.known and not reading.known.valid
    return written.base if is_none or reading.means is Means.NOTHING_KNOWN else ""
