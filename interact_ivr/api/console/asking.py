"""How a request of the console becomes a value, and what becomes of an action.

A page asks by the query of its address, an action by its form; each is one struct. An action whose
form has not this session's own token is not done.
"""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

import msgspec
from aiohttp import web

from interact_ivr.api.console.frames import PLACE, Frame, frame_of
from interact_ivr.api.console.guarding import SESSION
from interact_ivr.api.console.pages import ConsolePages, see
from interact_ivr.api.console.sessions import Note, Session
from interact_ivr.api.faults import FromElsewhere
from interact_ivr.api.fields import bad_field
from interact_ivr.api.own_forms import check_ours, read_form
from interact_ivr.api.routes import Needs, Route, Who
from interact_ivr.api.sources import Sources
from interact_ivr.domain.acts import speak_of
from interact_ivr.domain.directory import tenant_of
from interact_ivr.domain.errors import BadInput, NoSuchEnvironment
from interact_ivr.domain.names import EnvironmentName, without_nul
from interact_ivr.service.administration import Administration

FORM_TOKEN: Final = "form_token"  # noqa: S105  a field's name

T = TypeVar("T")


class Asked(msgspec.Struct, frozen=True):
    """What every page may be asked; what a page does not know is passed over."""

    application: str = ""
    """The DNIS application; empty: the default one."""


class Desk(msgspec.Struct, frozen=True):
    """What every page and action of the console needs."""

    pages: ConsolePages
    sources: Sources
    administration: Administration

    def frame(self, request: web.Request, who: Who) -> Frame:
        """Give what is around a page."""
        return frame_of(request, who, self.environments(who), self.administration.default)

    def environments(self, who: Who) -> Sequence[EnvironmentName]:
        """Give those of the tenant."""
        tenant = tenant_of(who.environment)
        known = self.administration.directory.environments
        return [each.name for each in known if tenant_of(each.name) == tenant]

    def applications(self, who: Who) -> Sequence[str]:
        """Give the names of the environment's DNIS applications."""
        return [
            each.name
            for each in self.administration.directory.applications
            if each.environment == who.environment and each.allocates_from is None
        ]

    def show(
        self, request: web.Request, who: Who, template: str, status: int = 200, /, **shown: Any
    ) -> web.Response:
        """Answer with a page in its frame."""
        frame = self.frame(request, who)
        return self.pages.page(template, status, frame=frame, root=frame.root, **shown)

    async def form(self, request: web.Request, kind: type[T]) -> T:
        """Read an action's form as *kind*, a struct; of its fields those that are lists may repeat.

        Raises:
            FromElsewhere: another site's page has sent it, or an older session's.
            BadInput: a field is not what it should be.
        """
        check_ours(request, self.sources)
        fields = await read_form(request)
        token = next((value for name, value in fields if name == FORM_TOKEN), "")
        if not secrets.compare_digest(token.encode(), request[SESSION].form_token.encode()):
            raise FromElsewhere
        what = taken(fields, kind)
        speak_of(msgspec.structs.asdict(what))  # type: ignore[arg-type]  # a struct's type
        return what


def page(name: str, needs: Needs, handler: Callable[..., Awaitable[web.StreamResponse]]) -> Route:
    """Make the route of a page of an environment."""
    return Route("GET", f"{PLACE}/{name}", needs, handler)


def action(
    name: str, handler: Callable[..., Awaitable[web.StreamResponse]], does: str | None = None
) -> Route:
    """Make the route of an action, which administrators alone may do.

    What it *does* is what the audit trail calls it; None: it changes nothing.
    """
    return Route("POST", f"{PLACE}/{name}", Needs.CONSOLE_ADMIN, handler, does=does)


def asked(request: web.Request, kind: type[T]) -> T:
    """Read the query of a page's address as *kind*, a struct; an empty field is not given."""
    return taken([(name, value) for name, value in request.query.items() if value], kind)


def done(session: Session, address: str, note: Note) -> web.Response:
    """Send the browser to the page at *address*, which says what was done."""
    session.notes.append(note)
    return see(address)


def taken(fields: Sequence[tuple[str, str]], kind: type[T]) -> T:
    """Read *fields* as *kind*; text becomes what it is wanted for.

    Raises:
        BadInput: a field is missing, twice, not what it should be, or has a NUL.
    """
    many = {each.name for each in msgspec.structs.fields(kind) if each.type == list[str]}  # type: ignore[arg-type]  # a struct's type
    values: dict[str, Any] = {name: [] for name in many}
    for name, value in fields:
        without_nul(name, value)
        if name in many:
            values[name].append(value)
        elif name in values:
            raise BadInput(name, "once", "several times")
        else:
            values[name] = value
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise bad_field(str(error), kind) from None


def must_have(who: Who) -> EnvironmentName:
    """Give the environment, which a tenant may have none of."""
    if who.environment.endswith("/"):
        raise NoSuchEnvironment(who.environment)
    return who.environment
