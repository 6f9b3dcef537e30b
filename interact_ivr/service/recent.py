"""What was used of late, within bounds of number and time."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Keeps up to *most* entries, those used last, and none that was unused for *lifetime* seconds.

    To look an entry up is to use it.
    """

    def __init__(self, most: int, lifetime: float, clock: Callable[[], float]) -> None:
        self._most = most
        self._lifetime = lifetime
        self._clock = clock
        self._entries: OrderedDict[K, tuple[float, V]] = OrderedDict()
        """With the time of its last use each, the longest unused one first."""

    def __len__(self) -> int:
        self._forget_old()
        return len(self._entries)

    def __contains__(self, key: K) -> bool:
        self._forget_old()
        return key in self._entries

    def get(self, key: K) -> V | None:
        """Give what is kept under *key*."""
        self._forget_old()
        if (entry := self._entries.get(key)) is None:
            return None
        self.put(key, entry[1])
        return entry[1]

    def put(self, key: K, value: V) -> None:
        """Keep *value* under *key*."""
        self._entries[key] = (self._clock(), value)
        self._entries.move_to_end(key)
        if len(self._entries) > self._most:
            self._entries.popitem(last=False)

    def forget(self, key: K) -> None:
        """Keep nothing under *key*."""
        self._entries.pop(key, None)

    def forget_all(self, which: Callable[[V], bool]) -> None:
        """Keep nothing of *which* that is so."""
        for key in [key for key, (_, value) in self._entries.items() if which(value)]:
            del self._entries[key]

    def _forget_old(self) -> None:
        limit = self._clock() - self._lifetime
        while self._entries and next(iter(self._entries.values()))[0] <= limit:
            self._entries.popitem(last=False)
