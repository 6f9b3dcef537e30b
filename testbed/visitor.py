"""Somebody who visits the console: with a cookie, and with what stood in the forms they saw."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from interact_ivr.api.own_forms import FORM
from interact_ivr.api.routes import CONSOLE_COOKIE
from interact_ivr.domain.access import Role
from testbed.desk import ACME, Desk
from testbed.wire import Answer

CONSOLE = "/console"
HERE = f"{CONSOLE}/live"
PASSWORD = "correct horse"

Fields = Sequence[tuple[str, str]]


@dataclass
class Visitor:
    """A browser without a screen."""

    desk: Desk
    shown: str = ""
    """What stands for the session; empty: nobody is signed in."""
    form_token: str = field(default="", repr=False)

    @classmethod
    def of(cls, desk: Desk, role: Role | None, tenant: str = "acme", name: str = "") -> Visitor:
        """Sign a new user with *role* in; without one, a stranger has come."""
        if role is None:
            return cls(desk)
        user = name or f"{role}-of-{tenant}"
        add = desk.parts.administration.add_user
        desk.wait(add(tenant, user, PASSWORD, role))
        visitor = cls(desk)
        assert visitor.sign_in(f"{tenant}/{user}").status == 303
        return visitor

    def sign_in(self, user: str, password: str = PASSWORD, **headers: str) -> Answer:
        """Send the form; what the browser is told to keep, it keeps."""
        fields = [("user", user), ("password", password)]
        answer = self.send(f"{CONSOLE}/sign-in", fields, **headers)
        kept = re.match(f"{CONSOLE_COOKIE}=([^;]*)", answer.headers.get("set-cookie", ""))
        if kept is not None:
            self.shown = kept[1]
        return answer

    def look(self, path: str, **headers: str) -> Answer:
        """Look at a page; its form's token is remembered."""
        cookie = f"{CONSOLE_COOKIE}={self.shown}"
        answer = self.desk.ask(path, "", "GET", b"", Cookie=cookie, **headers)
        if found := re.search(r'name="form_token" value="([^"]+)"', answer.text):
            self.form_token = html.unescape(found[1])
        return answer

    def act(self, path: str, fields: Fields = (), **headers: str) -> Answer:
        """Send an action's form, as it stands on a page that was looked at."""
        if not self.form_token:
            self.look(f"{HERE}/explain")
        return self.send(path, [("form_token", self.form_token), *fields], **headers)

    def send(self, path: str, fields: Fields, **headers: str) -> Answer:
        """Send a form with these fields and no others."""
        cookie = f"{CONSOLE_COOKIE}={self.shown}"
        body = urlencode(fields).encode()
        return self.desk.ask(path, "", "POST", body, Content_Type=FORM, Cookie=cookie, **headers)


def words(answer: Answer) -> str:
    """Give what a page says, without its markup."""
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", answer.text)).split())


def stock(desk: Desk, *numbers: str, environment: str = ACME, group: str | None = None) -> None:
    """Take numbers into the default pool."""
    for number in numbers:
        desk.wait(
            desk.parts.numbers.create(environment, "default", number, None, group, enabled=True)
        )
