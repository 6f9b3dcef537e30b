"""Who is asking, and what they may: the secrets that come in, against those that are kept."""

from interact_ivr.domain.access import Grant, digest
from interact_ivr.domain.directory import KnownApplication
from interact_ivr.ports import Clock
from interact_ivr.service.environments import Environments
from interact_ivr.service.passwords import matches


class Access:
    """The use cases of whoever shows a secret; None and False are the same to them."""

    def __init__(self, environments: Environments, clock: Clock) -> None:
        self._environments = environments
        self._clock = clock

    def application(self, environment: str, key: str) -> KnownApplication | None:
        """Find the application of *environment* that has *key*, of either kind."""
        name, shown = self._environments.full_name(environment), digest(key)
        for application in self._environments.directory.applications:
            if application.environment == name and any(
                known.secret.digest == shown for known in application.keys
            ):
                return application
        return None

    def grant(self, token: str) -> Grant | None:
        """Find what *token* is good for, now."""
        shown, now = digest(token), self._clock.now()
        for known in self._environments.directory.tokens:
            if known.secret.digest == shown and known.grant.holds(now):
                return known.grant
        return None

    async def user(self, tenant: str, name: str, password: str) -> bool:
        """Say whether *tenant* has such a user with that *password*."""
        for known in self._environments.directory.users:
            if (known.tenant, known.name) == (tenant, name):
                return await matches(known.password_hash, password)
        return False
