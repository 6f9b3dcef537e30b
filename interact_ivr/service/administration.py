"""Administering the directory; what the environments know of it is taken anew after each change."""

import asyncio
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from interact_ivr.domain import times
from interact_ivr.domain.access import (
    Grant,
    checked_name,
    checked_password,
    checked_role,
    checked_user_role,
    kept_key,
    kept_token,
)
from interact_ivr.domain.acts import speak_of
from interact_ivr.domain.directory import (
    DEFAULT_APPLICATION,
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
    SetTenant,
    SetUser,
)
from interact_ivr.domain.errors import (
    BadDialPlan,
    BadInput,
    EntryInUse,
    NoSuchApplication,
    StoreUnavailable,
)
from interact_ivr.domain.lifecycle import NO_QUOTAS, Quotas
from interact_ivr.domain.names import EnvironmentName
from interact_ivr.domain.settings import PoolSettings, fields_of, read_quotas, read_settings
from interact_ivr.ports import Clock, DirectoryStore
from interact_ivr.service.environments import Defaults, Environments
from interact_ivr.service.passwords import hashed
from interact_ivr.service.used import Used

_DAYS = range(1, 3651)
"""How long a token may be good for, if not for ever."""


class NewApplication(msgspec.Struct, frozen=True):
    """An application that was made: the only time its key is seen."""

    key: str
    warnings: Sequence[str]


class OwnSettings(msgspec.Struct, frozen=True):
    """What an application has of its own, and why one would rather not have it so."""

    settings: PoolSettings
    warnings: Sequence[str]


class Administration:
    """The use cases of the directory, one after the other."""

    def __init__(
        self,
        store: DirectoryStore,
        environments: Environments,
        clock: Clock,
        warned: Callable[[str], None],
        used: Used | None = None,
    ) -> None:
        """*warned* hears what may be set so, and why one would rather not; so does who asked."""
        self._store = store
        self._environments = environments
        self._clock = clock
        self._warned = warned
        self._used = used
        self._turn = asyncio.Lock()

    @property
    def directory(self) -> Directory:
        """The directory as it stands."""
        return self._environments.directory

    async def as_used(self) -> Directory:
        """Give the directory as the store has it, with what was used until now, at any node.

        Where the store cannot tell, as it was known last.
        """
        try:
            if self._used is not None:
                await self._used.write()
            return await self._store.read()
        except StoreUnavailable:
            return self.directory

    @property
    def default(self) -> EnvironmentName:
        """The environment that is meant by no name."""
        return self._environments.defaults.environment

    @property
    def has_default(self) -> bool:
        """Whether there is such an environment."""
        return any(known.name == self.default for known in self.directory.environments)

    def warnings(self) -> Sequence[str]:
        """Say which applications' own settings one would rather not have so, and why."""
        return self._environments.warnings()

    def check(self) -> None:
        """Raise `ContradictingSettings` where the applications' own do not go with the others."""
        self._environments.check(self._environments.defaults)

    async def adopt(self, defaults: Defaults) -> None:
        """Let other *defaults* count, between two changes; what refuses them changes nothing.

        Dial plans of environments are read again, too; calls are answered meanwhile.

        Raises:
            PlanError: some cannot be used.
        """
        async with self._turn:
            plans = await asyncio.to_thread(self._environments.own_dial_plans)
            self._environments.adopt(defaults, plans)

    async def reload_dial_plans(self, names: Collection[str]) -> None:
        """Read these dial plans again, and no others, between two changes; or leave all as it is.

        Raises:
            PlanError: one cannot be used.
        """
        async with self._turn:
            self._environments.take(await asyncio.to_thread(self._environments.load, names))

    async def refresh(self) -> Sequence[str]:
        """Take what another node has changed, between two changes; say what cannot be used here."""
        async with self._turn:
            return await self._environments.refresh()

    async def add_tenant(self, tenant: str) -> None:
        """Begin to serve a customer."""
        await self._change(AddTenant(checked_name("tenant", tenant)))

    async def set_tenant(self, tenant: str, quotas: Mapping[str, str]) -> Quotas:
        """Change what all applications of a tenant may have together, and give all of it."""
        async with self._turn:
            known = {each.name: each.quotas for each in self.directory.tenants}
            own = read_quotas(quotas, known.get(tenant, NO_QUOTAS))
            await self._make(SetTenant(tenant, own, fields_of(quotas)))
            return next(each.quotas for each in self.directory.tenants if each.name == tenant)

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
    ) -> NewApplication:
        """Make a DNIS application, or a consumer application."""
        own = read_settings(settings, PoolSettings())
        if allocates_from is not None and settings:
            raise BadInput("settings", "none for a consumer application", next(iter(settings)))
        key = _new_key() if key is None else key
        speak_of({"prefix": kept_key(key).prefix})
        name = self._environments.full_name(environment)
        async with self._turn:
            self._check(own)
            await self._make(
                AddApplication(
                    name,
                    checked_name("application", application),
                    allocates_from,
                    own,
                    kept_key(key),
                )
            )
            return NewApplication(key, self._warn(name, application))

    async def set_application(
        self, environment: str, application: str, settings: Mapping[str, str]
    ) -> OwnSettings:
        """Change some of a DNIS application's settings, and give all it has then."""
        speak_of({"settings": settings})
        name = self._environments.full_name(environment)
        async with self._turn:
            own = read_settings(settings, self._application(name, application).settings)
            self._check(own)
            await self._make(SetApplication(name, application, own, fields_of(settings)))
            own = self._application(name, application).settings
            return OwnSettings(own, self._warn(name, application))

    async def remove_application(self, environment: str, application: str) -> None:
        """Remove an application on which nothing hangs, with its keys.

        Not an environment's first one, without which no name would mean anything there.
        """
        name = self._environments.named(environment).name
        if application == DEFAULT_APPLICATION:
            raise EntryInUse("application", application, "it goes with its environment")
        await self._change(RemoveApplication(name, application))

    async def add_key(self, environment: str, application: str, key: str | None) -> str:
        """Let an application come with a second key as well, and give that."""
        key = _new_key() if key is None else key
        kept = kept_key(key)
        speak_of({"prefix": kept.prefix})
        name = self._environments.full_name(environment)
        await self._change(AddKey(name, application, kept))
        return key

    async def remove_key(self, environment: str, application: str, prefix: str) -> None:
        """Let an application come no more with the key that begins with *prefix*."""
        name = self._environments.full_name(environment)
        await self._change(RemoveKey(name, application, prefix))

    async def add_user(
        self, tenant: str, user: str, password: str, role: str | None = None
    ) -> None:
        """Let a person in; into the console with a *role* only."""
        checked_name("user", user)
        may = checked_user_role(role)
        await self._change(AddUser(tenant, user, await hashed(checked_password(password)), may))

    async def set_user(self, tenant: str, user: str, role: str | None) -> None:
        """Let a person do in the console what *role* says; without one, nothing."""
        await self._change(SetUser(tenant, user, checked_user_role(role)))

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
        until: datetime | None = None,
    ) -> str:
        """Give out a token, good *until* then at the latest; this is the only time it is seen."""
        if expires_in_days is not None and expires_in_days not in _DAYS:
            raise BadInput("expires_in_days", f"1 to {_DAYS[-1]}", str(expires_in_days))
        ends = [] if until is None else [until]
        if expires_in_days is not None:
            ends.append(self._clock.now() + timedelta(days=expires_in_days))
        grant = Grant(
            checked_role(role),
            self._environments.full_name(environment),
            application,
            tuple(dict.fromkeys(extensions)),
            min(ends, default=None),
        )
        token = secrets.token_hex(32)
        kept = kept_token(token)
        speak_of({"prefix": kept.prefix})
        await self._change(AddToken(kept, grant))
        return token

    async def remove_token(self, prefix: str) -> None:
        """Take back the token that begins with *prefix*."""
        await self._change(RemoveToken(prefix))

    async def _change(self, change: Change) -> None:
        async with self._turn:
            await self._make(change)

    async def _make(self, change: Change) -> None:
        await self._store.change(change)
        await self._environments.refresh()

    def _check(self, own: PoolSettings) -> None:
        """Refuse settings by which the journal could not answer for what it should."""
        kept = self._environments.defaults.journal_kept_for
        for each in times.too_long(own.over(self._environments.defaults.policy), kept):
            most = 0 if kept is None else kept.total_seconds()
            expected = f"at most {most:.0f}, as long as the journal is kept (journal.days)"
            raise BadInput(each.key, expected, each.seconds)

    def _warn(self, environment: EnvironmentName, application: str) -> Sequence[str]:
        told = self._environments.warned_of(self._application(environment, application))
        for each in told:
            self._warned(each)
        return told

    def _application(self, environment: EnvironmentName, name: str) -> KnownApplication:
        for known in self.directory.applications:
            if (known.environment, known.name) == (environment, name):
                return known
        raise NoSuchApplication(name, environment)


def _new_key() -> str:
    return secrets.token_hex(12)
