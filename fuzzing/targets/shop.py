"""A tenant whose secrets strangers try to guess: an application's key, a token, and a user."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from dialplan import Engine, load_plan
from interact_ivr.domain.access import Grant, Role, kept_key, kept_token
from interact_ivr.domain.directory import (
    Change,
    Directory,
    KnownApplication,
    KnownEnvironment,
    KnownKey,
    KnownTenant,
    KnownToken,
    KnownUser,
)
from interact_ivr.domain.lifecycle import Policy
from interact_ivr.domain.names import SAFE, ApplicationId, EnvironmentId, EnvironmentName
from interact_ivr.domain.settings import PoolSettings
from interact_ivr.service.access import Access
from interact_ivr.service.environments import Defaults, Environments

TENANT: Final = "acme"
ENVIRONMENT: Final = EnvironmentName("acme/live")
KEY: Final = "key-of-the-shop-0123"
TOKEN: Final = "0123456789abcdef" * 4
USER: Final = "ann"
PASSWORD: Final = "correct horse battery"
_NOON: Final = datetime(2026, 5, 4, 12, tzinfo=UTC)


class _Shop:
    """The directory of one tenant."""

    async def read(self) -> Directory:
        """Give it."""
        key = KnownKey(kept_key(KEY), _NOON)
        shop = KnownApplication(ApplicationId(1), ENVIRONMENT, "shop", None, PoolSettings(), (key,))
        token = KnownToken(kept_token(TOKEN), Grant(Role.ADMIN, ENVIRONMENT), _NOON)
        return Directory(
            (KnownTenant(TENANT),),
            (KnownEnvironment(EnvironmentId(1), ENVIRONMENT, None),),
            (shop,),
            (KnownUser(TENANT, USER, "hash", _NOON),),
            (token,),
        )

    async def change(self, change: Change) -> None:
        """Change nothing."""
        raise NotImplementedError


class _Noon:
    """A clock that stands."""

    def now(self) -> datetime:
        """Tell it."""
        return _NOON


async def access() -> Access:
    """Give who may ask."""
    minute = timedelta(minutes=1)
    defaults = Defaults(ENVIRONMENT, Engine(load_plan("nanp")), Policy(minute, minute), SAFE)
    environments = Environments(_Shop(), defaults, lambda _: Engine(load_plan("nanp")))
    await environments.reload()
    return Access(environments, _Noon())
