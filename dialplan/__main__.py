"""``python -m dialplan NUMBER``: why a number is what it is; check, test and compare plans.

Exit status: 0 done, 1 the thing asked failed, 2 the command was not understood.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import asdict

from dialplan.cases import run
from dialplan.checking import check
from dialplan.difference import difference, read_numbers
from dialplan.engine import Engine
from dialplan.explained import as_text, shown
from dialplan.faults import PlanError
from dialplan.plan_file import load_plan

_COMMANDS: Final = ("explain", "check", "test", "diff")


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out what the command line says; a number alone is explained."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] not in {*_COMMANDS, "-h", "--help"}:
        given.insert(0, "explain")
    asked = _parser().parse_args(given)
    command: Callable[[argparse.Namespace], int] = asked.command
    try:
        return command(asked)
    except PlanError as error:
        sys.stderr.writelines(f"error: {shown(str(fault))}\n" for fault in error.faults)
    except OSError as error:
        sys.stderr.write(f"error: {error}\n")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dialplan", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command, text in (
        ("explain", _explain, "say why numbers are what they are"),
        ("check", _check, "name faults, and rules that others stand before"),
        ("test", _test, "try a plan with the cases beside it"),
        ("diff", _diff, "show which numbers change from one plan to another, and how"),
    ):
        one = commands.add_parser(name, help=text, description=text)
        one.add_argument("--json", action="store_true", help="answer in JSON, for programs")
        one.set_defaults(command=command)
        if name == "explain":
            one.add_argument("numbers", nargs="+", metavar="NUMBER")
            one.add_argument("--plan", default="nanp", help="a shipped plan or a file (nanp)")
        elif name == "diff":
            one.add_argument("old")
            one.add_argument("new")
            one.add_argument("--numbers", required=True, metavar="FILE", help="one number a line")
        else:
            one.add_argument("plan", help="a shipped plan or a file")
        if name == "test":
            one.add_argument("--cases", type=Path, metavar="FILE", help="other cases")
    return parser


def _explain(asked: argparse.Namespace) -> int:
    engine = Engine(load_plan(asked.plan))
    explanations = [engine.explain(number) for number in asked.numbers]
    if asked.json:
        _print_json([each.as_data() for each in explanations])
    else:
        colours = sys.stdout.isatty()
        _print(*(f"{as_text(each, colours=colours)}\n" for each in explanations))
    return int(any(each.refused for each in explanations))


def _check(asked: argparse.Namespace) -> int:
    findings = check(asked.plan)
    if asked.json:
        _print_json([{**asdict(each), "is_serious": each.is_serious} for each in findings])
    else:
        _print(*(f"{each.about}: {each.place or asked.plan}: {each.text}" for each in findings))
    return int(any(each.is_serious for each in findings))


def _test(asked: argparse.Namespace) -> int:
    outcomes = run(asked.plan, asked.cases)
    failed = [each for each in outcomes if not each.holds]
    if asked.json:
        _print_json([{**asdict(each), "holds": each.holds} for each in outcomes])
        return int(bool(failed))
    for each in failed:
        for name, got in each.got.items():
            expected = each.case.expected.get(name)
            told = f"{name}: expected {expected!r}, got {got!r}"
            _print(f"{each.case.place}: {each.case.number}: {told}")
    _print(f"{len(outcomes) - len(failed)} of {len(outcomes)} cases hold")
    return int(bool(failed))


def _diff(asked: argparse.Namespace) -> int:
    old, new = (Engine(load_plan(plan)) for plan in (asked.old, asked.new))
    changes = [*difference(old, new, read_numbers(asked.numbers))]
    if asked.json:
        _print_json([asdict(each) for each in changes])
        return int(bool(changes))
    for each in changes:
        _print(each.number)
        for name in {**each.old, **each.new}:
            _print(f"  {name}: {each.old.get(name)!r} -> {each.new.get(name)!r}")
    _print(f"{len(changes)} numbers change")
    return int(bool(changes))


def _print(*lines: str) -> None:
    for line in lines:
        sys.stdout.write("\n".join(map(_printable, line.split("\n"))) + "\n")


def _printable(line: str) -> str:
    """*line*, whose colours are ours, as the terminal's encoding can show it."""
    encoding = sys.stdout.encoding or "utf-8"
    return line.encode(encoding, "backslashreplace").decode(encoding)


def _print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(msgspec.to_builtins(value), indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
