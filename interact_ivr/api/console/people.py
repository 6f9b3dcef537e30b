"""Who may ask: the tenant's users, and the tokens of the environment."""

from typing import Final

import msgspec
from aiohttp import web

from interact_ivr.api.console.asking import Asked, Desk, action, asked, done, must_have, page
from interact_ivr.api.console.guarding import SESSION
from interact_ivr.api.console.sessions import Note
from interact_ivr.api.routes import Needs, Route, Who
from interact_ivr.domain.access import Grant, Role
from interact_ivr.domain.errors import BadInput, EntryInUse, NotPermitted
from interact_ivr.service.administration import Administration
from interact_ivr.service.tokens import Tokens

_PAGE: Final = "people"
_LONG_DAYS: Final = 10
"""Digits that no count of days has."""
_USER_ROLES: Final = (Role.VIEWER, Role.AGENT, Role.ADMIN)


class OneUser(msgspec.Struct, frozen=True):
    """The form by which a user is removed."""

    user: str


class SetUser(OneUser, frozen=True):
    """The form of what a user may do in the console; empty: nothing."""

    role: str = ""


class AddUser(SetUser, frozen=True, kw_only=True):
    """The form by which a person is let in."""

    password: str


class AddToken(Asked, frozen=True, kw_only=True):
    """The form by which a token is given out."""

    role: str
    extensions: str = ""
    """Of an agent, separated by spaces or commas; none: all."""
    expires_in_days: str = ""
    """Empty: it never does."""


class RemoveToken(msgspec.Struct, frozen=True):
    """The form by which one is taken back."""

    prefix: str


class PeoplePages(msgspec.Struct, frozen=True):
    """Serves them."""

    desk: Desk
    administration: Administration
    tokens: Tokens

    def routes(self) -> list[Route]:
        """Give what is served."""
        return [
            page(_PAGE, Needs.CONSOLE_ADMIN, self._show),
            action("user-add", self._add_user, "user.add"),
            action("user-set", self._set_user, "user.set"),
            action("user-remove", self._remove_user, "user.remove"),
            action("token-add", self._add_token, "token.add"),
            action("token-remove", self._remove_token, "token.remove"),
        ]

    async def _show(self, request: web.Request, who: Who) -> web.Response:
        asked(request, Asked)
        must_have(who)
        tenant = request[SESSION].user.tenant
        return self.desk.show(
            request,
            who,
            "people.html",
            users=[each for each in self.administration.directory.users if each.tenant == tenant],
            tokens=await self.tokens.as_used(_grant(who)),
            applications=self.desk.applications(who),
            user_roles=_USER_ROLES,
            token_roles=tuple(Role),
        )

    async def _add_user(self, request: web.Request, _: Who) -> web.Response:
        what = await self.desk.form(request, AddUser)
        tenant = request[SESSION].user.tenant
        await self.administration.add_user(tenant, what.user, what.password, what.role or None)
        return _done(request, Note(f"{what.user} may come in."))

    async def _set_user(self, request: web.Request, _: Who) -> web.Response:
        what = await self.desk.form(request, SetUser)
        tenant = _not_oneself(request, what.user)
        await self.administration.set_user(tenant, what.user, what.role or None)
        return _done(request, Note(f"{what.user} has {what.role or 'no role'} now."))

    async def _remove_user(self, request: web.Request, _: Who) -> web.Response:
        what = await self.desk.form(request, OneUser)
        await self.administration.remove_user(_not_oneself(request, what.user), what.user)
        return _done(request, Note(f"{what.user} may come in no more."))

    async def _add_token(self, request: web.Request, who: Who) -> web.Response:
        what = await self.desk.form(request, AddToken)
        made = await self.tokens.give(
            _grant(who),
            what.role,
            what.application or None,
            what.extensions.replace(",", " ").split(),
            _days(what.expires_in_days),
        )
        return _done(request, Note(f"A token of role {what.role}:", made.token))

    async def _remove_token(self, request: web.Request, who: Who) -> web.Response:
        what = await self.desk.form(request, RemoveToken)
        await self.tokens.take_back(_grant(who), what.prefix)
        return _done(request, Note(f"The token {what.prefix}… is good for nothing any more."))


def _days(text: str) -> int | None:
    """Read what a browser sends of a field for a number: nothing written in it is an empty text."""
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < _LONG_DAYS):
        raise BadInput("expires_in_days", "a whole number", f"{text[:_LONG_DAYS]!a}")
    return int(text)


def _grant(who: Who) -> Grant:
    if who.grant is None:
        raise NotPermitted
    must_have(who)
    return who.grant


def _not_oneself(request: web.Request, user: str) -> str:
    """Give the tenant; refuse who would shut themselves out."""
    known = request[SESSION].user
    if known.name == user:
        raise EntryInUse("user", user, "it is you")
    return known.tenant


def _done(request: web.Request, note: Note) -> web.Response:
    return done(request[SESSION], _PAGE, note)
