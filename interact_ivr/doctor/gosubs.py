"""The Gosubs as they are shipped, and which modules of Asterisk they need."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from interact_ivr.doctor.asterisk_dialplan import AsteriskDialplan, of_file

FILE: Final = "extensions_interact.conf"
_FUNCTION: Final = re.compile(r"\b([A-Z][A-Z_]+)\(")

MODULES: Final[Mapping[str, str | None]] = {
    **dict.fromkeys(("set", "mset", "goto", "gotoif", "hangup"), None),
    "agi": "res_agi",
    "execif": "app_exec",
    **dict.fromkeys(("gosub", "return", "stackpop", "LOCAL", "STACK_PEEK"), "app_stack"),
    **dict.fromkeys(("FILTER", "LEN"), "func_strings"),
    "CUT": "func_cut",
    "IF": "func_logic",
    "CALLERID": "func_callerid",
    "CHANNEL": "func_channel",
    "GLOBAL": "func_global",
    "TIMEOUT": "func_timeout",
    "DIALPLAN_EXISTS": "func_dialplan",
    "PJSIP_HEADER": "res_pjsip_header_funcs",
}
"""Which module has each application and function that the Gosubs use; None: Asterisk itself."""
ONLY_WITH_PJSIP: Final = "res_pjsip_header_funcs"
"""Needed where calls come in over PJSIP."""


def text() -> str:
    """Give the shipped file: the package has it, a checkout beside it."""
    packaged = files("interact_ivr").joinpath("asterisk-config", FILE)
    if packaged.is_file():
        return packaged.read_text("utf-8")
    return (Path(__file__).parents[2] / "asterisk-config" / FILE).read_text("utf-8")


@cache
def shipped() -> AsteriskDialplan:
    """Give what the Gosubs are to be."""
    return of_file(text())


def used() -> Iterator[str]:
    """Name each application and function that they use."""
    for step in shipped().all():
        yield step.application
        yield from _FUNCTION.findall(step.data)


def needed_modules() -> tuple[str, ...]:
    """Name the modules without which they do not work."""
    found = {MODULES[each] for each in used() if each in MODULES}
    return tuple(sorted(filter(None, found)))
