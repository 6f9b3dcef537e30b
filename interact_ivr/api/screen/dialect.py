"""How a page refuses: a page that says so, and where it may help, asks for a token."""

from typing import Final

import msgspec
from aiohttp import web

from interact_ivr.api.faults import Broken, FromElsewhere, NoSuchPath, said
from interact_ivr.api.native.problems import REFUSALS
from interact_ivr.api.screen.pages import Pages
from interact_ivr.domain.errors import NotPermitted, Refusal, TooManyAttempts, Unauthenticated


class WrongToken(Unauthenticated):
    """The token in the form is good for nothing."""

    code = "wrong_token"


TITLES: Final = {
    Unauthenticated: "Sign in",
    NotPermitted: "Not yours to see",
    NoSuchPath: "No such page",
    Broken: "Something failed",
}
TEXTS: Final = {
    WrongToken: "This token is not good, or not any more.",
    Unauthenticated: "This page shows the call on your phone. It opens with the token that you "
    "were given; the browser keeps it until it is closed, or you sign out.",
    NotPermitted: "The token is not good for this extension. With another one you may see it.",
    NoSuchPath: "An agent's page is /screen/ and the extension, such as /screen/6929.",
    FromElsewhere: "The form was sent from another site, so it was not taken.",
}


ROOTS: Final = ((r"/[^/]*/", "../"), (r"/", ""), (r"$", "screen/"))
"""Behind /screen: where the pages are, from the paths that begin so."""


class ScreenDialect(msgspec.Struct, frozen=True):
    """Refuses by pages; *root* is where the pages are, from the path that was asked for."""

    pages: Pages
    root: str = ""

    def refused(self, refusal: Refusal, reference: str) -> web.Response:
        """Say *refusal*."""
        kind = type(refusal)
        asks_token = isinstance(refusal, Unauthenticated | NotPermitted)
        how = said(REFUSALS, refusal)
        response = self.pages.refused(
            how.status,
            root=self.root,
            title=next((TITLES[each] for each in kind.__mro__ if each in TITLES), "Not now"),
            text=next((TEXTS[each] for each in kind.__mro__ if each in TEXTS), str(refusal)),
            wrong=kind is not Unauthenticated,
            asks_token=asks_token,
            reference="" if asks_token or kind is NoSuchPath else reference,
        )
        if isinstance(refusal, TooManyAttempts):
            response.headers.update(how.headers(refusal))
        return response
