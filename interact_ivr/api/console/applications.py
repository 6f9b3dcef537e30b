"""An environment's applications: their settings and keys."""

from typing import Final

import msgspec
from aiohttp import web

from interact_ivr.api.console.asking import Asked, Desk, action, asked, done, must_have, page
from interact_ivr.api.console.guarding import SESSION
from interact_ivr.api.console.sessions import Note
from interact_ivr.api.routes import Needs, Route, Who
from interact_ivr.domain.directory import DEFAULT_APPLICATION, tenant_of
from interact_ivr.domain.settings import QUOTAS, SETTINGS, written_quotas, written_settings
from interact_ivr.service.administration import Administration

_PAGE: Final = "applications"
_OFFERED: Final = {key: setting for key, setting in SETTINGS.items() if key not in QUOTAS}
"""Not the quotas, which are the operator's: the people of a tenant would lift theirs."""


class AddApplication(msgspec.Struct, frozen=True):
    """The form by which one is made."""

    name: str
    allocates_from: str = ""
    """Empty: it is a DNIS application, with a pool of its own."""


class SetApplication(Asked, frozen=True, kw_only=True):
    """The form of a DNIS application's own settings; an empty one is as configured.

    With what each was when the form was shown: what nobody has touched is left as it is by now.
    """

    hold_for_seconds: str = ""
    rest_for_seconds: str = ""
    redial_for_seconds: str = ""
    late_for_seconds: str = ""
    resting: str = ""
    on_repeat: str = ""
    late_reveals_id: str = ""
    was_hold_for_seconds: str = ""
    was_rest_for_seconds: str = ""
    was_redial_for_seconds: str = ""
    was_late_for_seconds: str = ""
    was_resting: str = ""
    was_on_repeat: str = ""
    was_late_reveals_id: str = ""


class RemoveKey(Asked, frozen=True, kw_only=True):
    """The form by which a key is good for nothing any more."""

    prefix: str


class ApplicationPages(msgspec.Struct, frozen=True):
    """Serves them."""

    desk: Desk
    administration: Administration

    def routes(self) -> list[Route]:
        """Give what is served."""
        return [
            page(_PAGE, Needs.CONSOLE_VIEWER, self._show),
            action("application-add", self._add, "application.add"),
            action("application-set", self._set, "application.set"),
            action("application-remove", self._remove, "application.remove"),
            action("key-add", self._add_key, "application.key.add"),
            action("key-remove", self._remove_key, "application.key.remove"),
        ]

    async def _show(self, request: web.Request, who: Who) -> web.Response:
        asked(request, Asked)
        here = must_have(who)
        tenant = tenant_of(here)
        quotas = {
            each.name: written_quotas(each.quotas) for each in self.administration.directory.tenants
        }
        known = [
            each
            for each in (await self.administration.as_used()).applications
            if each.environment == here
        ]
        return self.desk.show(
            request,
            who,
            "applications.html",
            shown=[(each, written_settings(each.settings)) for each in known],
            dnis=self.desk.applications(who),
            settings=_OFFERED,
            default=DEFAULT_APPLICATION,
            tenant=tenant,
            quotas=quotas[tenant],
        )

    async def _add(self, request: web.Request, who: Who) -> web.Response:
        what = await self.desk.form(request, AddApplication)
        made = await self.administration.add_application(
            must_have(who), what.name, allocates_from=what.allocates_from or None, settings={}
        )
        said = f"The application {what.name} is there; this is its key:"
        return _done(request, Note(said, made.key, tuple(made.warnings)))

    async def _set(self, request: web.Request, who: Who) -> web.Response:
        what = await self.desk.form(request, SetApplication)
        given: dict[str, str] = {
            name: value
            for name in _OFFERED
            if (value := getattr(what, name)) != getattr(what, f"was_{name}")
        }
        own = await self.administration.set_application(must_have(who), what.application, given)
        said = f"The settings of {what.application} count from now on."
        return _done(request, Note(said, warnings=tuple(own.warnings)))

    async def _remove(self, request: web.Request, who: Who) -> web.Response:
        what = await self.desk.form(request, Asked)
        await self.administration.remove_application(must_have(who), what.application)
        return _done(request, Note(f"The application {what.application} is removed."))

    async def _add_key(self, request: web.Request, who: Who) -> web.Response:
        what = await self.desk.form(request, Asked)
        key = await self.administration.add_key(must_have(who), what.application, None)
        return _done(request, Note(f"Another key of {what.application}:", key))

    async def _remove_key(self, request: web.Request, who: Who) -> web.Response:
        what = await self.desk.form(request, RemoveKey)
        await self.administration.remove_key(must_have(who), what.application, what.prefix)
        said = f"The key {what.prefix}… of {what.application} is good for nothing any more."
        return _done(request, Note(said))


def _done(request: web.Request, note: Note) -> web.Response:
    return done(request[SESSION], _PAGE, note)
