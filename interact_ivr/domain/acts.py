"""Acts of administrators: who does what to what, and what becomes of it; never with a secret.

An act that is under way is found in its task's context, as what is logged finds its call: whoever
changes the store need not be told whose change it is, and cannot forget to say so.
"""

import json
import re
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from interact_ivr.domain.shown import shown

_MOST_LISTED, _MOST_TEXT, _MOST_OBJECT, _MOST_REASON = 5, 200, 2_000, 300
_MOST_SETTINGS, _MOST_VALUE = 16, 40
"""More than there are: none of those that were changed is left out."""
_SPOKEN_OF: Final = (
    *("tenant", "environment", "application", "name", "allocates_from", "settings", "quotas"),
    *("user", "role", "prefix", "dial_plan", "extensions", "expires_in_days"),
    *("number", "numbers", "group", "state", "dnid", "enabled", "force", "allocation", "tombstone"),
    *("new", "already_there", "asked", "changed", "plan_sha256", "former_sha256", "not_told"),
)
"""What of a request is put on record. A key, a password and whose an interaction is are not among
them, nor is what may come to requests later."""
_ALSO_SPOKEN_OF: Final = {
    "number.enable_matching": ("state", "prefix", "text"),
    "db.backup": ("file", "bytes"),
    "db.restore": ("file",),
    "db.migrate": ("schema",),
    "db.copy": ("source",),
}
"""Which numbers or files were meant; elsewhere such a text may be anything, and a prefix of a
secret."""
_MAY_BE_SOMEBODY: Final = {"text"}
"""What numbers are found by may be an interaction's id, which is to be forgotten with it: told is
that there was one, and which numbers it found."""
_AMBIGUOUS: Final = re.compile(r'[\s="]')
_COMMA: Final = re.compile(r"[,\\]")
_PREFIXES: Final = {"application.key.remove": 6, "token.remove": 12}
"""How much is told of what a secret begins with: somebody may give all of it."""
_LONGEST_PREFIX: Final = 12
_UNTOLD: Final = {*_PREFIXES, "journal.forget", "allocate", "free"}
"""Why these are refused is told by a code alone: the sentence repeats a secret, or whose it is."""


class Outcome(StrEnum):
    """What became of an act."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class Actor(msgspec.Struct, frozen=True):
    """Who acts, and where they ask from."""

    who: str
    """``user acme/olena``, ``token 0123456789ab``, ``uid 0 (root)``."""
    source: str
    """An address, ``control socket``, ``command line`` or ``signal``."""


CONTROL_SOCKET, COMMAND_LINE, SIGNAL = "control socket", "command line", "signal"
LOCAL: Final = {CONTROL_SOCKET, COMMAND_LINE, SIGNAL}
"""Where the operator asks from."""
NOBODY: Final = Actor("", "")
"""Somebody of whom nothing is known, as in a test."""


class Told(msgspec.Struct, frozen=True):
    """What is on record of an act."""

    who: str
    source: str
    action: str
    object: str
    tenant: str
    """Whose it is; empty: the installation's."""
    environment: str
    """``tenant/environment``; empty: none."""
    outcome: Outcome
    reason: str | None = None


class Entry(msgspec.Struct, frozen=True):
    """An act that was put on record."""

    id: str
    at: datetime
    told: Told


class Sought(msgspec.Struct, frozen=True):
    """Which entries are looked for; what is None or empty does not matter."""

    tenant: str | None = None
    environment: str | None = None
    who: str = ""
    """A part of it."""
    action: str = ""
    """It, or what it begins with up to a dot."""
    since: datetime | None = None


class Act:
    """An act that is under way."""

    def __init__(self, actor: Actor, action: str, tenant: str = "", environment: str = "") -> None:
        self.actor = actor
        self.action = action
        self.tenant = tenant
        self.environment = environment
        self.is_recorded = False
        """Its entry was written with the change itself."""
        self.goes_on = False
        """More was done than the first change, which is on record: its end is, too."""
        self.changes = True
        """False: it only tries what would change."""
        self.refused: str | None = None
        """Why it was refused, where that is told by an answer."""
        self._spoken: dict[str, str] = {}

    def speak_of(self, facts: Mapping[str, object]) -> None:
        """Add what of *facts* may be put on record."""
        self.changes = self.changes and facts.get("dry_run") is not True
        also = _ALSO_SPOKEN_OF.get(self.action, ())
        for name in (*_SPOKEN_OF, *also):
            if (value := facts.get(name)) not in (None, "", (), []):
                self._spoken[name] = "…" if name in _MAY_BE_SOMEBODY else _written(value)
        if "prefix" not in also and (prefix := self._spoken.get("prefix")) is not None:
            self._spoken["prefix"] = prefix[: _PREFIXES.get(self.action, _LONGEST_PREFIX)]

    def told(self, outcome: Outcome = Outcome.DONE, reason: str | None = None) -> Told:
        """Say what is to be put on record of it."""
        text = " ".join(f"{name}={_quoted(value)}" for name, value in self._spoken.items())
        return Told(
            who=shown(self.actor.who),
            source=shown(self.actor.source),
            action=shown(self.action, _MOST_TEXT),
            object=shown(_cut(text, _MOST_OBJECT), _MOST_OBJECT + 1),
            tenant=shown(self.tenant),
            environment=shown(self.environment),
            outcome=outcome,
            reason=None if reason is None else shown(reason, _MOST_REASON),
        )

    def why(self, code: str, sentence: str) -> str:
        """Say why it was refused, as far as that may be put on record."""
        return code if self.action in _UNTOLD else f"{code}: {sentence}"


UNDER_WAY: Final[ContextVar[Act | None]] = ContextVar("act", default=None)
"""The act of whoever asks here and now, if it is one."""


def speak_of(facts: Mapping[str, object]) -> None:
    """Add *facts* to the act that is under way, if there is one."""
    if (act := UNDER_WAY.get()) is not None:
        act.speak_of(facts)


def say_more() -> None:
    """Have the act under way on record at its end as well: it is done in several steps."""
    if (act := UNDER_WAY.get()) is not None:
        act.goes_on = act.is_recorded


def say_refused(code: str, sentence: str) -> None:
    """Say why the act under way is refused, where an answer tells it and no error leaves it."""
    if (act := UNDER_WAY.get()) is not None:
        act.refused = act.why(code, sentence)


def _written(value: object) -> str:
    match value:
        case Mapping():
            settings = [f"{name}:{_cut(str(text), _MOST_VALUE)}" for name, text in value.items()]
            return _listed(settings, _MOST_SETTINGS)
        case str():
            return _cut(value, _MOST_TEXT)
        case Iterable():
            return _listed([str(each) for each in value])
    return str(value)


def _quoted(value: str) -> str:
    """Let no value pass for two, or for another's."""
    return json.dumps(value, ensure_ascii=False) if _AMBIGUOUS.search(value) else value


def _cut(text: str, most: int) -> str:
    """Give its end, too: a number that begins with zeros is told by that."""
    return text if len(text) <= most else f"{text[: most // 2]}…{text[-most // 2 :]}"


def _listed(values: list[str], most: int = _MOST_LISTED) -> str:
    """Write them side by side, those after *most* as a count; a comma within one escaped."""
    text = ",".join(_COMMA.sub(r"\\\g<0>", _cut(each, _MOST_TEXT)) for each in values[:most])
    return text if len(values) <= most else f"{text},… ({len(values)})"
