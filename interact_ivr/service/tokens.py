"""Administering tokens by a token: those of its own environment and application, and no others."""

from collections.abc import Sequence

import msgspec

from interact_ivr.domain.access import Grant, kept_token
from interact_ivr.domain.directory import KnownToken
from interact_ivr.domain.errors import NoSuchEntry, NotPermitted
from interact_ivr.service.administration import Administration


class NewToken(msgspec.Struct, frozen=True):
    """A token that was given out: the only time it is seen."""

    token: str
    known: KnownToken


class Tokens:
    """The use cases of an administrator who shows a token; *grant* is what that is good for."""

    def __init__(self, administration: Administration) -> None:
        self._administration = administration

    def list(self, grant: Grant) -> Sequence[KnownToken]:
        """Give the tokens that *grant* reaches."""
        known = self._administration.directory.tokens
        return [each for each in known if _reaches(grant, each.grant)]

    async def as_used(self, grant: Grant) -> Sequence[KnownToken]:
        """Give the same, with when each was shown last."""
        known = (await self._administration.as_used()).tokens
        return [each for each in known if _reaches(grant, each.grant)]

    async def give(
        self,
        grant: Grant,
        role: str,
        application: str | None,
        extensions: Sequence[str],
        expires_in_days: int | None,
    ) -> NewToken:
        """Give out a token that is good for no more than *grant*, and for no longer.

        Raises:
            NotPermitted: it would be good for another application.
        """
        if grant.application is not None and application not in (None, grant.application):
            raise NotPermitted
        token = await self._administration.add_token(
            grant.environment,
            role,
            application=application or grant.application,
            extensions=extensions,
            expires_in_days=expires_in_days,
            until=grant.expires_at,
        )
        return NewToken(token, self._found(grant, kept_token(token).prefix))

    async def take_back(self, grant: Grant, prefix: str) -> None:
        """Let the token that begins so be good for nothing any more.

        Raises:
            NoSuchEntry: there is none that *grant* reaches.
        """
        self._found(grant, prefix)
        await self._administration.remove_token(prefix)

    def _found(self, grant: Grant, prefix: str) -> KnownToken:
        for known in self.list(grant):
            if known.secret.prefix == prefix:
                return known
        raise NoSuchEntry("token", prefix)


def _reaches(grant: Grant, other: Grant) -> bool:
    return grant.environment == other.environment and (
        grant.application is None or grant.application == other.application
    )
