"""Which number a text is, by a plan: emergency, converted, internal, a rule's or some country's.

Each step gives the text that goes on to the next. What is written in its normalized form (`+...`,
`/...`, a SIP address) keeps its number, whatever conversions and rules there are: so a normalized
text normalizes to itself by construction. What is said of a number is `describing`'s.
"""

from collections.abc import Iterable, Sequence
from enum import Enum, auto
from typing import Final, NamedTuple

import msgspec

from dialplan.dialing import Dialing
from dialplan.directory import StaticDirectory
from dialplan.metadata import Known, calling_code
from dialplan.patterns import Matcher
from dialplan.plan import Plan, Rule
from dialplan.shadows import emergencies
from dialplan.text import MAX_LENGTH, NotANumber, Written, clean, split


class Means(Enum):
    """What a text turned out to be."""

    EMERGENCY = auto()
    INTERNAL = auto()
    ADDRESS = auto()
    """SIP."""
    NUMBER = auto()
    """Of some country's numbering plan."""
    NOTHING_KNOWN = auto()
    """It is dialed as it was entered, or as a rule has it."""


class Candidate(NamedTuple):
    """A text for patterns to match. A tuple: each number has two, and is to be read quickly."""

    text: str
    separator: str = ""
    extension: str = ""
    """What stands behind the text and goes along with it."""


class Match(msgspec.Struct, frozen=True):
    """Which rule is the first, and what it matched."""

    index: int
    rule: Rule
    by: Candidate

    @property
    def groups(self) -> tuple[str, ...]:
        """What the wildcards took."""
        return self.rule.pattern.groups(self.by.text) or ()


class Reading(msgspec.Struct, frozen=True):
    """How a clean text was read."""

    entered: str
    dialed: str
    """Without the prefixes of the site."""
    conversion: int | None
    """Which one was the first, counted from 0."""
    text: str
    """What the rules were for: as converted, or as the directory knows it."""
    means: Means
    normalized: str
    known: Known | None = None
    match: Match | None = None


class Number(NamedTuple):
    """A text that is read as far as it can be without a rule. A tuple, for the same reason."""

    means: Means
    written: Written
    known: Known | None = None


class Reader:
    """Reads by one plan."""

    def __init__(self, plan: Plan) -> None:
        """Index the patterns of *plan*."""
        self.plan: Final = plan
        self.directory: Final = StaticDirectory(plan.owners)
        self._dialing = Dialing(plan)
        self._conversions = Matcher([each.pattern for each in plan.conversions])
        self._rules = Matcher([each.pattern for each in plan.rules])
        self._changes_texts = bool(
            plan.conversions or plan.outside_line or plan.international_prefixes
        )
        self.emergencies: Final = {number: self._for(number) for number in emergencies(plan)}
        code = calling_code(plan.home_country)
        numbers = {f"+{code}{number}": number for number in self.emergencies if code}
        self._with_code = {
            text: number
            for text, number in numbers.items()
            if not ((known := self._dialing.known(text)) and known.valid)
        }
        """As `tel:911;phone-context=+1` comes."""

    def read(self, entered: str) -> Reading:
        """Read *entered*, which is clean.

        Raises:
            NotANumber: a conversion or a rule makes of it what nobody can dial.
        """
        written = split(entered)
        if number := self._emergency(written):
            return self._of_emergency(entered, entered, None, number)
        dialed, conversion = written, None
        if self._changes_texts and not is_normalized(entered):
            dialed = Written(
                self._dialing.without_prefixes(written.base), written.separator, written.extension
            )
            conversion, written = self._converted(dialed)
            if number := self._emergency(written):
                return self._of_emergency(entered, dialed.text, conversion, number)
        if not written.extension and self.directory.owner(written.base):
            written = Written("", "/", written.base)
        number_, match = self._by_rules(written)
        if number_.means is Means.EMERGENCY:
            return self._of_emergency(entered, dialed.text, conversion, number_.written.text)
        normalized = number_.written.text
        if len(normalized) > MAX_LENGTH:
            raise NotANumber(f"at most {MAX_LENGTH} characters", f"{len(normalized)}")
        return Reading(
            entered, dialed.text, conversion, written.text,
            number_.means, normalized, number_.known, match,
        )  # fmt: skip

    def offered(self, reading: Reading) -> tuple[Sequence[Candidate], Sequence[Candidate]]:
        """What the conversions, and the rules, were given to match for *reading*.

        For rules that is the text and the number that it is without any rule, so that a rule finds
        a number however it was written; each whole, and without its extension, which goes along.
        """
        if reading.means is Means.EMERGENCY:
            return [], [reading.match.by] if reading.match else []
        written = split(reading.text)
        converted = [] if is_normalized(reading.entered) else _candidates(split(reading.dialed))
        return converted, _candidates(written, self._plainly(written).written)

    def _by_rules(self, written: Written) -> tuple[Number, Match | None]:
        plain = self._plainly(written)
        found = self.plan.rules and _first(self._rules, _candidates(written, plain.written))
        if not found:
            return plain, None
        index, by = found
        match = Match(index, self.plan.rules[index], by)
        if match.rule.standardized is None or is_normalized(by.text):
            return plain, match
        standardized = _behind(clean(match.rule.standardized.render(match.groups)), by)
        if number := self._emergency(standardized):
            return Number(Means.EMERGENCY, Written(number)), match
        if not is_normalized(standardized.text):
            return Number(Means.NOTHING_KNOWN, standardized), match
        return self._plainly(standardized), match

    def _plainly(self, written: Written) -> Number:
        """Read *written* by the site and the metadata."""
        base = written.base
        if ":" in base:
            scheme, _, address = base.partition(":")  # RFC 3261: schemes compare without case
            return Number(Means.ADDRESS, Written(f"{scheme.lower()}:{address}"))
        if not base:
            return Number(Means.INTERNAL, written)
        if self._dialing.is_extension(base):
            return Number(Means.INTERNAL, Written("", "/", base))
        known = self._dialing.known(base)
        if known is None:
            return Number(Means.NOTHING_KNOWN, written)
        if known.e164 in self._with_code:  # +27 (0) 10111: or the key would have another key
            return Number(Means.EMERGENCY, Written(self._with_code[known.e164]))
        with_plus = Written(known.e164, written.separator, written.extension)
        return Number(Means.NUMBER, with_plus, known)

    def _converted(self, written: Written) -> tuple[int | None, Written]:
        found = _first(self._conversions, _candidates(written))
        if found is None:
            return None, written
        index, by = found
        conversion = self.plan.conversions[index]
        groups = conversion.pattern.groups(by.text) or ()
        return index, _behind(clean(conversion.standardized.render(groups)), by)

    def _emergency(self, written: Written) -> str:
        """The emergency number that this is, also behind an outside line's prefix, or "".

        Whatever is behind it: who dials an extension there, or writes it as one, wants help.
        """
        digits = written.base or written.extension
        if digits in self.emergencies:
            return digits
        if digits in self._with_code:
            return self._with_code[digits]
        for prefix in self.plan.outside_line:
            if digits.startswith(prefix) and digits.removeprefix(prefix) in self.emergencies:
                return digits.removeprefix(prefix)
        return ""

    def _of_emergency(
        self, entered: str, dialed: str, conversion: int | None, number: str
    ) -> Reading:
        match = self.emergencies[number]
        return Reading(entered, dialed, conversion, number, Means.EMERGENCY, number, match=match)

    def _for(self, number: str) -> Match | None:
        """The first rule for emergencies that matches this one."""
        rules = ((index, self.plan.rules[index]) for index in self._rules.all(number))
        matches = (Match(index, rule, Candidate(number)) for index, rule in rules if rule.emergency)
        return next(matches, None)


def is_normalized(text: str) -> bool:
    """Whether *text*, which is clean, is written in its normalized form, and keeps its number."""
    return text.startswith(("+", "/")) or ":" in text


def _candidates(*texts: Written) -> list[Candidate]:
    """What patterns may match of *texts*, each once."""
    found: list[Candidate] = []
    for written in texts:
        if found and written.text == found[0].text:
            continue
        found.append(Candidate(written.text))
        if written.base and written.extension:
            found.append(Candidate(written.base, written.separator, written.extension))
    return found


def _first(matcher: Matcher, candidates: Iterable[Candidate]) -> tuple[int, Candidate] | None:
    """The first pattern of all that match one of *candidates*, of which the first counts."""
    found: tuple[int, Candidate] | None = None
    for candidate in candidates:
        index = matcher.first(candidate.text)
        if index is not None and (found is None or index < found[0]):
            found = index, candidate
    return found


def _behind(text: str, by: Candidate) -> Written:
    """*text*, which stands for *by*, with what was behind that."""
    written = split(text)
    if by.extension and written.base and not written.extension:
        return Written(written.base, by.separator, by.extension)
    return written
