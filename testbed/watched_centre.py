"""A service and the contact centre that it watches: put together as an administrator would."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, Self

from testbed.api import Answer, Api
from testbed.conf import PASSWORD
from testbed.contact_centre import AWAY, TRUNK, ContactCentre, Way
from testbed.line import control
from testbed.phone_stories import Story
from testbed.relay import Relay
from testbed.screen_stream import ScreenStream
from testbed.service import Service
from testbed.tools import Tools
from testbed.watched import table, wait_until

AT_ONCE: Final = "\n[pool]\nrest_for_seconds = 0\nredial_for_seconds = 0\n"
"""What has ended is forgotten, so that one number serves a test after the other."""
DIRECTORY: Final = f"""\
extension,user,line,device
6929,Alice,,PJSIP/6929
6930,Bob,,PJSIP/6930
6931,Carol,,PJSIP/6931
6932,Dave,,PJSIP/desk-3
{AWAY},Erin,,Local/{AWAY}@agents
90,,provider,PJSIP/{TRUNK}
91,,customers,PJSIP/sipp
"""
PLAN: Final = 'name = "centre"\nextends = "e164:UA"\ndirectory = "people.csv"\n'


class WatchedCentre:
    """A running service, the contact centre that it watches, and interactions for its calls."""

    def __init__(self, tools: Tools, folder: Path, settings: str = "", **keys: str) -> None:
        """*settings* are added to the service's, *keys* to the PBX's table, as TOML has them."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.service = Service(folder / "service")
        self.centre = ContactCentre(tools, folder / "pbx", self.service.agi)
        self.relay = Relay(self.centre.pbx.http_port)
        self._expected: Way | None = None
        self._stack = ExitStack()
        password = folder / "ari-password"
        password.touch(mode=0o600)
        password.write_text(PASSWORD + "\n")
        plan = folder / "centre.toml"
        plan.write_text(PLAN, "utf-8")
        (folder / "people.csv").write_text(DIRECTORY, "utf-8")
        self.service.configure(
            f'{AT_ONCE}[dial_plan]\nplan = "{plan}"\n{settings}'
            + table(self.relay.port, password, **keys)
        )

    def __enter__(self) -> Self:
        """Start all, with a number for each way to call, and wait until calls are watched."""
        with ExitStack() as stack:
            for each in (self.relay, self.centre, self.service):
                stack.enter_context(each)
            rows = [{"line": 1, "number": way.number(), "group": way.name} for way in Way]
            control(self.service, "number.import", rows=rows)
            self.wait_until_watched()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop all."""
        self._stack.close()

    def wait_until_watched(self) -> None:
        """Wait until the service is told of the PBX's calls."""
        wait_until(
            lambda: control(self.service, "status")["pbx"][0]["ari"] == "watching", self.tail
        )

    def expect(self, story: Story, interaction: str) -> None:
        """Have *interaction* wait for the call of *story*."""
        if story.way:
            self._expected = story.way
            control(self.service, "allocate", interaction=interaction, group=story.way.name)

    def clear(self) -> None:
        """Leave nothing of a story that was broken off."""
        self.relay.thaw()
        self.centre.clear()
        if self._expected:
            control(self.service, "free", number=self._expected.number())
            self._expected = None

    def agent(self, *extensions: str, environment: str = "") -> Api:
        """Give an agent's program, whose token sees *extensions*, or all where there are none."""
        made = control(
            self.service,
            "token.add",
            role="agent",
            environment=environment,
            extensions=list(extensions),
        )
        return Api(self.service, made["token"])

    def watch(self, api: Api, extension: str) -> ScreenStream:
        """Open the stream of an agent's screen."""
        return ScreenStream(self.service.http_port, api.token, extension)

    def tail(self) -> str:
        """Give the end of both logs."""
        return f"{self.service.tail()}\n{self.centre.pbx.tail()}"


def shown(answer: Answer) -> Any:
    """Give the call that an agent's endpoint has answered with; None: there is none."""
    assert answer.status in (200, 204), answer
    return answer.json if answer.status == 200 else None
