"""ICWS sessions, in memory and bounded: who opened one, and that it is theirs.

Nothing here knows HTTP, or whether a user is still one. A session ends by itself when it was unused
for a time; a restart ends all.
"""

import secrets
import uuid
from collections import OrderedDict, defaultdict
from collections.abc import Callable

import msgspec

from interact_ivr.domain.names import EnvironmentName

MOST = 10_000
"""At once, of all users: some 10 MB."""
_FIRST_ID, _IDS = 10**14, 9 * 10**14
"""Fifteen digits, each id as likely: a JavaScript number holds it."""


class Session(msgspec.Struct, frozen=True):
    """A user's session, and the two secrets that show it: *token* and *cookie*."""

    id: str
    """Decimal digits; no secret, and not to be guessed either."""
    token: str
    cookie: str
    environment: EnvironmentName
    user: str
    password_hash: str
    """What was kept of the password that opened it."""


class Sessions:
    """All there are. Times are seconds of *clock*, which never goes back."""

    def __init__(
        self,
        clock: Callable[[], float],
        idle_seconds: float,
        most_of_one: int,
        most: int = MOST,
    ) -> None:
        """No user has more than *most_of_one*; both limits may be changed while it is in use."""
        self.idle_seconds = idle_seconds
        self.most_of_one = most_of_one
        self._most = most
        self._clock = clock
        self._used: OrderedDict[str, tuple[float, Session]] = OrderedDict()
        """By id, with the time of the last use; the longest unused one first."""
        self._ids: defaultdict[tuple[EnvironmentName, str], dict[str, None]] = defaultdict(dict)
        """Each user's, in the order in which they were opened."""

    def __len__(self) -> int:
        self._end_idle()
        return len(self._used)

    @property
    def full(self) -> bool:
        """Whether there is room for no other."""
        return len(self) >= self._most

    def open(self, environment: EnvironmentName, user: str, password_hash: str) -> Session:
        """Begin a session, whose id and secrets are new.

        Where *user* has too many, the one that was unused for the longest ends: it may be one of a
        program that has gone without a word.
        """
        self._end_idle()
        theirs = self._ids[environment, user]
        while len(theirs) >= self.most_of_one:
            self.end(min(theirs, key=self._last_use))
        session = Session(
            id=self._new_id(),
            token=secrets.token_urlsafe(32),
            cookie=str(uuid.uuid4()),
            environment=environment,
            user=user,
            password_hash=password_hash,
        )
        self._used[session.id] = (self._clock(), session)
        self._ids[environment, user][session.id] = None
        return session

    def find(self, session_id: str) -> Session | None:
        """Find a session that has not ended. It is not used by that."""
        entry = self._used.get(session_id)
        if entry is None:
            return None
        if entry[0] <= self._clock() - self.idle_seconds:
            self.end(session_id)
            return None
        return entry[1]

    def use(self, session: Session) -> None:
        """Take note that it is in use, now."""
        if session.id in self._used:
            self._used[session.id] = (self._clock(), session)
            self._used.move_to_end(session.id)

    def end(self, session_id: str) -> None:
        """End a session; one there is not has ended already."""
        entry = self._used.pop(session_id, None)
        if entry is None:
            return
        owner = (entry[1].environment, entry[1].user)
        del self._ids[owner][session_id]
        if not self._ids[owner]:
            del self._ids[owner]

    def _last_use(self, session_id: str) -> float:
        return self._used[session_id][0]

    def _end_idle(self) -> None:
        limit = self._clock() - self.idle_seconds
        while self._used:
            oldest, (used, _) = next(iter(self._used.items()))
            if used > limit:
                return
            self.end(oldest)

    def _new_id(self) -> str:
        while (new := str(_FIRST_ID + secrets.randbelow(_IDS))) in self._used:
            continue
        return new
