"""Who is asking, and what they may: what they show of themselves, against what is kept.

Passwords, which take their time, are checked by `logins`.
"""

from interact_ivr.domain.access import Grant, digest
from interact_ivr.domain.directory import KnownApplication, KnownUser, tenant_of
from interact_ivr.domain.names import EnvironmentName
from interact_ivr.ports import Clock
from interact_ivr.service.environments import Environments


class Access:
    """The use cases of whoever shows a secret; None tells them nothing of why."""

    def __init__(self, environments: Environments, clock: Clock) -> None:
        self._environments = environments
        self._clock = clock

    def environment(self, tenant: str, environment: str | None) -> EnvironmentName | None:
        """Find the environment of *tenant* that is meant; without a name, the only one it has.

        Of several, the configured default is the one called by no name, if it is this tenant's.
        """
        names = self._environments.index.environments.get(tenant, frozenset())
        if environment is not None:
            meant = EnvironmentName(f"{tenant}/{environment}")
        elif len(names) == 1:
            (meant,) = names
        else:
            meant = self._environments.defaults.environment
        return meant if meant in names else None

    def application(self, environment: str, key: str) -> KnownApplication | None:
        """Find the application of *environment*, by its full name, that has *key*."""
        name = EnvironmentName(environment)
        return self._environments.index.applications.get((name, digest(key)))

    def grant(self, token: str) -> Grant | None:
        """Find what *token* is good for, now."""
        grant = self._environments.index.grants.get(digest(token))
        return grant if grant is not None and grant.holds(self._clock.now()) else None

    def user_of(self, environment: EnvironmentName, name: str) -> KnownUser | None:
        """Find a user of the tenant whose *environment* it is, as long as that is there."""
        tenant = tenant_of(environment)
        if environment not in self._environments.index.environments.get(tenant, ()):
            return None
        return self.user(tenant, name)

    def user(self, tenant: str, name: str) -> KnownUser | None:
        """Find a user, whose password is still to be shown."""
        return self._environments.index.users.get((tenant, name))
