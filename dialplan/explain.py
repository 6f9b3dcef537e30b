"""Why a number is what it is: each step, and each conversion and rule with why it did not match.

The engine looks at no rule that cannot match; here each one is asked, after the answer is known.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import asdict

from dialplan.describing import describe
from dialplan.details import Details
from dialplan.directory import Directory, Owner
from dialplan.owned import owned
from dialplan.plan import Conversion, Plan, Rule
from dialplan.reader import Candidate, Means, Reader, Reading, is_normalized
from dialplan.text import NotANumber, clean

MOST: Final = 1_000
"""Conversions, and rules, that are asked why they do not match."""
_POSITION: Final = re.compile(r"at ([0-9]+):")


class Considered(msgspec.Struct, frozen=True):
    """A conversion or a rule that was asked."""

    number: int
    """Which one of the plan, counted from 1."""
    name: str
    syntax: str
    pattern: str
    place: str
    """The file and the line."""
    text: str
    """What it matched, or came nearest to."""
    matched: bool
    why_not: str
    """Where the pattern stops to match: `at 3: 2 to 9 expected (N), got 1`."""


class Asked(msgspec.Struct, frozen=True):
    """The conversions, or the rules, of a plan."""

    of: int
    """How many the plan has."""
    texts: tuple[str, ...]
    """What they were to match; empty: none was asked."""
    considered: tuple[Considered, ...]
    """Those before the first that matches, and this one."""
    not_listed: int
    """How many others do not match, either."""
    not_looked_at: int
    """How many come after the one that matched."""


class Explanation(msgspec.Struct, frozen=True):
    """How a number was read, in plain values."""

    raw: str
    plan: str
    refused: str
    """Why it is no number; then all else is empty."""
    cleaned: str = ""
    dialed: str = ""
    """Without what is dialed for an outside line."""
    conversions: Asked = Asked(0, (), (), 0, 0)
    converted: str = ""
    rules: Asked = Asked(0, (), (), 0, 0)
    decided: str = ""
    """What made it the number that it is, in a sentence."""
    owner: Mapping[str, str] | None = None
    details: Mapping[str, Any] | None = None

    def as_data(self) -> dict[str, Any]:
        """The same for JSON."""
        data: dict[str, Any] = msgspec.to_builtins(self)
        return data


def explain(
    raw: str, reader: Reader, directory: Directory | None = None, most: int = MOST
) -> Explanation:
    """Say how *raw* is read by *reader*; of rules that do not match, *most* are listed.

    Whose an extension is, *directory* says, the plan's own if none is given.
    """
    plan = reader.plan
    try:
        cleaned = clean(raw)
    except NotANumber as error:
        return Explanation(raw, plan.name, str(error))
    try:
        reading = reader.read(cleaned)
    except NotANumber as error:
        return Explanation(raw, plan.name, str(error), cleaned)
    to_convert, to_rule = reader.offered(reading)
    reading, owner = owned(reading, directory or reader.directory)
    rule = reading.match.index if reading.match else None
    return Explanation(
        raw=raw,
        plan=plan.name,
        refused="",
        cleaned=cleaned,
        dialed=reading.dialed,
        conversions=_asked(plan.conversions, to_convert, reading.conversion, most),
        converted=reading.text,
        rules=_asked(plan.rules, to_rule, rule, most),
        decided=_decided(plan, reading, owner),
        owner=_owner(owner),
        details=_plain(describe(raw, reading, plan, owner)),
    )


def _asked(
    patterns: Sequence[Conversion | Rule],
    offered: Sequence[Candidate],
    first: int | None,
    most: int,
) -> Asked:
    if not offered:
        return Asked(len(patterns), (), (), 0, len(patterns))
    before = len(patterns) if first is None else first
    listed = [*range(min(before, most)), *([] if first is None else [first])]
    return Asked(
        of=len(patterns),
        texts=tuple(each.text for each in offered),
        considered=tuple(_considered(at, patterns[at], offered, at == first) for at in listed),
        not_listed=max(before - most, 0),
        not_looked_at=0 if first is None else len(patterns) - first - 1,
    )


def _considered(
    at: int, asked: Conversion | Rule, offered: Sequence[Candidate], matched: bool
) -> Considered:
    pattern = asked.pattern
    reasons = {each.text: pattern.why_not(each.text) for each in offered}
    if matched:
        text = next(text for text in reasons if pattern.groups(text) is not None)
    else:
        text = max(reasons, key=lambda text: reached(reasons[text]))
    return Considered(
        number=at + 1,
        name=asked.name,
        syntax=pattern.syntax,
        pattern=pattern.source,
        place=str(asked.place),
        text=text,
        matched=matched,
        why_not="" if matched else reasons[text] or "it is not for emergencies",
    )


def reached(why_not: str) -> int:
    """How far a pattern came before it stopped to match."""
    found = _POSITION.match(why_not)
    return int(found[1]) if found else 0


def _decided(plan: Plan, reading: Reading, owner: Owner | None) -> str:
    match, known = reading.match, reading.known
    if match and match.rule.standardized and not is_normalized(match.by.text):
        return f"rule {match.index + 1} says so"
    match reading.means:
        case Means.EMERGENCY:
            return f"an emergency number{_seen_from(plan)}"
        case Means.INTERNAL if owner:
            return f"an extension of the directory: {owner.queue_type.name.lower()} {owner.id}"
        case Means.INTERNAL if reading.text != reading.normalized:
            return f"{len(reading.text)} digits are an extension"
        case Means.INTERNAL:
            return "written as an extension"
        case Means.ADDRESS:
            return "a SIP address"
        case Means.NUMBER if known and known.valid:
            kind = known.kind.value.replace("_", " ")
            return f"a number of {known.region}: {kind}"
        case Means.NUMBER:
            return "as long as a number, but of no numbering plan"
        case _:
            return f"no number that is known{_seen_from(plan)}: dialed as it was entered"


def _seen_from(plan: Plan) -> str:
    home = plan.home_country
    return f" in {home}" if home else ""


def _owner(owner: Owner | None) -> dict[str, str] | None:
    if owner is None:
        return None
    return {
        "extension": owner.extension,
        "type": owner.queue_type.name.lower(),
        "id": owner.id,
        "mailbox": owner.mailbox,
    }


def _plain(details: Details) -> dict[str, Any]:
    return {**asdict(details), "queue_type": details.queue_type.name.lower()}
