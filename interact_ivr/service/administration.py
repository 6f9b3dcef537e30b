"""Administering the directory; what the environments know of it is taken anew after each change."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta

from interact_ivr.domain.access import (
    Grant,
    checked_name,
    checked_password,
    checked_role,
    kept_key,
    kept_token,
)
from interact_ivr.domain.directory import (
    AddApplication,
    AddEnvironment,
    AddKey,
    AddTenant,
    AddToken,
    AddUser,
    Change,
    Directory,
    KnownApplication,
    RemoveApplication,
    RemoveEnvironment,
    RemoveKey,
    RemoveTenant,
    RemoveToken,
    RemoveUser,
    SetApplication,
)
from interact_ivr.domain.errors import BadDialPlan, BadInput, EntryInUse, NoSuchApplication
from interact_ivr.domain.names import EnvironmentName
from interact_ivr.domain.settings import PoolSettings, read_settings
from interact_ivr.ports import Clock, DirectoryStore
from interact_ivr.service.environments import Environments
from interact_ivr.service.passwords import hashed

_DAYS = range(1, 3651)
"""How long a token may be good for, if not for ever."""


class Administration:
    """The use cases of the directory, one after the other."""

    def __init__(self, store: DirectoryStore, environments: Environments, clock: Clock) -> None:
        self._store = store
        self._environments = environments
        self._clock = clock
        self._turn = asyncio.Lock()

    @property
    def directory(self) -> Directory:
        """The directory as it stands."""
        return self._environments.directory

    @property
    def default(self) -> EnvironmentName:
        """The environment that is meant by no name."""
        return self._environments.defaults.environment

    @property
    def has_default(self) -> bool:
        """Whether there is such an environment."""
        return any(known.name == self.default for known in self.directory.environments)

    async def add_tenant(self, tenant: str) -> None:
        """Begin to serve a customer."""
        await self._change(AddTenant(checked_name("tenant", tenant)))

    async def remove_tenant(self, tenant: str) -> None:
        """Stop serving a customer who has no environment and no user."""
        await self._change(RemoveTenant(tenant))

    async def add_environment(self, environment: str, dial_plan: str | None) -> EnvironmentName:
        """Make an environment with a DNIS application ``default``, and give its full name."""
        name = self._environments.full_name(environment)
        if dial_plan is not None:
            try:
                self._environments.dial_plan(dial_plan)
            except ValueError as error:
                faults = [f"dial_plan: {fault}" for fault in str(error).splitlines()]
                raise BadDialPlan(faults) from None
        await self._change(AddEnvironment(name, dial_plan))
        return name

    async def remove_environment(self, environment: str) -> None:
        """Remove an environment that has nothing, and is not the configured default."""
        name = self._environments.full_name(environment)
        if name == self.default:
            raise EntryInUse("environment", name, "it is the configured environment.default")
        await self._change(RemoveEnvironment(name))

    async def add_application(
        self,
        environment: str,
        application: str,
        *,
        allocates_from: str | None = None,
        settings: Mapping[str, str],
        key: str | None = None,
    ) -> str:
        """Make a DNIS application, or a consumer application; give its key."""
        own = read_settings(settings, PoolSettings())
        if allocates_from is not None and settings:
            raise BadInput("settings", "none for a consumer application", next(iter(settings)))
        key = _new_key() if key is None else key
        await self._change(
            AddApplication(
                self._environments.full_name(environment),
                checked_name("application", application),
                allocates_from,
                own,
                kept_key(key),
            )
        )
        return key

    async def set_application(
        self, environment: str, application: str, settings: Mapping[str, str]
    ) -> PoolSettings:
        """Change some of a DNIS application's settings, and give all it has then."""
        name = self._environments.full_name(environment)
        async with self._turn:
            own = read_settings(settings, self._application(name, application).settings)
            await self._store.change(SetApplication(name, application, own))
            await self._environments.reload()
        return own

    async def remove_application(self, environment: str, application: str) -> None:
        """Remove an application on which nothing hangs, with its keys."""
        await self._change(
            RemoveApplication(self._environments.full_name(environment), application)
        )

    async def add_key(self, environment: str, application: str, key: str | None) -> str:
        """Let an application come with a second key as well, and give that."""
        key = _new_key() if key is None else key
        name = self._environments.full_name(environment)
        await self._change(AddKey(name, application, kept_key(key)))
        return key

    async def remove_key(self, environment: str, application: str, prefix: str) -> None:
        """Let an application come no more with the key that begins with *prefix*."""
        name = self._environments.full_name(environment)
        await self._change(RemoveKey(name, application, prefix))

    async def add_user(self, tenant: str, user: str, password: str) -> None:
        """Let a person in."""
        checked_name("user", user)
        await self._change(AddUser(tenant, user, await hashed(checked_password(password))))

    async def remove_user(self, tenant: str, user: str) -> None:
        """Let a person in no more."""
        await self._change(RemoveUser(tenant, user))

    async def add_token(
        self,
        environment: str,
        role: str,
        *,
        application: str | None = None,
        extensions: Sequence[str] = (),
        expires_in_days: int | None = None,
    ) -> str:
        """Give out a token; this is the only time it is seen."""
        if expires_in_days is not None and expires_in_days not in _DAYS:
            raise BadInput("expires_in_days", f"1 to {_DAYS[-1]}", str(expires_in_days))
        grant = Grant(
            checked_role(role),
            self._environments.full_name(environment),
            application,
            tuple(dict.fromkeys(extensions)),
            None
            if expires_in_days is None
            else self._clock.now() + timedelta(days=expires_in_days),
        )
        token = secrets.token_hex(32)
        await self._change(AddToken(kept_token(token), grant))
        return token

    async def remove_token(self, prefix: str) -> None:
        """Take back the token that begins with *prefix*."""
        await self._change(RemoveToken(prefix))

    async def _change(self, change: Change) -> None:
        async with self._turn:
            await self._store.change(change)
            await self._environments.reload()

    def _application(self, environment: EnvironmentName, name: str) -> KnownApplication:
        for known in self.directory.applications:
            if (known.environment, known.name) == (environment, name):
                return known
        raise NoSuchApplication(name, environment)


def _new_key() -> str:
    return secrets.token_hex(12)
