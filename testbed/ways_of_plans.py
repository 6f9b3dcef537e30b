"""The table of injection for dial plans: what a plan's file says, and where it is told again.

A `Told` is an environment whose plan has each text in every key that takes one: a rule of its own
for each, and an extension of the directory. What was refused stands beside, by file, line and key.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from click.testing import CliRunner

from dialplan import PlanError, load_plan
from interact_ivr.cli import main
from testbed.agi_peer import Peer, environment
from testbed.api import Api
from testbed.icws import PASSWORD, Session
from testbed.line import control
from testbed.service import Service
from testbed.ways_out import acts
from testbed.wire import ask

Said = Mapping[str, str]
"""What is told of a number, by the key of the plan that said so."""
WayOut = Callable[["Told", str], Said]

_NAMED: Final = {"name": "{}", "classifications": "{}", "description": "{}"}
_MADE: Final = {"display": '"{}"', "dial_string": '"{}"'}
"""Keys whose letters stand for what they took, unless they are in quotes."""
RULE: Final = _NAMED | _MADE
OWNER: Final = ("user", "mailbox")
_HEAD: Final = 'name = "hostile"\nextends = "nanp"\ndirectory = "people.toml"\n'


def quoted(text: str) -> str:
    """Write *text* as TOML has it, each sign by its number."""
    return '"' + "".join(f"\\U{ord(sign):08x}" for sign in text) + '"'


@dataclass
class Told:
    """A plan with the texts, in its own folder, and where it counts."""

    folder: Path
    texts: Sequence[str]
    refused: dict[tuple[str, str], str] = field(default_factory=dict)
    """What was said of a text under a key."""
    service: Service = field(init=False)
    environment: str = field(init=False)
    cookie: str = field(init=False)
    session: Session = field(init=False)
    api: Api = field(init=False)

    @property
    def plan(self) -> Path:
        """The plan's own file."""
        return self.folder / "hostile.toml"

    def numbers(self) -> Iterator[tuple[str, str, Said]]:
        """Give each text's number and extension, with what is to be told of the two."""
        for at, text in enumerate(self.texts):
            keys = [key for key in (*RULE, *OWNER) if (text, key) not in self.refused]
            yield f"+1202555{at:04}", f"8{at:04}", dict.fromkeys(keys, text)

    def write(self) -> None:
        """Write both files, without what is refused."""
        rules, people = [_HEAD], []
        for number, extension, said in self.numbers():
            rules.append(f"[[rule]]\npattern = '{number}'\n")
            rules += [
                f"{key} = {quoted(form.format(said[key]) if '{}' in form else form)}\n"
                for key, form in RULE.items()
                if key in said
            ]
            own = [f"{key} = {quoted(said[key])}\n" for key in OWNER if key in said]
            if "user" in said:
                people += [f"[[extension]]\nextension = '{extension}'\n", *own]
        self.plan.write_text("".join(rules), "utf-8")
        self.plan.with_name("people.toml").write_text("".join(people), "utf-8")

    def give(self) -> None:
        """Have the plan read; take out what is refused, by its place alone, and again."""
        self.write()
        try:
            load_plan(str(self.plan))
        except PlanError as error:
            for fault in error.faults:
                if fault.expected.startswith("one of user"):
                    continue  # it is nobody's, as whose it is was refused on another line
                text, key = self._blamed(Path(fault.file), fault.line)
                assert fault.key.rpartition(".")[2] == key, fault
                self.refused[text, key] = str(fault)
            self.write()

    def _blamed(self, file: Path, line: int) -> tuple[str, str]:
        """Give the text at a place, and its key."""
        key, _, value = file.read_text("utf-8").split("\n")[line - 1].partition(" = ")
        text = re.sub(r"\\U([0-9a-f]{8})", lambda found: chr(int(found[1], 16)), value[1:-1])
        return (text[1:-1] if key in _MADE else text), key

    def count_in(self, service: Service) -> None:
        """Let it count in an environment of its own, with a user and a token for each way out."""
        self.service, self.environment = service, "hostile/live"
        control(service, "tenant.add", tenant="hostile")
        control(service, "environment.add", environment=self.environment, dial_plan=str(self.plan))
        user = {"tenant": "hostile", "user": "boss", "password": PASSWORD, "role": "admin"}
        control(service, "user.add", **user)
        self.session = Session.opened(service, "boss")
        self.api = Api.of(service, "admin", self.environment)
        form = urlencode({"user": "hostile/boss", "password": PASSWORD}).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = ask(service.http_port, "POST", "/console/sign-in", kind, form)
        self.cookie = answer.headers["set-cookie"].partition(";")[0]

    def wanted(self, number: str, said: Said) -> Said:
        """Say what *number* is to be told as: a rule's number, or somebody's extension."""
        if number.startswith("+"):
            return {key: text for key, text in said.items() if key in RULE}
        return {key: said[key] for key in OWNER} | {"queue": f"User Queue: {said['user']}"}

    def explained(self, number: str, *more: str) -> str:
        """Say ``explain``, without a process of its own."""
        settings = {"INTERACT_IVR_CONFIG": str(self.service.config)}
        given = ["explain", number, "--environment", self.environment, *more]
        done = CliRunner().invoke(main, given, env=settings)
        assert done.exit_code == 0, done.output
        assert acts(done.stdout) <= {"\n"}
        return done.stdout


def _of_explanation(told: Any) -> Said:
    details, matched = told["details"], [r for r in told["rules"]["considered"] if r["matched"]]
    if owner := told["owner"]:
        return {"user": owner["id"], "mailbox": owner["mailbox"], "queue": details["queue_name"]}
    return {
        "name": matched[0]["name"],
        "classifications": details["default_classification"],
        "description": details["description"],
        "display": details["display_text"],
        "dial_string": details["dial_string"],
    }


def of_json(told: Told, number: str) -> Said:
    """Read what the command line tells programs."""
    return _of_explanation(json.loads(told.explained(number, "--json")))


def of_api(told: Told, number: str) -> Said:
    """Read the native API."""
    return _of_explanation(told.api.get("/numbers/explain", number=number))


def of_icws(told: Told, number: str) -> Said:
    """Read ICWS's JSON."""
    answer = told.session.details(number)
    assert answer.status == 200, answer
    details = answer.json()
    if details["queueName"]:
        return {"queue": details["queueName"]}
    return {"classifications": details["defaultClassification"], "display": details["displayText"]}


def of_agi(told: Told, number: str) -> Said:
    """Read a call's channel variables."""
    script = f"number_details?environment={told.environment}"
    with Peer.call(told.service.agi_port) as peer:
        peer.send(environment(script, number))
        channel = peer.converse()
    assert {name.partition("_")[0] for name in channel.variables} == {"NUMBER"}
    assert channel.variables["NUMBER_STATUS"] == "RESOLVED"
    if channel.variables["NUMBER_INTERNAL"] == "1":
        return {"queue": channel.variables["NUMBER_QUEUE_NAME"]}
    return {
        "classifications": channel.variables["NUMBER_CLASS"],
        "display": channel.variables["NUMBER_DISPLAY"],
    }


def table(told: Told, number: str) -> str:
    """Read what the command line tells people."""
    return told.explained(number)


def page(told: Told, number: str) -> str:
    """Read the console's page."""
    where = f"/console/live/explain?{urlencode({'number': number})}"
    answer = ask(told.service.http_port, "GET", where, {"Cookie": told.cookie})
    assert answer.status == 200, answer
    return answer.text


def words(markup: str) -> str:
    """Give what stands between the tags."""
    return html.unescape(re.sub("<[^>]*>", "\n", markup))


WAYS_OUT: Final[Mapping[str, WayOut]] = {
    "JSON": of_json,
    "native API": of_api,
    "ICWS": of_icws,
    "AGI": of_agi,
}
