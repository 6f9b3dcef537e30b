"""Tokens over the native API: an administrator's token reaches as far as itself, and no further."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta
from msgspec.structs import asdict

from interact_ivr.api.native.asking import Asked, Says, Time, Within, answer, done, given, native
from interact_ivr.api.routes import Needs, Route
from interact_ivr.domain.access import Role
from interact_ivr.domain.directory import KnownToken
from interact_ivr.domain.errors import NoSuchEntry
from interact_ivr.service.tokens import Tokens


class GiveToken(Within, frozen=True, kw_only=True):
    """What a token is to be good for; without an application, for every one its giver's is."""

    role: Role
    extensions: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[A-Za-z0-9*#+\-_.]{1,64}$")], ...],
        Meta(max_length=100, description="an agent's; none: every one"),
    ] = ()
    expires_in_days: (
        Annotated[int, Meta(ge=1, le=3650, description="its giver's end is its end at the latest")]
        | None
    ) = None


class ShownToken(msgspec.Struct, frozen=True):
    """A token, but for its secret."""

    prefix: str
    """How it begins."""
    role: Role
    environment: str
    application: str | None
    extensions: Sequence[str]
    added_at: Time
    expires_at: Time | None

    @classmethod
    def of(cls, known: KnownToken) -> "ShownToken":
        """Show what is *known* of a token."""
        grant = known.grant
        return cls(
            prefix=known.secret.prefix,
            role=grant.role,
            environment=grant.environment,
            application=grant.application,
            extensions=grant.extensions,
            added_at=known.added_at,
            expires_at=grant.expires_at,
        )


class GivenToken(ShownToken, frozen=True, kw_only=True):
    """A token that was given out."""

    token: str
    """The secret itself, this once."""


class ShownTokens(msgspec.Struct, frozen=True):
    """Tokens."""

    tokens: list[ShownToken]


class TokenRoutes(msgspec.Struct, frozen=True):
    """Serves them."""

    tokens: Tokens

    def routes(self) -> list[Route]:
        """Give what is served."""
        return [
            native(
                "GET", "/tokens", Needs.ADMIN, self._list, Within,
                Says("list_tokens", "The tokens that this one reaches, of one application or all"),
                answer(200, "the tokens, without their secrets", ShownTokens),
            ),
            native(
                "POST", "/tokens", Needs.ADMIN, self._give, GiveToken,
                Says("give_token", "Give out a token; it is shown this once"),
                answer(201, "the token", GivenToken),
                does="token.add",
            ),
            native(
                "DELETE", "/tokens/{prefix}", Needs.ADMIN, self._take_back, Within,
                Says("take_back_token", "Take a token back", (NoSuchEntry,)),
                answer(204, "it is good for nothing any more"),
                does="token.remove",
            ),
        ]  # fmt: skip

    async def _list(self, asked: Asked[Within]) -> web.Response:
        known = self.tokens.list(asked.grant)
        only = asked.only
        shown = [each for each in known if only in (None, each.grant.application)]
        return given(ShownTokens([ShownToken.of(each) for each in shown]))

    async def _give(self, asked: Asked[GiveToken]) -> web.Response:
        what = asked.what
        new = await self.tokens.give(
            asked.grant, what.role, what.application, what.extensions, what.expires_in_days
        )
        shown = asdict(ShownToken.of(new.known))
        return given(GivenToken(token=new.token, **shown), 201)

    async def _take_back(self, asked: Asked[Within]) -> web.Response:
        await self.tokens.take_back(asked.grant, asked.path["prefix"])
        return done()
