"""What a PBX's Asterisk dialplan means to us: are the Gosubs there, asked, and asked rightly."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from interact_ivr.doctor.asterisk_dialplan import AsteriskDialplan
from interact_ivr.doctor.checks_pbx import Host, Outcome
from interact_ivr.doctor.facts import Facts, FileFacts, PbxFacts, PoolNumber
from interact_ivr.doctor.finding import Unseen
from interact_ivr.doctor.kinds import Found, Kind
from interact_ivr.doctor.tracing import Extensions, Tracer, entries

_USUAL_ADDRESS: Final = "127.0.0.1:4573"
_EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104  what is compared
_SHORTEST: Final = 3
"""Digits that a trunk delivers at least."""
_SHOWN: Final = 5


def gosubs(facts: Facts, pbx: PbxFacts) -> Outcome:
    """Compare our contexts, as they are loaded, with the shipped ones; name why they differ."""
    if pbx.dialplan is None:
        yield _unseen(pbx)
        return
    names = tuple(facts.gosubs.steps)
    wanted, loaded = facts.gosubs.of(names), pbx.dialplan.of(names)
    files = pbx.files or FileFacts()
    in_file = files.dialplan.of(names) if files.dialplan else frozenset()
    if wanted == loaded:
        return
    if files.fault:
        yield Kind.DIALPLAN_BROKEN(files.fault)
    elif in_file == wanted:
        yield Kind.DIALPLAN_NOT_RELOADED("its file has this release's Gosubs, loaded are others")
    elif loaded:
        first = min(wanted ^ loaded)
        yield Kind.GOSUB_EDITED(f"{len(wanted ^ loaded)} priorities differ, first {first.place}")
    elif files.has_ours:
        yield Kind.GOSUB_NOT_INCLUDED("extensions.conf includes no extensions_interact.conf")
    else:
        yield Kind.GOSUB_ABSENT(f"neither [{names[0]}] nor a file that has it is there")


def _unseen(pbx: PbxFacts) -> Unseen:
    return Unseen(pbx.unseen or "the PBX did not tell its Asterisk dialplan")


def loaded(_: Facts, pbx: PbxFacts) -> Outcome:
    """Say whether the inbound contexts are loaded as their file has them."""
    files = pbx.files
    if pbx.dialplan is None:
        yield _unseen(pbx)
    elif files is None or (files.dialplan is None and not files.fault):
        yield Unseen("asterisk -rx does not tell what the files have by now")
    elif files.fault:
        yield Kind.DIALPLAN_BROKEN(files.fault)
    elif files.dialplan is not None:
        for name in pbx.config.contexts:
            in_file = files.dialplan.of((name,))
            if in_file and in_file != pbx.dialplan.of((name,)):
                yield Kind.DIALPLAN_NOT_RELOADED(f"[{name}] is another in its file")


def contexts(_: Facts, pbx: PbxFacts) -> Outcome:
    """Say which inbound contexts are missing, or never ask."""
    if pbx.dialplan is None:
        yield _unseen(pbx)
        return
    if not pbx.config.contexts:
        yield Unseen("no [[pbx]] says where calls to the pool's numbers come in")
    for name in pbx.config.contexts:
        if name not in pbx.dialplan.steps and name not in pbx.dialplan.includes:
            yield Kind.CONTEXT_ABSENT(f"there is no [{name}]")
        elif not Tracer(pbx.dialplan).asking(name):
            yield Kind.GOSUB_UNCALLED(
                f"no extension of [{name}] calls Gosub(interact-retrieve,...)"
            )


def address(facts: Facts, pbx: PbxFacts) -> Outcome:
    """Compare where the Gosubs ask with where the service listens."""
    if pbx.address is None or facts.config is None:
        yield Unseen(pbx.unseen or "the PBX did not tell its INTERACT_AGI")
        return
    ours = facts.config.agi
    asked = Host.of(pbx.address or _USUAL_ADDRESS)
    here = ours.host if ours.host not in _EVERYWHERE else asked.name
    if asked.port == str(ours.port) and asked.name in (here, f"[{here}]"):
        return
    told = f"INTERACT_AGI is {pbx.address or f'not set, which means {_USUAL_ADDRESS}'}"
    told += f", the service listens on {ours.host}:{ours.port}"
    yield Kind.GOSUB_ADDRESS(told, address=f"{here}:{ours.port}")


def misplaced(_: Facts, pbx: PbxFacts) -> Outcome:
    """Say where a Gosub of ours is called from a place at which Asterisk would end the call."""
    if pbx.dialplan is None:
        yield _unseen(pbx)
        return
    tracer = Tracer(pbx.dialplan)
    for entry in entries(pbx.dialplan):
        if tracer.asks(entry.place):
            yield Kind.GOSUB_MISPLACED(f"{entry.how}, {entry.step.place}")


def numbers(facts: Facts, pbx: PbxFacts) -> Outcome:
    """Compare what the inbound contexts route to the Gosub with what the pools have."""
    known = facts.service.numbers if facts.service else None
    if facts.service is None or pbx.dialplan is None or known is None or not pbx.config.contexts:
        yield Unseen("the pool's numbers, the Asterisk dialplan or its contexts are not known")
        return
    tracer = Tracer(pbx.dialplan)
    by_environment: dict[str, list[str]] = {}
    for context, environment in pbx.config.contexts.items():
        by_environment.setdefault(environment, []).extend(tracer.asking(context))
    for environment, extensions in by_environment.items():
        named = list(dict.fromkeys(extensions))
        for found in _compared(known.get(environment, ()), named):
            if facts.service.whole or found.kind is not Kind.NUMBER_UNKNOWN:
                yield found


def _compared(pool: tuple[PoolNumber, ...], extensions: list[str]) -> Iterator[Found]:
    forms = {form for number in pool for form in _delivered(number)}
    exact = [each for each in extensions if each.lstrip("+").isdigit()]
    unknown = [each for each in exact if not {each, each.lstrip("+0")} & forms]
    if unknown:
        yield Kind.NUMBER_UNKNOWN(_some("routed here, unknown to the pool", unknown))
    patterns = Extensions(each for each in extensions if each.startswith("_"))
    routed = set(exact) | {each.lstrip("+0") for each in exact}
    lost = [
        number.entered
        for number in pool
        if not any(form in routed or patterns.first(form) for form in _delivered(number))
    ]
    if lost and extensions:
        yield Kind.NUMBER_UNROUTED(_some("in the pool, routed to no Gosub", lost))


def _delivered(number: PoolNumber) -> Iterator[str]:
    """Give what a trunk may deliver of a number: whole, national, its last digits, its DNID."""
    digits = number.digits
    yield from (f"+{digits}", digits, f"00{digits}", number.entered)
    for at in range(1, len(digits) - _SHORTEST + 1):
        yield digits[at:]
        yield f"0{digits[at:]}"
    if number.dnid:
        yield number.dnid


def dialed_as(dialplan: AsteriskDialplan | None, context: str, key: str, entered: str) -> str:
    """Give the form of a number in which an inbound context routes it; else as it was entered."""
    number = PoolNumber(entered, "".join(filter(str.isdigit, key)))
    usual = number.digits or entered
    if dialplan is None:
        return usual
    extensions = Tracer(dialplan).asking(context)
    patterns = Extensions(each for each in extensions if each.startswith("_"))
    forms = (usual, *_delivered(number))
    return next((form for form in forms if form in extensions or patterns.first(form)), usual)


def _some(what: str, numbers: list[str]) -> str:
    more = f" and {len(numbers) - _SHOWN} more" if len(numbers) > _SHOWN else ""
    return f"{len(numbers)} {what}: {', '.join(islice(numbers, _SHOWN))}{more}"
