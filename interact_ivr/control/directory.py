"""What the command line can ask for of the directory, by name: typed requests in, plain values out.

A secret is in an answer once: when it is made.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from interact_ivr.domain.settings import written_quotas, written_settings
from interact_ivr.service.administration import Administration


class _Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class ListEntries(_Request, frozen=True):
    """Show what there is of a kind."""


class OneTenant(_Request, frozen=True):
    """Add or remove a tenant."""

    tenant: str


class SetTenant(_Request, frozen=True):
    """Change some of a tenant's quotas."""

    tenant: str
    quotas: dict[str, str]


class OneEnvironment(_Request, frozen=True):
    """Remove an environment."""

    environment: str


class AddEnvironment(_Request, frozen=True):
    """Make an environment."""

    environment: str
    dial_plan: str | None = None


class AddApplication(_Request, frozen=True):
    """Make an application."""

    application: str
    allocates_from: str | None = None
    settings: dict[str, str] = {}
    key: str | None = None
    environment: str = ""


class SetApplication(_Request, frozen=True):
    """Change some of an application's settings."""

    application: str
    settings: dict[str, str]
    environment: str = ""


class OneApplication(_Request, frozen=True):
    """Remove an application."""

    application: str
    environment: str = ""


class AddKey(_Request, frozen=True):
    """Give an application another key."""

    application: str
    key: str | None = None
    environment: str = ""


class RemoveKey(_Request, frozen=True):
    """Take a key from an application."""

    application: str
    prefix: str
    environment: str = ""


class AddUser(_Request, frozen=True):
    """Let a person in."""

    tenant: str
    user: str
    password: str
    role: str | None = None


class SetUser(_Request, frozen=True):
    """Let a person do this in the console, or nothing."""

    tenant: str
    user: str
    role: str | None


class RemoveUser(_Request, frozen=True):
    """Let a person in no more."""

    tenant: str
    user: str


class AddToken(_Request, frozen=True):
    """Give out a token."""

    role: str
    application: str | None = None
    extensions: list[str] = []
    expires_in_days: int | None = None
    environment: str = ""


class RemoveToken(_Request, frozen=True):
    """Take a token back."""

    prefix: str


Operation = Callable[[Any], Awaitable[object]]


class DirectoryOperations:
    """Carries the directory's requests out."""

    def __init__(self, administration: Administration) -> None:
        self._administration = administration
        self.by_name: dict[str, tuple[type[msgspec.Struct], Operation]] = {
            "tenant.add": (OneTenant, self._add_tenant),
            "tenant.list": (ListEntries, self._list_tenants),
            "tenant.set": (SetTenant, self._set_tenant),
            "tenant.remove": (OneTenant, self._remove_tenant),
            "environment.add": (AddEnvironment, self._add_environment),
            "environment.list": (ListEntries, self._list_environments),
            "environment.remove": (OneEnvironment, self._remove_environment),
            "application.add": (AddApplication, self._add_application),
            "application.list": (ListEntries, self._list_applications),
            "application.set": (SetApplication, self._set_application),
            "application.remove": (OneApplication, self._remove_application),
            "application.key.add": (AddKey, self._add_key),
            "application.key.remove": (RemoveKey, self._remove_key),
            "user.add": (AddUser, self._add_user),
            "user.list": (ListEntries, self._list_users),
            "user.set": (SetUser, self._set_user),
            "user.remove": (RemoveUser, self._remove_user),
            "token.add": (AddToken, self._add_token),
            "token.list": (ListEntries, self._list_tokens),
            "token.remove": (RemoveToken, self._remove_token),
        }

    async def _add_tenant(self, request: OneTenant) -> object:
        await self._administration.add_tenant(request.tenant)
        return {"tenant": request.tenant}

    async def _list_tenants(self, _: ListEntries) -> object:
        return [
            {"tenant": known.name, "quotas": written_quotas(known.quotas)}
            for known in self._administration.directory.tenants
        ]

    async def _set_tenant(self, request: SetTenant) -> object:
        own = await self._administration.set_tenant(request.tenant, request.quotas)
        return {"tenant": request.tenant, "quotas": written_quotas(own)}

    async def _remove_tenant(self, request: OneTenant) -> object:
        await self._administration.remove_tenant(request.tenant)
        return {"tenant": request.tenant}

    async def _add_environment(self, request: AddEnvironment) -> object:
        name = await self._administration.add_environment(request.environment, request.dial_plan)
        return {"environment": name}

    async def _list_environments(self, _: ListEntries) -> object:
        return [
            {
                "environment": known.name,
                "dial_plan": known.dial_plan,
                "default": known.name == self._administration.default,
            }
            for known in self._administration.directory.environments
        ]

    async def _remove_environment(self, request: OneEnvironment) -> object:
        await self._administration.remove_environment(request.environment)
        return {"environment": request.environment}

    async def _add_application(self, request: AddApplication) -> object:
        made = await self._administration.add_application(
            request.environment,
            request.application,
            allocates_from=request.allocates_from,
            settings=request.settings,
            key=request.key,
        )
        return {"application": request.application, "key": made.key, "warnings": made.warnings}

    async def _list_applications(self, _: ListEntries) -> object:
        return [
            {
                "environment": known.environment,
                "application": known.name,
                "allocates_from": known.allocates_from,
                "settings": written_settings(known.settings),
                "keys": [
                    {
                        "prefix": key.secret.prefix,
                        "added_at": key.added_at,
                        "used_at": key.used_at,
                    }
                    for key in known.keys
                ],
            }
            for known in (await self._administration.as_used()).applications
        ]

    async def _set_application(self, request: SetApplication) -> object:
        own = await self._administration.set_application(
            request.environment, request.application, request.settings
        )
        return {
            "application": request.application,
            "settings": written_settings(own.settings),
            "warnings": own.warnings,
        }

    async def _remove_application(self, request: OneApplication) -> object:
        await self._administration.remove_application(request.environment, request.application)
        return {"application": request.application}

    async def _add_key(self, request: AddKey) -> object:
        key = await self._administration.add_key(
            request.environment, request.application, request.key
        )
        return {"application": request.application, "key": key}

    async def _remove_key(self, request: RemoveKey) -> object:
        await self._administration.remove_key(
            request.environment, request.application, request.prefix
        )
        return {"application": request.application, "prefix": request.prefix}

    async def _add_user(self, request: AddUser) -> object:
        await self._administration.add_user(
            request.tenant, request.user, request.password, request.role
        )
        return {"tenant": request.tenant, "user": request.user}

    async def _set_user(self, request: SetUser) -> object:
        await self._administration.set_user(request.tenant, request.user, request.role)
        return {"tenant": request.tenant, "user": request.user, "role": request.role}

    async def _list_users(self, _: ListEntries) -> object:
        return [
            {
                "tenant": known.tenant,
                "user": known.name,
                "role": known.role,
                "added_at": known.added_at,
            }
            for known in self._administration.directory.users
        ]

    async def _remove_user(self, request: RemoveUser) -> object:
        await self._administration.remove_user(request.tenant, request.user)
        return {"tenant": request.tenant, "user": request.user}

    async def _add_token(self, request: AddToken) -> object:
        token = await self._administration.add_token(
            request.environment,
            request.role,
            application=request.application,
            extensions=request.extensions,
            expires_in_days=request.expires_in_days,
        )
        return {"role": request.role, "token": token}

    async def _list_tokens(self, _: ListEntries) -> object:
        return [
            {
                "prefix": known.secret.prefix,
                "role": known.grant.role,
                "environment": known.grant.environment,
                "application": known.grant.application,
                "extensions": known.grant.extensions,
                "added_at": known.added_at,
                "expires_at": known.grant.expires_at,
                "used_at": known.used_at,
            }
            for known in (await self._administration.as_used()).tokens
        ]

    async def _remove_token(self, request: RemoveToken) -> object:
        await self._administration.remove_token(request.prefix)
        return {"prefix": request.prefix}
