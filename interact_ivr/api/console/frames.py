"""What every page of the console has around it: where one is, who one is, where one may go."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec
from aiohttp import web

from interact_ivr.api.console.guarding import ENVIRONMENT, SESSION
from interact_ivr.api.console.sessions import Note
from interact_ivr.api.routes import CONSOLE_ROLES, Needs, Who
from interact_ivr.domain.access import Role
from interact_ivr.domain.directory import tenant_of
from interact_ivr.domain.names import EnvironmentName

BASE: Final = "/console"
FRESH: Final = "X-Fresh"
"""With this header a script asks for what has changed of a page that is seen already."""
PLACE: Final = f"{BASE}/{{{ENVIRONMENT}}}"
"""Where the pages of an environment are."""


class Entry(msgspec.Struct, frozen=True):
    """A page as the navigation has it."""

    name: str
    title: str
    needs: Needs


SERVICE: Final = "service"
AUDIT: Final = "audit"
NAVIGATION: Final = (
    Entry("pool", "Pool", Needs.CONSOLE_VIEWER),
    Entry("sizing", "Sizing", Needs.CONSOLE_VIEWER),
    Entry("live", "Live", Needs.CONSOLE_VIEWER),
    Entry("journal", "Journal", Needs.CONSOLE_VIEWER),
    Entry("explain", "Explain", Needs.CONSOLE_AGENT),
    Entry("applications", "Applications", Needs.CONSOLE_VIEWER),
    Entry("people", "People", Needs.CONSOLE_ADMIN),
    Entry(AUDIT, "Audit", Needs.CONSOLE_ADMIN),
    Entry(SERVICE, "Service", Needs.CONSOLE_VIEWER),
)
"""The first one that somebody may see is where they begin."""


def may_see(role: Role | None) -> Sequence[Entry]:
    """Give the pages that *role* may see."""
    return [entry for entry in NAVIGATION if role in CONSOLE_ROLES[entry.needs]]


def root_of(path: str) -> str:
    """Say how /console/ is reached from *path*, whatever a proxy has taken away in front of it.

    A browser goes up by the slashes that it has sent, whatever an encoded one means.
    """
    above = path.count("/") - BASE.count("/") - 1
    if not f"{path}/".startswith(f"{BASE}/"):
        return "../" * (above + 1) + f"{BASE[1:]}/"
    return "../" * above if above >= 0 else f"{BASE[1:]}/"


def place_of(environment: EnvironmentName) -> str:
    """Give what *environment* is called in a path, seen from /console/."""
    return quote(environment.removeprefix(f"{tenant_of(environment)}/"), safe="")


_BELONGS: Final = {"import": "pool", "matching": "pool", "plan": "explain"}
"""Pages that the navigation does not have, with those they are reached from."""


class Frame(msgspec.Struct, frozen=True):
    """It."""

    root: str
    page: str
    """As the navigation has it; empty: none of these."""
    tenant: str
    environment: str
    environments: Sequence[str]
    user: str
    role: Role | None
    form_token: str
    notes: Sequence[Note]
    is_operators: bool
    """Whether the tenant is the default environment's, whose the service is."""

    @property
    def entries(self) -> Sequence[Entry]:
        """Where one may go."""
        return [each for each in may_see(self.role) if self.is_operators or each.name != SERVICE]

    @property
    def is_admin(self) -> bool:
        """Whether actions are offered; whether they are done is the guard's to say."""
        return self.role is Role.ADMIN

    def to(self, page: str, **query: object) -> str:
        """Give the address of a *page* of this environment; what is None or empty is left out."""
        return f"{self.root}{quote(self.environment, safe='')}/{page}{query_of(query)}"


def frame_of(
    request: web.Request,
    who: Who,
    environments: Sequence[EnvironmentName],
    default: EnvironmentName,
) -> Frame:
    """Make the frame of a page that is seen; notes are taken out of the session by that."""
    session = request[SESSION]
    notes: Sequence[Note] = ()
    if FRESH not in request.headers:
        notes = [*session.notes]
        session.notes.clear()
    path = request.rel_url.raw_path
    page = path.split("/")[3] if path.count("/") > 2 else ""
    return Frame(
        root=root_of(path),
        page=_BELONGS.get(page, page),
        tenant=session.user.tenant,
        environment=who.environment.partition("/")[2],
        environments=[each.partition("/")[2] for each in environments],
        user=session.user.name,
        role=session.user.role,
        form_token=session.form_token,
        notes=notes,
        is_operators=session.user.tenant == tenant_of(default),
    )


def query_of(query: Mapping[str, Any]) -> str:
    """Write a query; what is None or empty is left out."""
    given = {name: value for name, value in query.items() if value not in (None, "")}
    return f"?{urlencode(given)}" if given else ""
