"""How late what Asterisk says arrives, though its clock need not be ours."""

from datetime import datetime, timedelta

_PERIOD = timedelta(minutes=1)


class Lag:
    """Compares each event's age with that of the quickest event of the last minute or two.

    The two clocks may differ by any amount, and by another one after somebody has set one of them:
    the difference is in the quickest event's age as well. What it cannot see is a lateness that
    all events of that time have in common.
    """

    def __init__(self) -> None:
        self._began: datetime | None = None
        self._quickest: timedelta | None = None
        self._before: timedelta | None = None

    def of(self, said: datetime, now: datetime) -> float:
        """Give by how many seconds an event that was *said* then is late *now*."""
        age = now - said
        if self._began is None or not timedelta(0) <= now - self._began < _PERIOD:
            self._began, self._before, self._quickest = now, self._quickest, None
        self._quickest = age if self._quickest is None else min(self._quickest, age)
        quickest = self._quickest if self._before is None else min(self._quickest, self._before)
        return (age - quickest).total_seconds()
