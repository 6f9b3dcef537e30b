"""An explanation as text for people, in colours where they are wanted."""

from collections.abc import Iterator, Sequence
from typing import Final

from dialplan.explain import Asked, Considered, Explanation, reached

SHOWN: Final = 20
"""Of the conversions, and rules, that do not match: those that came nearest."""
_BOLD, _DIM, _RED, _GREEN = "1", "2", "31", "32"
_LABEL: Final = 16


def as_text(explanation: Explanation, *, colours: bool = False) -> str:
    """Write *explanation* in lines; with *colours*, in those of ANSI terminals."""
    lines = _lines(explanation)
    return "\n".join(_painted(line, colours) for line in lines)


Line = list[tuple[str, str]]
"""Pieces of text, each with its colour."""


def _lines(told: Explanation) -> Iterator[Line]:
    yield [(shown(told.raw), _BOLD), (f"  by the plan {told.plan}", _DIM)]
    if told.cleaned:
        yield _fact("cleaned", told.cleaned)
    if told.refused:
        yield [("refused".ljust(_LABEL), ""), (told.refused, _RED)]
        return
    if told.dialed != told.cleaned:
        yield _fact("without prefix", told.dialed)
    yield from _asked("conversions", told.conversions)
    if told.converted != told.dialed:
        yield _fact("goes on as", told.converted)
    yield from _asked("rules", told.rules)
    yield [("it is".ljust(_LABEL), ""), (shown(told.decided), _BOLD)]
    yield from _details(told)


def _details(told: Explanation) -> Iterator[Line]:
    details = dict(told.details or {})
    classes = ", ".join(details["classifications"])
    yield [("normalized".ljust(_LABEL), ""), (shown(details["normalized_text"]), _GREEN)]
    yield [("classes".ljust(_LABEL), ""), (shown(classes), _RED if details["emergency"] else "")]
    yield _fact("display", details["display_text"])
    if details["edit_base"]:
        yield _fact("edit base", details["edit_base"])
    if details["extension"]:
        how = "dialed, too" if details["auto_dial_extension"] else "for information"
        yield _fact("extension", f"{details['extension']} ({how})")
    if told.owner:
        mailbox = f", mailbox {told.owner['mailbox']}" if told.owner["mailbox"] else ""
        yield _fact("owner", f"{told.owner['type']} {told.owner['id']}{mailbox}")
        yield _fact("queue", details["queue_name"])
    if details["dial_capable"]:
        yield _fact("dial string", details["dial_string"])
    else:
        yield [("dial string".ljust(_LABEL), ""), ("none: it may not be dialed", _RED)]
    if details["description"]:
        yield _fact("description", details["description"])


def _asked(label: str, asked: Asked) -> Iterator[Line]:
    if not asked.of:
        return
    if not asked.texts:
        yield _fact(label, "not asked: the number stands already")
        return
    yield _fact(label, f"asked for {' and '.join(asked.texts)}")
    listed = _nearest(asked.considered)
    for each in listed:
        yield _considered(each)
    others = len(asked.considered) - len(listed) + asked.not_listed
    for count, what in (
        (others, "others do not match"),
        (asked.not_looked_at, "were not looked at"),
    ):
        if count:
            yield [("".ljust(_LABEL), ""), (f"{count:,} {what}", _DIM)]


def _nearest(considered: Sequence[Considered]) -> Sequence[Considered]:
    """The one that matched, and of the others those whose patterns came farthest."""
    missed = [each for each in considered if not each.matched]
    nearest = sorted(missed, key=lambda each: -reached(each.why_not))[:SHOWN]
    return [each for each in considered if each.matched or each in nearest]


def _considered(each: Considered) -> Line:
    syntax = "" if each.syntax == "vendor" else f" ({each.syntax})"
    what = f"{each.number:>5} {each.name or each.place}: {each.pattern}{syntax}"
    if each.matched:
        return [("".ljust(_LABEL - 6), ""), (f"{shown(what)} matches {shown(each.text)}", _GREEN)]
    return [("".ljust(_LABEL - 6), ""), (f"{shown(what)}  {shown(each.why_not)}", _DIM)]


def _fact(label: str, value: str) -> Line:
    return [(label.ljust(_LABEL), ""), (shown(value), "")]


def shown(text: str) -> str:
    """*text* without what would move a terminal's cursor or turn its writing round."""
    return text if text.isprintable() else ascii(text)[1:-1]


def _painted(line: Line, colours: bool) -> str:
    text = "".join(
        f"\x1b[{colour}m{piece}\x1b[0m" if colours and colour and piece else piece
        for piece, colour in line
    )
    return text.rstrip()
