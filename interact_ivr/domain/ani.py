"""How a calling number is kept: as it is, as a keyed hash that only compares, or not at all."""

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


def stored_ani(ani: Ani | None, setting: AniSetting, key: bytes) -> StoredAni | None:
    """Give what is kept of *ani*: the same for the same *ani*, *setting* and *key*, always.

    Telephone numbers are few enough to be tried one by one: the hash hides nothing from whoever
    has the *key* (1 to 64 bytes).
    """
    if ani is None or setting is AniSetting.NONE:
        return None
    if setting is AniSetting.PLAIN:
        return StoredAni(ani)
    digest = blake2b(ani.encode(), key=key, digest_size=_HASH_BYTES).hexdigest()
    return StoredAni(Ani(HASHED + digest))
