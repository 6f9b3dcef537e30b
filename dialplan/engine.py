"""The engine: one plan, and what it makes of any written number. It reads no file and no clock.

A number's keys depend on the plan and the release of `phonenumbers` only. What is said of it also
depends on whose extension it is, and that may change at any time: the directory is asked each time,
and only what was made of its answer is remembered.
"""

from copy import copy
from functools import lru_cache, partial
from typing import Final

from dialplan.describing import describe
from dialplan.details import Details
from dialplan.directory import NOBODYS, Directories, Directory, Owner
from dialplan.explain import Explanation, explain
from dialplan.owned import extension_of, of_owner
from dialplan.plan import Plan
from dialplan.reader import Means, Reader, Reading
from dialplan.text import clean, split

_CACHED_DETAILS: Final = 10_000
_CACHED_READINGS: Final = 10_000
_CACHED_LOOKUPS: Final = 50_000
"""Some 15 MB: the numbers of a large pool are looked up again and again as they come and go."""
_LONGEST_CACHED: Final = 64
"""Characters. What is longer is no number anybody dials: keep it from the caches."""


class Engine:
    """Reads numbers by one plan. Safe to share between threads."""

    def __init__(self, plan: Plan, directory: Directory = NOBODYS) -> None:
        """Read by *plan*, and remember what was read and looked up last.

        *directory* knows whose the extensions are of which the plan does not say it.
        """
        self.plan: Final = plan
        self.reader: Final = Reader(plan)
        self._directory = Directories((self.reader.directory, directory))
        # Of the reader, not of the engine: one that is replaced is gone at once with all of it.
        self._plain = lru_cache(_CACHED_DETAILS)(partial(_plain, self.reader))
        self._details = lru_cache(_CACHED_DETAILS)(partial(_details, self.reader))
        self._readings = lru_cache(_CACHED_READINGS)(partial(_read, self.reader))
        self._keys = lru_cache(_CACHED_LOOKUPS)(partial(_lookup_keys, self.reader))

    def knowing(self, directory: Directory) -> "Engine":
        """The same engine with another *directory*; they share what they remember."""
        other = copy(self)
        other._directory = Directories((self.reader.directory, directory))
        return other

    def extension_of(self, device: str) -> str | None:
        """The extension whose phone *device* is by the plan's own directory; see `Directory`."""
        return self.reader.directory.extension_of(device)

    def resolve(self, raw: str) -> Details:
        """What a screen and a PBX need to know of *raw*.

        Raises:
            NotANumber: nothing can be dialed, as `clean` says, or what a rule makes of it cannot.
        """
        is_short = len(raw) <= _LONGEST_CACHED
        details, extension = (self._plain if is_short else self._plain.__wrapped__)(raw)
        owner = self._directory.owner(extension) if extension else None
        if owner is None:
            return details
        return (self._details if is_short else self._details.__wrapped__)(raw, owner)

    def normalize(self, raw: str) -> str:
        """The normalized text of *raw*, the key under which it is stored; a key is its own key.

        It is an emergency number (`911`), a SIP address (`sip:bob@example.com`), an international
        number (`+18004562354`, with an extension `+18004562354/12`), an internal extension
        (`/6929`), or the cleaned text where the plan cannot tell.

        Raises:
            NotANumber: as `resolve` does.
        """
        is_short = len(raw) <= _LONGEST_CACHED
        return (self._readings if is_short else self._readings.__wrapped__)(raw).normalized

    def lookup_keys(self, raw: str) -> tuple[str, ...]:
        """The keys under which *raw* may be stored: as entered but clean, then normalized.

        The best is first: what somebody stored as it is dialed is found before any reading of it.
        The key of a number with an extension is followed by the number's own, an emergency number
        by the extension of the same digits.

        Raises:
            NotANumber: as `resolve` does.
        """
        return (self._keys if len(raw) <= _LONGEST_CACHED else self._keys.__wrapped__)(raw)

    def explain(self, raw: str) -> Explanation:
        """Why *raw* is what it is. Asks each rule: milliseconds for each hundred of them."""
        return explain(raw, self.reader, self._directory)


def _read(reader: Reader, raw: str) -> Reading:
    return reader.read(clean(raw))


def _plain(reader: Reader, raw: str) -> tuple[Details, str]:
    """What is said of *raw* where it is nobody's, and the extension that may be somebody's."""
    reading = _read(reader, raw)
    return describe(raw, reading, reader.plan, None), extension_of(reading)


def _details(reader: Reader, raw: str, owner: Owner) -> Details:
    return describe(raw, of_owner(_read(reader, raw), owner), reader.plan, owner)


def _lookup_keys(reader: Reader, raw: str) -> tuple[str, ...]:
    reading = _read(reader, raw)
    key = reading.normalized
    last = f"/{key}" if reading.means is Means.EMERGENCY else split(key).base or key
    return tuple(dict.fromkeys((reading.entered, key, last)))
