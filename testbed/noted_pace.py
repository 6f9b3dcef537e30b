"""A pace that notes which failure each pause was for, and makes none."""

import msgspec

from interact_ivr.pace import Pace


class NotedPace(Pace, frozen=True):
    """`failures` are those that were paused for, in their order."""

    failures: list[int] = msgspec.field(default_factory=list)

    def pause(self, failed: int) -> float:
        """Take note, and go on at once."""
        self.failures.append(failed)
        return 0.0
