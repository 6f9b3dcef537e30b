"""How long to wait before what has failed is tried again."""

import random

import msgspec


class Pace(msgspec.Struct, frozen=True):
    """How long the pause before the next attempt is, in seconds: doubled from *first* to *most*.

    Each is cut at random, by up to a half, so that nodes that lost the same PBX come back one after
    the other. *most* bounds how long a PBX that is back goes unnoticed.
    """

    first: float = 0.1
    most: float = 2.0
    stable: float = 10.0
    """How long what was tried again must have held for its next failure to be a first one."""

    def after(self, failed: int, held_seconds: float) -> int:
        """Count one more failure after so many that *failed*, of what had held so long."""
        return 1 if held_seconds >= self.stable else failed + 1

    def pause(self, failed: int) -> float:
        """Give the pause after so many attempts that *failed*, counted from 1."""
        longest = min(self.first * 2.0 ** min(failed - 1, 16), self.most)
        return longest * random.uniform(0.5, 1)  # noqa: S311  nothing secret hangs on it
