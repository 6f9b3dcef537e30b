"""The directory by what comes over a wire: each question is one look-up, however large it is.

A secret is found by its digest as a dictionary's key. What the time of that comparison could tell
is how the digest of a secret begins that nobody has seen, and no secret follows from it.
"""

from collections.abc import Mapping, Set
from typing import Self

import msgspec

from interact_ivr.domain.access import Digest, Grant
from interact_ivr.domain.directory import Directory, KnownApplication, KnownUser, tenant_of
from interact_ivr.domain.names import EnvironmentName


class Index(msgspec.Struct, frozen=True):
    """A directory, ready to be asked."""

    environments: Mapping[str, Set[EnvironmentName]]
    """By tenant."""
    applications: Mapping[tuple[EnvironmentName, Digest], KnownApplication]
    """By the digest of each key."""
    users: Mapping[tuple[str, str], KnownUser]
    """By tenant and name."""
    grants: Mapping[Digest, Grant]
    """By the digest of the token."""

    @classmethod
    def of(cls, directory: Directory) -> Self:
        """Make the index of *directory*."""
        environments: dict[str, set[EnvironmentName]] = {}
        for known in directory.environments:
            environments.setdefault(tenant_of(known.name), set()).add(known.name)
        return cls(
            environments=environments,
            applications={
                (application.environment, key.secret.digest): application
                for application in directory.applications
                for key in application.keys
            },
            users={(user.tenant, user.name): user for user in directory.users},
            grants={token.secret.digest: token.grant for token in directory.tokens},
        )
