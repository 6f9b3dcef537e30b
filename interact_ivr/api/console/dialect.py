"""How the console refuses: by a page that says so, with the form to sign in where it may help."""

import re
from typing import Final

import msgspec
from aiohttp import web

from interact_ivr.api.console.entrance import NoRole, WrongUser
from interact_ivr.api.console.frames import BASE
from interact_ivr.api.console.pages import ConsolePages
from interact_ivr.api.faults import Broken, FromElsewhere, NoSuchPath, Said, TooLarge, said
from interact_ivr.api.native.problems import REFUSALS
from interact_ivr.domain.errors import (
    BadInput,
    BadRows,
    NotPermitted,
    Refusal,
    TooManyAttempts,
    Unauthenticated,
)

TITLES: Final = {
    Unauthenticated: "Sign in",
    NotPermitted: "Not yours to see",
    NoSuchPath: "No such page",
    Broken: "Something failed",
    FromElsewhere: "Not taken",
    BadInput: "That cannot be",
    BadRows: "That cannot be",
    TooLarge: "Too large",
    TooManyAttempts: "Wait a little",
}
TEXTS: Final = {
    WrongUser: "The name or the password is wrong.",
    Unauthenticated: "The console is for users with a role. You stay signed in while you use it.",
    NoRole: "This user is for programs: it has no role in the console.",
    NotPermitted: "Your role does not allow it.",
    NoSuchPath: "There is nothing here.",
    FromElsewhere: "The form was sent by another site's page, or before you signed in. Nothing was "
    "done.",
    Broken: "The log says more under the reference.",
}


OURS: Final = re.compile(
    "/" + "".join(f"({letter}|%{ord(letter):x})" for letter in BASE[1:]) + "(/|%2f|$)",
    re.IGNORECASE,
)
"""How a path of the console begins, however much of it is percent-encoded."""


class ConsoleDialect(msgspec.Struct, frozen=True):
    """Refuses by pages; *root* is where /console/ is, from the path that was asked for."""

    pages: ConsolePages
    root: str = ""

    def refused(self, refusal: Refusal, reference: str) -> web.Response:
        """Say *refusal*."""
        kind = type(refusal)
        how = said(REFUSALS, refusal)
        asks = isinstance(refusal, Unauthenticated | TooManyAttempts | NoRole)
        response = self.pages.page(
            "refused.html",
            how.status,
            root=self.root,
            title=next((TITLES[each] for each in kind.__mro__ if each in TITLES), "Not now"),
            lines=_lines(refusal, how),
            wrong=kind is not Unauthenticated,
            asks=asks,
            reference=reference if how.status >= 500 else "",
        )
        if isinstance(refusal, TooManyAttempts):
            response.headers.update(how.headers(refusal))
        return response


def _lines(refusal: Refusal, how: Said) -> list[str]:
    for kind in type(refusal).__mro__:
        if kind in TEXTS:
            return [TEXTS[kind]]
    faults = getattr(refusal, "faults", None)
    return [*faults] if faults else [how.wording(refusal)]
