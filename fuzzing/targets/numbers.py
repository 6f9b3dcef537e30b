"""Numbers: cleaning what somebody wrote, and what the shipped plans make of it.

An input is a text in UTF-8; its first line picks the plan, each other one is a number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from dialplan import Engine, NotANumber, clean, load_plan
from dialplan.text import split
from fuzzing.target import Target
from fuzzing.targets.regions import import_regions

_PLANS = ("nanp", "e164:GB", "example", "extensions", "e164:UA")
_LONGEST_EXPLAINED = 64


@cache
def _engines() -> Sequence[Engine]:
    import_regions()
    return [Engine(load_plan(name)) for name in _PLANS]


def _check(data: bytes) -> None:
    first, *numbers = data.decode("utf-8", "surrogateescape").split("\n")
    engine = _engines()[sum(map(ord, first)) % len(_PLANS)]
    for number in numbers:
        _check_number(engine, number)


def _check_number(engine: Engine, raw: str) -> None:
    try:
        cleaned = clean(raw)
    except NotANumber as error:
        assert len(str(error)) < 200
        _check_refused(engine, raw)
        return
    assert cleaned
    assert clean(cleaned) == cleaned
    assert split(cleaned).text == cleaned
    try:
        key = engine.normalize(raw)
    except NotANumber:
        _check_refused(engine, raw)
        return
    assert engine.normalize(key) == key
    keys = engine.lookup_keys(raw)
    assert key in keys
    assert len(set(keys)) == len(keys)
    details = engine.resolve(raw)
    assert details.raw_text == raw
    assert details.normalized_text == key
    if len(raw) <= _LONGEST_EXPLAINED:
        told = engine.explain(raw)
        assert told.details is not None
        assert told.details["normalized_text"] == key
        assert told.details["display_text"] == details.display_text


def _check_refused(engine: Engine, raw: str) -> None:
    """See that what is no number is none to anybody."""
    for ask in (engine.normalize, engine.lookup_keys, engine.resolve):
        try:
            ask(raw)
        except NotANumber:
            continue
        raise AssertionError(f"{ask} takes what is no number")
    assert engine.explain(raw).refused


def _seeds() -> Iterator[bytes]:
    yield b"\n1-800-FLOWERS\n+1 (800) 456-2354 x12\n6929\n/6929\n911\n*67\n00442079460018"
    yield b"a\nsip:bob@example.com\nSIPS: a@b ;user=phone\ntel:+1-800-456-2354;ext=12\n9,1800555"
    yield b"b\ntel:7042;phone-context=+1-914-555\n+49 33051/60123\n02/5012 3456\n+380 97 452 02 00"
    yield "c\n٠١٢٣٤٥٦٧٨٩\n１８００\n+44（20）7946-0018\nExt. 12\n8004562354^99\n".encode()  # noqa: RUF001  they are meant
    yield b"d\nanonymous\n\n+\n/\n#31#0974520200\n1800456235400000000000000\n+1800456235412/6929"


TARGET = Target(
    _check,
    _seeds,
    (
        *(b"sip:", b"sips:", b"tel:", b";ext=", b";phone-context=+", b"phone-context=", b"%2B"),
        *(b" x", b" ext. ", b"extension", b"/", b"^", b"+", b"*", b"#", b"911", b"112", b"999"),
        *(b"+1", b"+44", b"+380", b"+39", b"+54", b"011", b"00", b"1800", b"6929", b"\xe2\x81\x84"),
        *(b"\xef\xbc\x8b", b"\xd9\xa1", b"\xe2\x80\xae", b"\xc3\xa9", b"e\xcc\x81", b"\xff"),
    ),
    longest=2048,
)
