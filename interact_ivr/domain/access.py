"""Who may do what: names, roles, and the secrets that stand for them, kept as digests only."""

import hashlib
import re
from datetime import datetime
from enum import StrEnum
from typing import NewType

import msgspec

from interact_ivr.domain.errors import BadInput
from interact_ivr.domain.names import EnvironmentName

Digest = NewType("Digest", bytes)
"""The SHA-256 of a secret. The secrets are random and long, so it needs no salt."""

MOST_KEYS = 2
"""Keys of one application valid at once: the old one and the new one, while it is rotated."""
LONGEST_PASSWORD = 256

_NAME = re.compile(r"[A-Za-z0-9\-_.]{1,64}")
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-_.~+/=]{15,127}")
_EXTENSION = re.compile(r"[A-Za-z0-9*#+\-_.]{1,64}")
_KEY_PREFIX, _TOKEN_PREFIX = 6, 12
_PASSWORD = range(8, LONGEST_PASSWORD + 1)
_SHOWN = 80
"""Characters of a wrong value that a fault repeats."""


class Role(StrEnum):
    """What the bearer of a token may do, and a user in the console."""

    APPLICATION = "application"
    """Allocate, and see and free what it allocated."""
    AGENT = "agent"
    """See the calls of its extensions."""
    VIEWER = "viewer"
    ADMIN = "admin"


class KeptSecret(msgspec.Struct, frozen=True):
    """What is left of a secret once it was shown: enough to know it again, and to speak of it."""

    prefix: str
    """How it begins, shown in lists."""
    digest: Digest


class Grant(msgspec.Struct, frozen=True):
    """What a token is good for."""

    role: Role
    environment: EnvironmentName
    application: str | None = None
    """A DNIS application; None: every one of the environment."""
    extensions: tuple[str, ...] = ()
    """An agent's; none: every one of the environment."""
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse what means nothing."""
        if self.extensions and self.role is not Role.AGENT:
            raise BadInput("extensions", "none, unless the role is agent", self.extensions[0])
        for extension in self.extensions:
            if not _EXTENSION.fullmatch(extension):
                expected = "1 to 64 letters, digits and * # + - _ ."
                raise BadInput("extensions", expected, f"{extension[:_SHOWN]!a}")

    def sees(self, extension: str) -> bool:
        """Say whether the calls of *extension* may be seen; none may by one of an application."""
        # a phone's calls are the environment's: of no application
        is_its_own = not self.extensions or extension in self.extensions
        return self.application is None and is_its_own

    def holds(self, now: datetime) -> bool:
        """Say whether it is still good at *now*."""
        return self.expires_at is None or now < self.expires_at


def checked_name(field: str, text: str) -> str:
    """Take *text* as the name of a tenant, an environment, an application or a user."""
    if not _NAME.fullmatch(text):
        raise BadInput(field, "1 to 64 ASCII letters, digits and - _ .", f"{text[:_SHOWN]!a}")
    return text


def checked_role(text: str) -> Role:
    """Take *text* as a role."""
    try:
        return Role(text)
    except ValueError:
        raise BadInput("role", f"one of {', '.join(Role)}", f"{text[:_SHOWN]!a}") from None


def checked_user_role(text: str | None) -> Role | None:
    """Take *text* as what a user may do in the console; None: it is not theirs."""
    if text is None:
        return None
    if text == Role.APPLICATION or text not in {*Role}:
        raise BadInput("role", "agent, viewer or admin", f"{text[:_SHOWN]!a}")
    return Role(text)


def checked_password(text: str) -> str:
    """Take *text* as a password; a refusal does not repeat it."""
    if len(text) not in _PASSWORD:
        expected = f"{_PASSWORD.start} to {_PASSWORD.stop - 1} characters"
        raise BadInput("password", expected, f"{len(text)} characters")
    return text


def kept_key(text: str) -> KeptSecret:
    """Keep an application's key; a refusal does not repeat it."""
    if not _KEY.fullmatch(text):
        expected = "16 to 128 letters, digits and - _ . ~ + / =, a letter or digit first"
        raise BadInput("key", expected, f"{len(text)} characters that are not such")
    return KeptSecret(text[:_KEY_PREFIX], digest(text))


def kept_token(text: str) -> KeptSecret:
    """Keep a token, which is ours: 64 hexadecimal digits."""
    return KeptSecret(text[:_TOKEN_PREFIX], digest(text))


def digest(secret: str) -> Digest:
    """Give that by which *secret* is known again; any text has one."""
    return Digest(hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest())
