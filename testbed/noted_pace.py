"""A pace that notes which failure each pause was for, and makes none."""

from dataclasses import dataclass, field

from interact_ivr.pace import Pace


@dataclass(frozen=True, slots=True)
class NotedPace(Pace):
    """`failures` are those that were paused for, in their order."""

    failures: list[int] = field(default_factory=list)

    def pause(self, failed: int) -> float:
        """Take note, and go on at once."""
        self.failures.append(failed)
        return 0.0
