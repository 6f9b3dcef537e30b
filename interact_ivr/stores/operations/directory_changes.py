"""The changes of the directory; each runs inside one transaction."""

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import assert_never

from msgspec.structs import asdict

from interact_ivr.domain.access import MOST_KEYS, Digest, KeptSecret
from interact_ivr.domain.directory import (
    DEFAULT_APPLICATION,
    AddApplication,
    AddEnvironment,
    AddKey,
    AddTenant,
    AddToken,
    AddUser,
    Change,
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
    BadInput,
    EntryExists,
    EntryInUse,
    NoSuchApplication,
    NoSuchEntry,
    NoSuchEnvironment,
)
from interact_ivr.domain.lifecycle import Quotas
from interact_ivr.domain.names import ApplicationId, EnvironmentId, EnvironmentName, Scope
from interact_ivr.domain.settings import PoolSettings
from interact_ivr.stores.operations.times import micros_of, to_micros
from interact_ivr.stores.transaction import Transaction

_ID_BITS = 47
"""Ids are random, six bytes of a row: a removed entry's is not given to a later one."""


def make(change: Change, tx: Transaction) -> None:
    """Make *change*, or raise what refuses it."""
    match change:
        case AddTenant() | SetTenant() | RemoveTenant():
            _change_tenant(tx, change)
        case AddEnvironment():
            _add_environment(tx, change)
        case RemoveEnvironment():
            _remove_environment(tx, change)
        case AddApplication():
            _add_application(tx, change)
        case SetApplication():
            pool = _dnis_application(tx, change.environment, change.application)
            values = _columns(change.settings) | _given(PoolSettings, change.given)
            tx.do("set_application", application=pool.application, **values)
        case RemoveApplication():
            _remove_application(tx, change)
        case AddKey() | RemoveKey():
            _change_keys(tx, change)
        case AddUser() | SetUser() | RemoveUser():
            _change_user(tx, change)
        case AddToken() | RemoveToken():
            _change_token(tx, change)
        case _:
            assert_never(change)


def _change_tenant(tx: Transaction, change: AddTenant | SetTenant | RemoveTenant) -> None:
    match change:
        case AddTenant(tenant):
            if not tx.do("add_tenant", tenant=tenant, at=to_micros(tx.now)):
                raise EntryExists("tenant", tenant)
        case SetTenant(tenant, quotas, given):
            _check_tenant(tx, tenant)
            tx.do("set_tenant", tenant=tenant, **asdict(quotas), **_given(Quotas, given))
        case RemoveTenant(tenant):
            _check_tenant(tx, tenant)
            environments, users = tx.one("count_on_tenant", tenant=tenant)
            _check_unused("tenant", tenant, {"environments": environments, "users": users})
            tx.do("remove_tenant", tenant=tenant)


def _add_environment(tx: Transaction, change: AddEnvironment) -> None:
    tenant, _, name = change.environment.partition("/")
    _check_tenant(tx, tenant)
    environment = EnvironmentId(secrets.randbits(_ID_BITS))
    if not tx.do(
        "add_environment", id=environment, tenant=tenant, name=name, dial_plan=change.dial_plan
    ):
        raise EntryExists("environment", change.environment)
    _insert_application(tx, environment, DEFAULT_APPLICATION, None)


def _remove_environment(tx: Transaction, change: RemoveEnvironment) -> None:
    environment = _environment(tx, change.environment)
    counts = tx.one("count_on_environment", environment=environment, first=DEFAULT_APPLICATION)
    names = ("numbers", "other applications", "tokens")
    _check_unused("environment", change.environment, dict(zip(names, counts, strict=True)))
    tx.do("discard_hidden_of_environment", environment=environment)
    tx.do("remove_keys_of_environment", environment=environment)
    tx.do("remove_applications", environment=environment)
    tx.do("remove_environment", environment=environment)


def _add_application(tx: Transaction, change: AddApplication) -> None:
    environment = _environment(tx, change.environment)
    pool = None
    if change.allocates_from is not None:
        pool = _dnis_application(tx, change.environment, change.allocates_from).application
    application = _insert_application(tx, environment, change.application, pool)
    values = _columns(change.settings) | _given(PoolSettings, PoolSettings.__struct_fields__)
    tx.do("set_application", application=application, **values)
    _add_key(tx, Scope(environment, application), change.key)


def _insert_application(
    tx: Transaction, environment: EnvironmentId, name: str, pool: ApplicationId | None
) -> ApplicationId:
    application = ApplicationId(secrets.randbits(_ID_BITS))
    values = {"id": application, "environment": environment, "name": name, "allocates_from": pool}
    if not tx.do("add_application", **values):
        raise EntryExists("application", name)
    return application


def _remove_application(tx: Transaction, change: RemoveApplication) -> None:
    scope = _application(tx, change.environment, change.application)
    counts = tx.one(
        "count_on_application", environment=scope.environment, application=scope.application
    )
    names = ("numbers", "consumer applications", "tokens")
    _check_unused("application", change.application, dict(zip(names, counts, strict=True)))
    tx.do("discard_hidden_of_application", application=scope.application)
    tx.do("remove_keys", application=scope.application)
    tx.do("remove_application", application=scope.application)


def _change_keys(tx: Transaction, change: AddKey | RemoveKey) -> None:
    scope = _application(tx, change.environment, change.application)
    match change:
        case AddKey(key=key):
            (count,) = tx.one("count_keys", application=scope.application)
            if count >= MOST_KEYS:
                raise BadInput("key", f"at most {MOST_KEYS} at once", "another one; remove one")
            _add_key(tx, scope, key)
        case RemoveKey(prefix=prefix):
            if not tx.do("remove_key", application=scope.application, prefix=prefix):
                raise NoSuchEntry("key", prefix)


def _add_key(tx: Transaction, scope: Scope, key: KeptSecret) -> None:
    if not tx.do(
        "add_key",
        application=scope.application,
        environment=scope.environment,
        prefix=key.prefix,
        digest=key.digest,
        at=to_micros(tx.now),
    ):
        expected = "one that no application of the environment has, and that begins otherwise"
        raise BadInput("key", expected, f"one that begins with {key.prefix}")


def _change_user(tx: Transaction, change: AddUser | SetUser | RemoveUser) -> None:
    _check_tenant(tx, change.tenant)
    match change:
        case AddUser(tenant, user, password_hash, role):
            values = {"tenant": tenant, "name": user, "password_hash": password_hash}
            if not tx.do("add_user", at=to_micros(tx.now), role=role, **values):
                raise EntryExists("user", user)
        case SetUser(tenant, user, role):
            if not tx.do("set_user_role", tenant=tenant, name=user, role=role):
                raise NoSuchEntry("user", user)
        case RemoveUser(tenant, user):
            if not tx.do("remove_user", tenant=tenant, name=user):
                raise NoSuchEntry("user", user)


def _change_token(tx: Transaction, change: AddToken | RemoveToken) -> None:
    match change:
        case AddToken(secret, grant):
            application = None
            if grant.application is not None:
                pool = _dnis_application(tx, grant.environment, grant.application)
                application = pool.application
            tx.do(
                "add_token",
                prefix=secret.prefix,
                digest=secret.digest,
                role=grant.role,
                environment=_environment(tx, grant.environment),
                application=application,
                extensions=" ".join(grant.extensions),
                at=to_micros(tx.now),
                expires_at=None if grant.expires_at is None else to_micros(grant.expires_at),
            )
        case RemoveToken(prefix):
            if not tx.do("remove_token", prefix=prefix):
                raise NoSuchEntry("token", prefix)


def note_used(
    keys: Mapping[tuple[EnvironmentName, Digest], datetime],
    tokens: Mapping[Digest, datetime],
    tx: Transaction,
) -> None:
    """Write when *keys* and *tokens* were shown last, in an order that all who write keep."""
    for (environment, digest), at in sorted(keys.items()):
        tx.do("note_key_used", environment=environment, digest=digest, at=to_micros(at))
    for digest, at in sorted(tokens.items()):
        tx.do("note_token_used", digest=digest, at=to_micros(at))


def _check_tenant(tx: Transaction, tenant: str) -> None:
    if tx.one("find_tenant", tenant=tenant) is None:
        raise NoSuchEntry("tenant", tenant)


def _environment(tx: Transaction, name: EnvironmentName) -> EnvironmentId:
    row = tx.one("find_environment", environment=name)
    if row is None:
        raise NoSuchEnvironment(name)
    return EnvironmentId(row[0])


def _application(tx: Transaction, environment: EnvironmentName, name: str) -> Scope:
    id_ = _environment(tx, environment)
    row = tx.one("find_application", environment=id_, name=name)
    if row is None:
        raise NoSuchApplication(name, environment)
    return Scope(id_, ApplicationId(row[0]))


def _dnis_application(tx: Transaction, environment: EnvironmentName, name: str) -> Scope:
    scope = _application(tx, environment, name)
    if tx.one("is_consumer", application=scope.application):
        raise BadInput("application", "a DNIS application", f"the consumer application {name!r}")
    return scope


def _check_unused(kind: str, name: str, counts: Mapping[str, int]) -> None:
    used = [f"{what} ({count})" for what, count in counts.items() if count]
    if used:
        raise EntryInUse(kind, name, f"it has {', '.join(used)}")


def _given(kind: type[PoolSettings | Quotas], names: Collection[str]) -> dict[str, bool]:
    """Say of each field whether it is to be written."""
    return {f"sets_{name}": name in names for name in kind.__struct_fields__}


def _columns(settings: PoolSettings) -> dict[str, int | None]:
    return {name: _column(value) for name, value in asdict(settings).items()}


def _column(value: timedelta | bool | None) -> int | None:
    match value:
        case None:
            return None
        case timedelta():
            return micros_of(value)
        case _:
            return int(value)
