"""The directory: tenants, their environments, applications, users and tokens; and its changes.

An environment is spoken of as ``tenant/environment``. No name crosses a tenant's border.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from interact_ivr.domain.access import Grant, KeptSecret, Role, checked_name
from interact_ivr.domain.errors import BadInput
from interact_ivr.domain.lifecycle import NO_QUOTAS, Quotas
from interact_ivr.domain.names import ApplicationId, EnvironmentId, EnvironmentName
from interact_ivr.domain.settings import PoolSettings

DEFAULT_APPLICATION = "default"
"""The DNIS application that every environment begins with, and that is meant by no name."""


def environment_name(text: str, tenant: str) -> EnvironmentName:
    """Read ``tenant/environment``, or the bare name of an environment of *tenant*."""
    owner, slash, name = text.rpartition("/")
    if slash and not owner:
        raise BadInput("environment", "tenant/environment", f"{text[:80]!a}")
    parts = (checked_name("environment", part) for part in (owner or tenant, name))
    return EnvironmentName("/".join(parts))


def tenant_of(environment: EnvironmentName) -> str:
    """Give the tenant whose *environment* it is."""
    return environment.partition("/")[0]


class KnownTenant(msgspec.Struct, frozen=True):
    """A tenant, and what all its applications may have together."""

    name: str
    quotas: Quotas = NO_QUOTAS


class KnownEnvironment(msgspec.Struct, frozen=True):
    """An environment."""

    id: EnvironmentId
    name: EnvironmentName
    dial_plan: str | None
    """A shipped plan or a file; None: the configured one."""


class KnownKey(msgspec.Struct, frozen=True):
    """One of an application's keys."""

    secret: KeptSecret
    added_at: datetime
    used_at: datetime | None = None
    """When it was shown last, to within a minute or so; None: never that we know."""


class KnownApplication(msgspec.Struct, frozen=True):
    """A DNIS application, or a consumer application that allocates from one."""

    id: ApplicationId
    environment: EnvironmentName
    name: str
    allocates_from: str | None
    """The DNIS application of a consumer application; None: it is one itself."""
    settings: PoolSettings
    keys: tuple[KnownKey, ...]


@dataclass(frozen=True, slots=True)
class KnownUser:
    """A person of a tenant."""

    tenant: str
    name: str
    password_hash: str = field(repr=False)
    added_at: datetime
    role: Role | None = None
    """What they may do in the console; None: it is not theirs."""


class KnownToken(msgspec.Struct, frozen=True):
    """A bearer token."""

    secret: KeptSecret
    grant: Grant
    added_at: datetime
    used_at: datetime | None = None
    """As of a key."""


class Directory(msgspec.Struct, frozen=True):
    """All of it at one instant, each part by name."""

    tenants: tuple[KnownTenant, ...]
    environments: tuple[KnownEnvironment, ...]
    applications: tuple[KnownApplication, ...]
    users: tuple[KnownUser, ...]
    tokens: tuple[KnownToken, ...]


class AddTenant(msgspec.Struct, frozen=True):
    """Begin to serve a customer."""

    tenant: str


class SetTenant(msgspec.Struct, frozen=True):
    """Change some of a tenant's quotas: the *given* ones, by their fields."""

    tenant: str
    quotas: Quotas
    given: Collection[str]


class RemoveTenant(msgspec.Struct, frozen=True):
    """Refused while it has environments or users."""

    tenant: str


class AddEnvironment(msgspec.Struct, frozen=True):
    """Make an environment, with its first DNIS application."""

    environment: EnvironmentName
    dial_plan: str | None


class RemoveEnvironment(msgspec.Struct, frozen=True):
    """Refused while it has numbers, tokens, or applications beside the first.

    What an import has not shown yet are no numbers, and go with it.
    """

    environment: EnvironmentName


class AddApplication(msgspec.Struct, frozen=True):
    """Make a DNIS application, or a consumer application that allocates from one."""

    environment: EnvironmentName
    application: str
    allocates_from: str | None
    settings: PoolSettings
    key: KeptSecret


class SetApplication(msgspec.Struct, frozen=True):
    """Change some of a DNIS application's settings: the *given* ones, by their fields."""

    environment: EnvironmentName
    application: str
    settings: PoolSettings
    given: Collection[str]


class RemoveApplication(msgspec.Struct, frozen=True):
    """With its keys; refused while it has numbers, tokens or consumer applications.

    What an import has not shown yet are no numbers, and go with it.
    """

    environment: EnvironmentName
    application: str


class AddKey(msgspec.Struct, frozen=True):
    """Refused where the application has two, or where the environment has this one already."""

    environment: EnvironmentName
    application: str
    key: KeptSecret


class RemoveKey(msgspec.Struct, frozen=True):
    """The key that begins so is good for nothing any more."""

    environment: EnvironmentName
    application: str
    prefix: str


@dataclass(frozen=True, slots=True)
class AddUser:
    """Let a person in."""

    tenant: str
    user: str
    password_hash: str = field(repr=False)
    role: Role | None = None


class SetUser(msgspec.Struct, frozen=True):
    """Let a person do this in the console, or nothing."""

    tenant: str
    user: str
    role: Role | None


class RemoveUser(msgspec.Struct, frozen=True):
    """Let a person in no more."""

    tenant: str
    user: str


class AddToken(msgspec.Struct, frozen=True):
    """Give out a token."""

    secret: KeptSecret
    grant: Grant


class RemoveToken(msgspec.Struct, frozen=True):
    """The token that begins so is good for nothing any more."""

    prefix: str


Change = (
    AddTenant
    | SetTenant
    | RemoveTenant
    | AddEnvironment
    | RemoveEnvironment
    | AddApplication
    | SetApplication
    | RemoveApplication
    | AddKey
    | RemoveKey
    | AddUser
    | SetUser
    | RemoveUser
    | AddToken
    | RemoveToken
)
