"""Gathers what this machine tells: secrets, certificates, the store's file and disk, ports."""

import os
import shutil
import socket
import sqlite3
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from ssl import PEM_cert_to_DER_cert

from msgspec.structs import replace

from interact_ivr.config_keys import Config
from interact_ivr.config_pbx import secret
from interact_ivr.config_store import StoreConfig
from interact_ivr.doctor.facts import Certificate, Port, Secret, StoreFacts
from interact_ivr.doctor.validity import validity
from interact_ivr.domain.errors import StoreUnavailable
from interact_ivr.secret_files import exposure, faults
from interact_ivr.stores.migrating import CopyError, SchemaError
from interact_ivr.stores.sqlite.copies import schema_of
from interact_ivr.stores.sqlite.failures import unavailable

_LONGEST_SECONDS = 5.0
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


def secrets(config: Config) -> Iterator[Secret]:
    """Look at every secret that the configuration names."""
    if config.store.password:
        yield _secret("store.password", config.store.password)
    if config.http.tls_key:
        yield _key_file("http.tls_key", config.http.tls_key)
    elif config.http.tls_certificate:  # the key is in it, too
        yield _key_file("http.tls_certificate", config.http.tls_certificate)
    if not config.store.is_shared:
        yield from _beside(config.store.path)
    for pbx in config.pbx:
        if pbx.ari_url:
            yield _secret(f"pbx.{pbx.name}.ari_password", pbx.ari_password)
        if pbx.ami_host:
            yield _secret(f"pbx.{pbx.name}.ami_secret", pbx.ami_secret)


def _beside(store: Path) -> Iterator[Secret]:
    """Look at the key of calling numbers, where there is one."""
    key = store.with_name(f"{store.name}.ani-key")
    if key.exists():
        yield _key_file("journal.ani", str(key))


def _secret(key: str, where: str) -> Secret:
    if not where.startswith("$") and exposure(Path(where)):
        return Secret(key, where, exposed=True)
    try:
        secret(where)
    except OSError as error:
        return Secret(key, where, str(error))
    return Secret(key, where)


def _key_file(key: str, where: str) -> Secret:
    """Look at a file that others read for us."""
    if exposure(Path(where)):
        return Secret(key, where, exposed=True)
    for fault in faults([Path(where)]):
        return Secret(key, where, fault)
    return Secret(key, where, "" if os.access(where, os.R_OK) else f"{where} cannot be read")


def certificates(config: Config) -> Iterator[Certificate]:
    """Look at every certificate that the configuration names: the first to end of each file."""
    named = [("http.tls_certificate", config.http.tls_certificate)]
    named += [(f"pbx.{pbx.name}.ca_file", pbx.ca_file) for pbx in config.pbx]
    for key, file in named:
        if file:
            yield certificate(key, file)


def certificate(key: str, file: str) -> Certificate:
    """Read from when until when the first of a file's certificates to end is valid."""
    try:
        texts = Path(file).read_text("ascii", "replace").split(_BEGIN)[1:]
        spans = [
            validity(PEM_cert_to_DER_cert(_BEGIN + text.partition(_END)[0] + _END))
            for text in texts
        ]
        begins, ends = min(spans, key=lambda span: span[1])
    except (OSError, ValueError) as error:
        return Certificate(key, file, fault=getattr(error, "strerror", None) or "not PEM")
    return Certificate(key, file, begins, ends)


def store(config: StoreConfig) -> StoreFacts:
    """Look at the store without being its writer."""
    if config.is_shared:
        return _database(config)
    try:
        return _file(config.path)
    except OSError as error:  # its folder is not ours to look into
        return StoreFacts(str(config.path), fault=f"it cannot be looked at: {error.strerror}")


def _file(path: Path) -> StoreFacts:
    facts = StoreFacts(str(path))
    if not path.exists():
        return replace(facts, absent=True)
    facts = replace(
        facts,
        free_bytes=shutil.disk_usage(path.parent).free,
        exposed=exposure(path) is not None,
        read_only=not _may_be_written(path),
    )
    try:
        schema, latest = schema_of(path)
    except SchemaError as error:
        return replace(facts, newer="later release" in str(error), fault=str(error))
    except CopyError as error:
        return replace(facts, fault=str(error).removeprefix(f"{path}: "))
    except sqlite3.Error as error:
        return replace(facts, fault=unavailable(error).reason)
    return replace(facts, schema=schema, latest=latest)


def _may_be_written(path: Path) -> bool:
    """Whether its mode and its folder let its owner write it: root may write whatever that says."""
    modes = path.stat().st_mode & stat.S_IWUSR
    return bool(modes) and os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _database(config: StoreConfig) -> StoreFacts:
    """Ask PostgreSQL for its schema; what talks to it is imported when there is one."""
    from interact_ivr.stores.postgres.connecting import Connecting
    from interact_ivr.stores.postgres.schema import look

    facts = StoreFacts(config.name)
    password = config.password
    connecting = Connecting(
        config.url, lambda: secret(password) if password else None, _LONGEST_SECONDS
    )
    try:
        schema, runs_with, latest = look(connecting)
    except StoreUnavailable as error:
        return replace(facts, fault=error.reason)
    return replace(facts, schema=schema, latest=latest, newer=runs_with > latest)


def ports(config: Config) -> Iterator[Port]:
    """Say which of our ports somebody else has, while the service does not run."""
    for key, host, port in (
        ("agi.port", config.agi.host, config.agi.port),
        ("http.port", config.http.host, config.http.port),
    ):
        if port:
            yield Port(key, f"{host}:{port}", port, not _is_free(host, port))


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def now() -> datetime:
    """Give the time by this machine's clock."""
    return datetime.now(UTC)
