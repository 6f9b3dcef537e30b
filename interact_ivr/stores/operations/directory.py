"""The directory, read as a whole; `directory_changes` writes it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from interact_ivr.domain.access import Digest, Grant, KeptSecret, Role
from interact_ivr.domain.directory import (
    Directory,
    KnownApplication,
    KnownEnvironment,
    KnownKey,
    KnownTenant,
    KnownToken,
    KnownUser,
)
from interact_ivr.domain.lifecycle import Quotas
from interact_ivr.domain.names import EnvironmentName
from interact_ivr.domain.settings import PoolSettings
from interact_ivr.stores.operations.times import duration_of, from_micros
from interact_ivr.stores.transaction import Transaction


def read(tx: Transaction) -> Directory:
    """Give all of it."""
    keys: dict[int, list[KnownKey]] = defaultdict(list)
    for application, prefix, digest, at, used_at in tx.all("list_application_keys"):
        secret = KeptSecret(prefix, Digest(digest))
        keys[application].append(KnownKey(secret, from_micros(at), _instant(used_at)))
    return Directory(
        tenants=tuple(KnownTenant(name, Quotas(*most)) for name, *most in tx.all("list_tenants")),
        environments=tuple(KnownEnvironment(*row) for row in tx.all("list_environments")),
        applications=tuple(
            KnownApplication(id_, environment, name, pool, _settings(own), tuple(keys[id_]))
            for id_, environment, name, pool, *own in tx.all("list_applications")
        ),
        users=tuple(
            KnownUser(tenant, name, password_hash, from_micros(at), role and Role(role))
            for tenant, name, password_hash, at, role in tx.all("list_users")
        ),
        tokens=tuple(_token(*row) for row in tx.all("list_tokens")),
    )


def _token(
    prefix: str,
    digest: bytes,
    role: str,
    environment: EnvironmentName,
    application: str | None,
    extensions: str,
    added_at: int,
    expires_at: int | None,
    used_at: int | None,
) -> KnownToken:
    extensions_ = tuple(extensions.split())
    grant = Grant(Role(role), environment, application, extensions_, _instant(expires_at))
    secret = KeptSecret(prefix, Digest(digest))
    return KnownToken(secret, grant, from_micros(added_at), _instant(used_at))


def _instant(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def _settings(row: Sequence[int | None]) -> PoolSettings:
    hold_for, rest_for, redial_for, late_for = (
        None if micros is None else duration_of(micros) for micros in row[:4]
    )
    strict_rest, replace, late_reveals_id = (
        None if choice is None else bool(choice) for choice in row[4:7]
    )
    return PoolSettings(
        *(hold_for, rest_for, redial_for, late_for, strict_rest, replace, late_reveals_id),
        *row[7:],
    )
