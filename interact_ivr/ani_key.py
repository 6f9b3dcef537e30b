"""The key of the calling numbers' hashes: from the environment, else from a file by the store."""

import os
import secrets
from pathlib import Path

from interact_ivr.config import ConfigError
from interact_ivr.secret_files import Exposed, opened

VARIABLE = "INTERACT_IVR_ANI_KEY"
_FEWEST, _MOST = 16, 64
_EXPECTED = f"{_FEWEST} to {_MOST} bytes"


def ani_key(database: Path | None) -> bytes:
    """Give the key; the file is made at the first use, readable by its owner alone.

    Without the key, what is hashed compares with nothing any more. Two processes must not make
    it at once: whoever calls this holds the store's lock. Nodes that share a store have no
    *database*, and all are given the same key.

    Raises:
        ConfigError: it is too short or too long, others may read the file, or there is none.
    """
    if given := os.environ.get(VARIABLE):
        return _checked(Path(VARIABLE), os.fsencode(given))
    if database is None:
        raise ConfigError(
            Path(VARIABLE), [f"expected {_EXPECTED}, the same for all nodes, got none"]
        )
    file = database.with_name(database.name + ".ani-key")
    if not file.exists():
        _make(file)
    try:
        with opened(file) as reading:
            return _checked(file, reading.read().strip())
    except Exposed as error:
        raise ConfigError(file, [str(error)]) from error


def _make(file: Path) -> None:
    """Write a new key, whole or not at all."""
    new = file.with_name(file.name + ".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as writing:
        writing.write(secrets.token_hex(_MOST // 2) + "\n")
        writing.flush()
        os.fsync(descriptor)
    new.rename(file)
    folder = os.open(file.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _checked(source: Path, key: bytes) -> bytes:
    if not _FEWEST <= len(key) <= _MOST:
        raise ConfigError(source, [f"the key: expected {_EXPECTED}, got {len(key)}"])
    return key
