"""Who is signed in to the console: in memory only, so a restart signs everybody out.

A session ends with its user, and with their password and role as they were when it began.
"""

import secrets
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from interact_ivr.domain.access import Digest, digest
from interact_ivr.domain.directory import KnownUser

MOST, MOST_OF_ONE = 1_000, 20
"""Sessions at once, of all users and of one; who comes then takes the place of the one that was
not used for longest: of their own, or of the tenant's that has most, so that none takes all."""

MOST_NOTES = 20
"""Actions of one session of which the next page tells."""

FindUser = Callable[[str, str], KnownUser | None]
"""Finds a user by tenant and name."""


class Limits(msgspec.Struct, frozen=True):
    """How long a session lasts, in seconds."""

    idle: float = 1800.0
    whole: float = 43_200.0


@dataclass(slots=True)
class Session:
    """One person's, in one browser."""

    user: KnownUser
    begun: float
    used: float
    form_token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    """Stands in each form: nobody else's page can know it."""
    notes: deque["Note"] = field(default_factory=lambda: deque(maxlen=MOST_NOTES))
    """What the next page is to say, once; of too many, the latest."""


class Note(msgspec.Struct, frozen=True):
    """What became of an action."""

    text: str
    secret: str = ""
    """A key or a token that was just made: it is not seen again."""
    warnings: tuple[str, ...] = ()


class Sessions:
    """All of them. *clock* gives seconds, and never goes back."""

    def __init__(
        self,
        find_user: FindUser,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits = limits or Limits()
        """May be set while it runs."""
        self._find_user = find_user
        self.clock = clock
        self._open: dict[Digest, Session] = {}
        """The one used last is the last."""

    def __len__(self) -> int:
        """Count them; some may have run out."""
        return len(self._open)

    def begin(self, user: KnownUser) -> tuple[str, Session]:
        """Begin one; give what the browser is to show, and it."""
        now = self.clock()
        theirs = [key for key, each in self._open.items() if _is_same(each.user, user)]
        if len(theirs) >= MOST_OF_ONE:
            del self._open[theirs[0]]
        elif len(self._open) >= MOST:
            del self._open[self._least_missed(user.tenant)]
        shown = secrets.token_urlsafe(32)
        session = self._open[digest(shown)] = Session(user, now, now)
        return shown, session

    def find(self, shown: str) -> Session | None:
        """Find the session of who shows this; it has been used then."""
        key = digest(shown)
        session = self._open.get(key)
        if session is None:
            return None
        now = self.clock()
        idle, age = now - session.used, now - session.begun
        user = self._find_user(session.user.tenant, session.user.name)
        if idle >= self.limits.idle or age >= self.limits.whole or user != session.user:
            del self._open[key]
            return None
        session.used = now
        self._open[key] = self._open.pop(key)
        return session

    def end(self, shown: str) -> None:
        """End the session of who shows this."""
        self._open.pop(digest(shown), None)

    def _least_missed(self, tenant: str) -> Digest:
        """Find the longest unused one of the tenant that has most, once *tenant* has another."""
        counts = Counter([tenant, *(each.user.tenant for each in self._open.values())])
        most = max(counts, key=lambda each: counts[each])  # of equals, who comes
        return next(key for key, each in self._open.items() if each.user.tenant == most)


def _is_same(one: KnownUser, other: KnownUser) -> bool:
    return (one.tenant, one.name) == (other.tenant, other.name)
