"""The table of injection: the ways by which a text comes in, each as an interaction or a group.

A `Place` is a tenant whose numbers have got all texts by one way; what was refused stands beside.
Which ways out there are, and what each must hold, is in `testbed/ways_out.py`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from click.testing import CliRunner

from interact_ivr.cli import main
from interact_ivr.control.client import Refused
from interact_ivr.number_file import as_meant
from testbed.api import Api
from testbed.line import control
from testbed.service import Service
from testbed.vendor import Shop, Way


@dataclass(frozen=True)
class WayIn:
    """Gives a text to a number, and says to which as stored or entered; raises `Refused`."""

    field: str
    """What the text is, as a refusal names it."""
    give: Callable[[Place, Mapping[str, str]], None]
    """Takes the texts by their numbers."""
    meant: Callable[[str], str] = str
    """What of a text is the value: some ways take spaces around it for none of it."""
    kinds: str = ""
    """Which texts it gets, as a regular expression for their names: a slow one gets some."""

    @property
    def is_group(self) -> bool:
        """It is a group's name, not an interaction's id."""
        return "group" in self.field


@dataclass
class Place:
    """A tenant whose numbers have got the texts by one way."""

    shop: Shop
    way: WayIn
    token: str
    by_number: dict[str, str] = field(default_factory=dict)
    """What was taken, by the number that has it, as stored."""
    refused: dict[str, str] = field(default_factory=dict)
    """The others, each with what was said of it."""

    @classmethod
    def of(cls, service: Service, way: WayIn, texts: Mapping[str, str]) -> Place:
        """Open one, and give it the *texts* of the way's kinds."""
        shop = Shop.opened(service)
        place = cls(shop, way, Api.of(service, "admin", shop.environment).token)
        chosen = [text for name, text in texts.items() if re.match(way.kinds, name)]
        numbers = [f"+38097452{at:04}" for at in range(len(chosen))]
        if not way.is_group:
            rows = [{"line": 1, "number": each} for each in numbers]
            control(service, "number.import", rows=rows, environment=shop.environment)
        way.give(place, dict(zip(numbers, chosen, strict=True)))
        return place

    @property
    def api(self) -> Api:
        """Come as its administrator."""
        return Api(self.shop.service, self.token)

    def asked(self, method: str, path: str, body: object) -> Any:
        """Ask the native API; raises `Refused`."""
        answer = self.api.ask(method, path, body)
        if answer.status >= 400:
            raise Refused(answer.json["code"], answer.json.get("faults") or [answer.json["detail"]])
        return answer.json

    def command(self, *arguments: str, text: str | None = None) -> str:
        """Say a command, without a process of its own; raises `Refused` where it fails."""
        end = arguments.index("--") if "--" in arguments else len(arguments)
        where = ("--environment", self.shop.environment)
        given = [*arguments[:end], *where, *arguments[end:]]
        settings = {"INTERACT_IVR_CONFIG": str(self.shop.service.config)}
        done = CliRunner().invoke(main, given, input=text, env=settings)
        if done.exit_code:
            raise Refused("", [done.stderr.removeprefix("error: ") or repr(done.exception)])
        return done.stdout


def _each(give: Callable[[Place, str, str], str]) -> Callable[[Place, Mapping[str, str]], None]:
    """Give text by text; *give* says which number has it, or raises `Refused`."""

    def give_all(place: Place, texts: Mapping[str, str]) -> None:
        for number, text in texts.items():
            try:
                taken = give(place, number, text)
            except Refused as error:
                place.refused[text] = error.faults[0]
            else:
                if meant := place.way.meant(text):
                    place.by_number[taken] = meant

    return give_all


def _by_socket(place: Place, _: str, text: str) -> str:
    return place.shop.allocate(text)


def _by_command(place: Place, _: str, text: str) -> str:
    return place.command("allocate", "--", text).strip()


def _by_api(place: Place, _: str, text: str) -> str:
    return str(place.asked("POST", "/allocations", {"interaction": text})["number"])


def _by_vendor(kind: Any) -> Callable[[Place, str, str], str]:
    def give(place: Place, _: str, text: str) -> str:
        answer = Way(place.shop, kind).allocate(text)
        if answer.status != 200:
            raise Refused("", [answer.value])
        return answer.value

    return give


def _group_by_vendor(kind: Any) -> Callable[[Place, str, str], str]:
    def give(place: Place, number: str, text: str) -> str:
        answer = Way(place.shop, kind).create(number, groupName=text)
        if answer.status != 200:
            raise Refused("", [answer.value])
        return number

    return give


def _group_by_api(place: Place, number: str, text: str) -> str:
    place.asked("POST", "/numbers", {"numbers": [number], "group": text})
    return number


def _groups_by_csv(place: Place, texts: Mapping[str, str]) -> None:
    """Import all, of which none is taken; then those of which nothing was said.

    An empty cell is no group.
    """
    try:
        place.command("number", "import", "-", text=_csv(texts))
    except Refused as error:
        said = dict(re.findall(r"(?m)^(?:error: )?line (\d+): (.*)$", str(error)))
    lines = _lines(texts)
    place.refused = {texts[number]: said[at] for number, at in lines.items() if at in said}
    rest = {number: text for number, text in texts.items() if lines[number] not in said}
    place.command("number", "import", "-", text=_csv(rest))
    meant = {number: place.way.meant(text) for number, text in rest.items()}
    place.by_number = {number: text for number, text in meant.items() if text}


def _csv(texts: Mapping[str, str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows([("number", "group"), *texts.items()])
    return written.getvalue()


def _lines(texts: Mapping[str, str]) -> dict[str, str]:
    """Give the line at which the record of each number begins."""
    lines, line = {}, 2
    for number, text in texts.items():
        lines[number] = str(line)
        line += len(re.findall(r"\r\n|\r|\n", _csv({number: text}))) - 1
    return lines


def _of_cell(text: str) -> str:
    """Give what a cell means: an apostrophe before a formula is none of it."""
    return as_meant(text.strip())


def _of_element(text: str) -> str:
    return text.strip(" \t\r\n")


_QUICK: Final = "(files|terminals|encodings) "
_JSON: Final = "(AGI|JSON|SQL|headers|lines|characters|lengths|encodings) "
_XML: Final = "(XML|HTML|lines|characters|lengths|numbers) "

WAYS_IN: Final = {
    "control socket": WayIn("interaction", _each(_by_socket)),
    "command line": WayIn("interaction", _each(_by_command), kinds=_QUICK),
    "native API": WayIn("interaction", _each(_by_api), kinds=_JSON),
    "REST": WayIn("id", _each(_by_vendor("rest")), kinds=_JSON),
    "SOAP": WayIn("uniqueId", _each(_by_vendor("soap")), _of_element, _XML),
    "CSV": WayIn("group", _groups_by_csv, _of_cell),
    "native API, numbers": WayIn("group", _each(_group_by_api), kinds=_QUICK),
    "REST, create": WayIn("groupName", _each(_group_by_vendor("rest")), kinds=_QUICK),
    "SOAP, create": WayIn("groupName", _each(_group_by_vendor("soap")), _of_element, _XML),
}
