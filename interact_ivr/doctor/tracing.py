"""Where calls go in an Asterisk dialplan: who reaches our Gosubs, and from where they may not.

What an expression decides is not known here: such a step may lead anywhere, and is said to.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from dialplan.patterns import Matcher, Pattern, PatternError, parse
from interact_ivr.doctor.asterisk_dialplan import AsteriskDialplan, Step

OURS: Final = "interact-"
"""How the names of our contexts begin."""
RETRIEVE: Final = "interact-retrieve"
_JUMPS: Final = frozenset({"goto", "gotoif", "gosub", "gosubif", "execif"})
_WITHIN: Final = re.compile(r"\b(?:goto|gosub)\(([^()]*)", re.IGNORECASE)
_OPTION: Final = re.compile(r"(?P<letter>[UbB])\((?P<place>[^)]*)\)")
_HANDLER: Final = re.compile(r"hangup_handler_(?:push|wipe)\)=(?P<place>.*)", re.IGNORECASE)
_OPTIONS_AT: Final = {"dial": 2, "queue": 1, "page": 1, "retrydial": 5}
"""Which argument of an application has the options, counted from 0."""
_QUEUE_GOSUB: Final = 6
_VARIABLE: Final = "${"
_NOT_DIALED: Final = frozenset({"h", "i", "t", "T", "e", "o", "a"})
"""Extensions that Asterisk goes to by itself."""


class Place(msgspec.Struct, frozen=True):
    """An extension of a context."""

    context: str
    extension: str


class Entry(msgspec.Struct, frozen=True):
    """A way into the dialplan on which no Gosub of ours may be called."""

    how: str
    step: Step
    place: Place


class Tracer:
    """Follows calls through one dialplan; what an extension leads to is found by its name."""

    def __init__(self, dialplan: AsteriskDialplan) -> None:
        self._dialplan = dialplan
        self._by_name: dict[Place, list[Step]] = {}
        self._patterns: dict[str, Extensions] = {}
        for step in dialplan.all():
            self._by_name.setdefault(Place(step.context, step.extension), []).append(step)
        for context, steps in dialplan.steps.items():
            names = dict.fromkeys(step.extension for step in steps)
            self._patterns[context] = Extensions([each for each in names if each.startswith("_")])

    def asks(self, place: Place) -> bool | None:
        """Say whether a call there comes to one of our Gosubs; None: an expression decides."""
        seen: set[Place] = set()
        waiting, unknown = [place], False
        while waiting:
            here = waiting.pop()
            if here.context.startswith(OURS):
                return True
            if here in seen:
                continue
            seen.add(here)
            for step in self._steps(here):
                if _is_our_agi(step):
                    return True
                for there in targets(step):
                    unknown = unknown or _VARIABLE in there.context
                    waiting.append(there)
        return None if unknown else False

    def asking(self, context: str) -> list[str]:
        """Name the extensions of a context, or of what it includes, that may come to our Gosubs."""
        named = {
            step.extension
            for name in self._dialplan.reached(context)
            for step in self._dialplan.steps.get(name, ())
            if not name.startswith(OURS) and step.extension not in _NOT_DIALED
        }
        return [each for each in sorted(named) if self.asks(Place(context, each)) is not False]

    def _steps(self, place: Place) -> Iterator[Step]:
        """Give the steps of an extension; where that is an expression, of all of the context."""
        for context in self._dialplan.reached(place.context):
            if _VARIABLE in place.extension:
                yield from self._dialplan.steps.get(context, ())
            elif found := self._by_name.get(Place(context, place.extension)):
                yield from found
            elif context in self._patterns:
                pattern = self._patterns[context].first(place.extension)
                yield from self._by_name.get(Place(context, pattern), ())


class Extensions:
    """Patterns of extensions, of which one is looked for that fits."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = [each for each in map(_parsed, patterns) if each is not None]
        self._matcher = Matcher(self._patterns) if self._patterns else None

    def first(self, dialed: str) -> str:
        """Give the pattern that *dialed* fits; "" where there is none."""
        found = None if self._matcher is None else self._matcher.first(dialed)
        return "" if found is None else self._patterns[found].source


def _parsed(pattern: str) -> Pattern | None:
    try:
        return parse(pattern, "asterisk")
    except PatternError:  # Asterisk takes it for what it is; nothing that is dialed fits
        return None


def targets(step: Step) -> Iterator[Place]:
    """Give where a step may lead."""
    if step.application in ("goto", "gosub"):
        yield _place(step, step.data)
    elif step.application in _JUMPS:
        inner = _WITHIN.findall(step.data) if step.application == "execif" else []
        branches = step.data.partition("?")[2] if step.application != "execif" else ""
        for label in (*inner, *filter(None, split(branches, ":"))):
            yield _place(step, label)


def entries(dialplan: AsteriskDialplan) -> Iterator[Entry]:
    """Give every way in on which Asterisk would end the call when a guard fires."""
    for step in dialplan.all():
        if step.context.startswith(OURS):
            continue
        if step.extension == "h":
            yield Entry("extension h", step, Place(step.context, "h"))
        if found := _HANDLER.search(step.data):
            yield Entry("a hang-up handler", step, _place(step, found["place"]))
        if step.application in _OPTIONS_AT:
            yield from _of_options(step)


def _of_options(step: Step) -> Iterator[Entry]:
    arguments = split(step.data, ",")
    at = _OPTIONS_AT[step.application]
    if len(arguments) > at:
        for found in _OPTION.finditer(arguments[at]):
            named = found["place"].partition("(")[0].split("^")
            if found["letter"] == "U":
                place = Place(named[0], "s")
            else:
                place = _place(step, ",".join(named))
            yield Entry(f"{found['letter']}()", step, place)
    if step.application == "queue" and len(arguments) > _QUEUE_GOSUB and arguments[_QUEUE_GOSUB]:
        yield Entry("Queue's gosub", step, Place(arguments[_QUEUE_GOSUB].split(",")[0], "s"))


def _place(step: Step, text: str) -> Place:
    """Read ``[[context,]extension,]priority[(arguments)]`` as it is meant at *step*."""
    parts = [part.strip() for part in split(text.strip(), ",")]
    match parts:
        case [context, extension, _, *_]:
            return Place(context, extension)
        case [extension, _]:
            return Place(step.context, extension)
    return Place(step.context, step.extension)


def split(text: str, at: str) -> list[str]:
    """Split where no bracket of any kind is open."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        if sign == at and depth <= 0:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def _is_our_agi(step: Step) -> bool:
    return step.application == "agi" and "retrieve_interaction" in step.data
