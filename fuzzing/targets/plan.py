"""Dial plans: a plan's file, a directory's and the cases', as somebody might send them.

An input is a file; what follows a line of `#####` are numbers that the plan is tried with.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from dialplan import Engine, NotANumber, Plan, PlanError, load_plan
from dialplan.cases import read_cases
from dialplan.checking import faults_of
from dialplan.difference import numbers_of
from dialplan.directory import read_directory
from fuzzing.target import Target
from fuzzing.targets.regions import import_regions
from interact_ivr.domain.errors import BadDialPlan
from interact_ivr.service.trying import tried

_PLANS = Path(__file__).parents[2] / "dialplan/plans"
_BEFORE_NUMBERS = b"\n#####\n"
_MOST_NUMBERS = 8


@cache
def _here() -> Path:
    """Give a folder that lasts as long as this process."""
    return Path(tempfile.mkdtemp(prefix="interact-ivr-fuzz-"))


@cache
def _now() -> Plan:
    import_regions()
    return load_plan("nanp")


def _check(data: bytes) -> None:
    content, _, rest = data.partition(_BEFORE_NUMBERS)
    numbers = rest.decode("utf-8", "replace").split("\n")[:_MOST_NUMBERS]
    with suppress(BadDialPlan):
        tried(_now(), content.decode("utf-8", "replace"), numbers)
        _check_plan(content, numbers)
    for name in ("directory.toml", "directory.csv", "cases.toml"):
        _check_file(_here() / name, content)


def _check_plan(content: bytes, numbers: Sequence[str]) -> None:
    """See what the plan makes of numbers; it can be used, and extends none but a shipped one."""
    file = _here() / "plan.toml"
    file.write_text(content.decode("utf-8", "replace"), "utf-8")
    engine = Engine(load_plan(str(file)))
    for number in numbers:
        with suppress(NotANumber):
            details = engine.resolve(number)
            assert details.raw_text == number
            assert details.normalized_text in engine.lookup_keys(number)
            assert engine.explain(number).details is not None


def _check_file(file: Path, content: bytes) -> None:
    """See that *content* is read, or refused in words."""
    file.write_bytes(content)
    try:
        if file.stem == "cases":
            read_cases(file)
        else:
            assert all(owner.extension for owner in read_directory(file))
    except PlanError as error:
        assert error.faults
        assert all(each.text for each in faults_of(error))
    with suppress(PlanError):
        numbers_of("numbers.csv", content)


def _seeds() -> Iterator[bytes]:
    for file in sorted(_PLANS.glob("*.toml")):
        text = file.read_bytes()
        parts = text.split(b"\n\n")
        for begin in range(0, len(parts), 6):
            yield (
                b"\n\n".join(parts[begin : begin + 6])[:4000]
                + _BEFORE_NUMBERS
                + b"18005550100\n911"
            )
    yield (
        b'extends = "e164:GB"\n[[rule]]\nregex = "0([0-9]{3})(.*)"\nstandardized = "+44{1}{2}"\n'
        b'classifications = ["Local"]\n[lists]\na = ["800", "2125550100-2125550199"]\n'
        b'[[conversion]]\nasterisk = "_9NXX[2-5-]."\nstandardized = "{1}"\n'
        + _BEFORE_NUMBERS
        + b"02079460018\n9800"
    )
    yield b"extension,kind,id,mailbox,device\n6929,user,ann,6929@default,PJSIP/desk-3\n"
    yield b'[[owner]]\nextension = "6929"\nuser = "ann"\n[[case]]\nnumber = "911"\nrefused = true\n'
    yield b'[[rule]]\npattern = "$a$NXX?Z"\ndisplay = "NXX"\n[lists]\na = ["1-9"]\n'


TARGET = Target(
    _check,
    _seeds,
    (
        *(b"[[rule]]\n", b"[[conversion]]\n", b"[emergency]\n", b"[classes]\n", b"[queues]\n"),
        *(b"[lists]\n", b"extends = ", b'"nanp"', b'"e164:GB"', b"directory = ", b"pattern = "),
        *(b"asterisk = ", b"regex = ", b"standardized = ", b"display = ", b"dial_string = "),
        *(b"classifications = ", b"dialable = ", b"emergency = ", b"home_country = ", b"extra = "),
        *(b"allow_shadow = ", b"outside_line = ", b"extension_lengths = ", b"area_codes = "),
        *(b"international_prefixes = ", b'"_NXX."', b"[2-9]", b"$a$", b"{1}", b"{2}", b"NXX-XXXX"),
        *(
            b"(.*)",
            b"(a+)+",
            b"{0,256}",
            b"(?=",
            b"(?<=",
            b"(?P<a>",
            b"|",
            b"?",
            b"Z",
            b"X",
            b"\\d",
        ),
        *(b'"""', b"'''", b"\\u0000", b"[[case]]\n", b"[[owner]]\n", b"#####\n", b"911", b"112"),
    ),
    seconds=5.0,
)
