"""Who is asking, and what they may: what they show of themselves, against what is kept.

Passwords, which take their time, are checked by `logins`.
"""

from interact_ivr.domain.access import Grant, digest
from interact_ivr.domain.directory import KnownApplication, KnownUser, tenant_of
from interact_ivr.domain.names import EnvironmentName
from interact_ivr.ports import Clock
from interact_ivr.service.environments import Environments
from interact_ivr.service.used import Used


class Access:
    """The use cases of whoever shows a secret; None tells them nothing of why."""

    def __init__(self, environments: Environments, clock: Clock, used: Used | None = None) -> None:
        """*used* notes what is shown and good, if anybody does."""
        self._environments = environments
        self._clock = clock
        self._used = used

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
        name, shown = EnvironmentName(environment), digest(key)
        known = self._environments.index.applications.get((name, shown))
        if known is not None and self._used is not None:
            self._used.key(name, shown)
        return known

    def grant(self, token: str) -> Grant | None:
        """Find what *token* is good for, now."""
        shown = digest(token)
        grant = self._environments.index.grants.get(shown)
        if grant is None or not grant.holds(self._clock.now()):
            return None
        if self._used is not None:
            self._used.token(shown)
        return grant

    def user_of(self, environment: EnvironmentName, name: str) -> KnownUser | None:
        """Find a user of the tenant whose *environment* it is, as long as that is there."""
        tenant = tenant_of(environment)
        if environment not in self._environments.index.environments.get(tenant, ()):
            return None
        return self.user(tenant, name)

    def has(self, token: str, grant: Grant) -> bool:
        """Say whether *token* is good for *grant*, now."""
        return self.grant(token) == grant

    def user(self, tenant: str, name: str) -> KnownUser | None:
        """Find a user, whose password is still to be shown."""
        return self._environments.index.users.get((tenant, name))
