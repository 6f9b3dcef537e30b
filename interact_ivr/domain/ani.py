"""How a calling number is kept: what people may see of it, and what calls are compared by."""

from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import NewType

from interact_ivr.domain.names import Ani

StoredAni = NewType("StoredAni", Ani)
"""What the store may know of a calling number; the call itself learns the plain one."""

HASHED = "h:"
"""Begins every hash, as no normalized number does."""
_HASH_BYTES = 16


class AniSetting(StrEnum):
    """What is kept of a calling number."""

    PLAIN = "plain"
    HASH = "hash"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class AniKeeping:
    """What becomes of calling numbers in a store: the same of the same number, always.

    Telephone numbers are few enough to be tried one by one: a hash hides nothing from whoever has
    the *key* (up to 64 bytes).
    """

    setting: AniSetting = AniSetting.PLAIN
    key: bytes = field(default=b"", repr=False)

    def stored(self, ani: Ani) -> StoredAni | None:
        """Give what the journal says of *ani*, where its caller lets it be seen."""
        return StoredAni(ani) if self.setting is AniSetting.PLAIN else self.compared(ani)

    def compared(self, ani: Ani) -> StoredAni | None:
        """Give what tells *ani* from others: a hash, or nothing where nothing is kept.

        Not even the store's file shows a withheld number by it; and it is the same whether the
        number was withheld or not.
        """
        if self.setting is AniSetting.NONE:
            return None
        digest = blake2b(ani.encode(), key=self.key, digest_size=_HASH_BYTES).hexdigest()
        return StoredAni(Ani(HASHED + digest))


PLAINLY = AniKeeping()
"""Without a key of a store's."""
