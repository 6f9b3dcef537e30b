"""The environments as the use cases see them: a snapshot of the directory, replaced as a whole.

A name without a tenant means an environment of the default one's tenant, whatever other tenants
have: what a name means never changes because somebody else's environment came or went.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

import msgspec
from msgspec.structs import replace

from dialplan import NOBODYS, Fault, PlanError
from dialplan import Directory as Extensions
from interact_ivr.domain import times
from interact_ivr.domain.ani import PLAINLY, AniKeeping
from interact_ivr.domain.caller import CallerRules
from interact_ivr.domain.directory import (
    DEFAULT_APPLICATION,
    Directory,
    KnownApplication,
    KnownEnvironment,
    environment_name,
    tenant_of,
)
from interact_ivr.domain.errors import (
    ContradictingSettings,
    NoSuchApplication,
    NoSuchEnvironment,
)
from interact_ivr.domain.index import Index
from interact_ivr.domain.lifecycle import Policy
from interact_ivr.domain.names import (
    Alphabet,
    ApplicationId,
    EnvironmentId,
    EnvironmentName,
    Scope,
)
from interact_ivr.ports import DirectoryStore
from interact_ivr.service.dial_plan import DialPlan


class SitePlan(DialPlan, Protocol):
    """A dial plan before anybody has said whose the site's extensions are."""

    def knowing(self, extensions: Extensions, /) -> DialPlan:
        """Give the same plan, to which *extensions* says whose those are that it does not know."""


class Defaults(msgspec.Struct, frozen=True):
    """What counts where an environment or an application has nothing of its own."""

    environment: EnvironmentName
    """The one called by no name."""
    dial_plan: SitePlan
    policy: Policy
    alphabet: Alphabet
    shared_callers: Collection[str] = ()
    """Numbers that many people call from, as written."""
    ani: AniKeeping = PLAINLY
    """What is kept of a calling number."""
    journal_kept_for: timedelta | None = None
    """How long an ended allocation stays on record; None: for ever."""
    extensions: Callable[[EnvironmentName], Extensions] = lambda _: NOBODYS
    """What the PBXes of an environment know of theirs."""
    plan_name: str = ""
    """What the dial plan is called in the configuration."""


class Application(msgspec.Struct, frozen=True):
    """A DNIS application: its pool, and how long things last there."""

    name: str
    scope: Scope
    policy: Policy


class Environment(msgspec.Struct, frozen=True):
    """What the use cases need to know of one environment."""

    name: EnvironmentName
    id: EnvironmentId
    dial_plan: DialPlan
    alphabet: Alphabet
    callers: CallerRules
    applications: Mapping[str, Application]
    """Its DNIS applications."""
    policies: Mapping[ApplicationId, Policy]
    """The policy of the application a number belongs to."""
    consumers: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Of each consumer application, the DNIS application it allocates from."""
    plan_name: str = ""
    """A shipped plan or a file."""

    def application(self, name: str = "") -> Application:
        """Find a DNIS application, by no name the default one, or raise `NoSuchApplication`."""
        try:
            return self.applications[name or DEFAULT_APPLICATION]
        except KeyError:
            raise NoSuchApplication(name or DEFAULT_APPLICATION, self.name) from None

    def lending_to(self, name: str = "") -> Application:
        """Find the DNIS application that lends to *name*: itself, or the one it allocates from."""
        return self.application(self.consumers.get(name, name))


class Environments:
    """The environments by name, as of the last reload."""

    def __init__(
        self,
        store: DirectoryStore,
        defaults: Defaults,
        load_dial_plan: Callable[[str], SitePlan],
    ) -> None:
        self._store = store
        self._load_dial_plan = load_dial_plan
        self._dial_plans: Mapping[str, SitePlan] = {}
        """Those that environments have of their own."""
        self._by_name: Mapping[EnvironmentName, Environment] = {}
        self.defaults = defaults
        self.directory = Directory((), (), (), (), ())
        """What the snapshot was made of."""
        self.index = Index.of(self.directory)

    async def reload(self) -> None:
        """Take a new snapshot; a session goes on with the environment it has.

        On any error the old snapshot stays. A dial plan that is there is not loaded again.

        Raises:
            StoreUnavailable: it cannot be read.
            ValueError: a dial plan cannot be used.
        """
        self._take(await self._store.read(), self.defaults, self._dial_plans)

    async def refresh(self) -> Sequence[str]:
        """Take a new snapshot of what was changed, here or at another node.

        An environment whose dial plan cannot be used is left out, and why is given: a token that
        was taken back must not stay good for its sake.

        Raises:
            StoreUnavailable: it cannot be read.
        """
        read = await self._store.read()
        plans, faults = {**self._dial_plans}, list[str]()
        for name in sorted({each.dial_plan or "" for each in read.environments} - {"", *plans}):
            try:
                plans[name] = await asyncio.to_thread(self._load_dial_plan, name)
            except ValueError as error:
                faults += str(error).splitlines()
        plans[""] = self.defaults.dial_plan
        usable = (each for each in read.environments if (each.dial_plan or "") in plans)
        self._take(replace(read, environments=tuple(usable)), self.defaults, plans)
        return faults

    def own_dial_plans(self) -> Mapping[str, SitePlan]:
        """Load the dial plans that environments have of their own, anew; none is adopted by that.

        Raises:
            PlanError: some cannot be used; all their faults.
        """
        faults: list[Fault] = []
        plans = {}
        for name in sorted({each.dial_plan or "" for each in self.directory.environments} - {""}):
            try:
                plans[name] = self._load_dial_plan(name)
            except PlanError as error:
                faults += error.faults
        if faults:
            raise PlanError(tuple(faults))
        return plans

    def adopt(self, defaults: Defaults, dial_plans: Mapping[str, SitePlan] | None = None) -> None:
        """Let other *defaults* count from now on, and *dial_plans*, or leave all as it is.

        Raises:
            ContradictingSettings: the directory does not go with them.
            ValueError: one cannot be used.
        """
        faults = [*self._missing(defaults), *self._contradictions(defaults)]
        if faults:
            raise ContradictingSettings(faults)
        self._take(self.directory, defaults, self._dial_plans if dial_plans is None else dial_plans)

    def _missing(self, defaults: Defaults) -> Iterator[str]:
        if defaults.environment not in self._by_name:
            yield (
                "environment.default: expected an environment that is there, "
                f"got {defaults.environment!r}"
            )

    def check(self, defaults: Defaults) -> None:
        """Raise `ContradictingSettings` where applications' own settings do not go with these."""
        faults = [*self._contradictions(defaults)]
        if faults:
            raise ContradictingSettings(faults)

    def _contradictions(self, defaults: Defaults) -> Iterator[str]:
        kept = defaults.journal_kept_for
        return (
            f"journal.days: expected 0, or at least {each.key} of application {known.name!r} in "
            f"{known.environment} ({each.seconds} seconds), got {kept.days}"
            for known in self._dnis_applications()
            for each in times.too_long(known.settings.over(defaults.policy), kept)
            if kept is not None
        )

    def warnings(self) -> list[str]:
        """Say which applications' own settings one would rather not have so, and why."""
        return [warning for known in self._dnis_applications() for warning in self.warned_of(known)]

    def warned_of(self, known: KnownApplication) -> list[str]:
        """Say the same of one application; what is configured for all is not its own."""
        if known.settings.rest_for is None and known.settings.redial_for is None:
            return []
        told = times.warnings(known.settings.over(self.defaults.policy))
        return [f"application {known.name!r} in {known.environment}: {each}" for each in told]

    def _dnis_applications(self) -> Iterator[KnownApplication]:
        return (each for each in self.directory.applications if not each.allocates_from)

    def _take(
        self, directory: Directory, defaults: Defaults, dial_plans: Mapping[str, SitePlan]
    ) -> None:
        names = {each.dial_plan for each in directory.environments if each.dial_plan}
        own = {name: dial_plans.get(name) or self._load_dial_plan(name) for name in names}
        self._by_name = {
            known.name: self._environment(known, directory, defaults, own)
            for known in directory.environments
        }
        self._dial_plans = own
        self.directory, self.defaults = directory, defaults
        self.index = Index.of(directory)

    def full_name(self, name: str = "") -> EnvironmentName:
        """Give the ``tenant/environment`` that *name* means; `BadInput` where it can be none."""
        if not name:
            return self.defaults.environment
        return environment_name(name, tenant_of(self.defaults.environment))

    def named(self, name: str = "") -> Environment:
        """Find an environment, or raise `NoSuchEnvironment`. Never another one instead."""
        known = self._by_name.get(EnvironmentName(name))  # a bare name is nobody's full one
        if known is not None:
            return known
        full = self.full_name(name)
        try:
            return self._by_name[full]
        except KeyError:
            raise NoSuchEnvironment(full) from None

    def pools(self) -> Iterator[tuple[EnvironmentName, str]]:
        """Give every environment's every DNIS application."""
        for here in self._by_name.values():
            for application in here.applications:
                yield here.name, application

    def plan_names(self) -> Iterator[tuple[EnvironmentName, str]]:
        """Give every environment with the name of its dial plan."""
        return ((here.name, here.plan_name) for here in self._by_name.values())

    def load(self, names: Collection[str]) -> Mapping[str, SitePlan]:
        """Load these dial plans anew; none is adopted by that.

        Raises:
            PlanError: one cannot be used.
        """
        return {name: self._load_dial_plan(name) for name in names}

    def take(self, plans: Mapping[str, SitePlan]) -> None:
        """Let these dial plans count for those who have them by their names."""
        default = plans.get(self.defaults.plan_name, self.defaults.dial_plan)
        defaults = replace(self.defaults, dial_plan=default)
        self._take(self.directory, defaults, {**self._dial_plans, **plans})

    def dial_plan(self, name: str) -> SitePlan:
        """Give a dial plan by its name, and keep it for the environment that is to have it.

        Raises:
            ValueError: it cannot be used; all its faults.
        """
        if name not in self._dial_plans:
            self._dial_plans = {**self._dial_plans, name: self._load_dial_plan(name)}
        return self._dial_plans[name]

    def _environment(
        self,
        known: KnownEnvironment,
        directory: Directory,
        defaults: Defaults,
        own: Mapping[str, SitePlan],
    ) -> Environment:
        shared_plan = own[known.dial_plan] if known.dial_plan else defaults.dial_plan
        plan = shared_plan.knowing(defaults.extensions(known.name))
        shared = frozenset(map(plan.normalize, defaults.shared_callers))
        here = [each for each in directory.applications if each.environment == known.name]
        quotas = {tenant.name: tenant.quotas for tenant in directory.tenants}
        defaults = replace(
            defaults, policy=replace(defaults.policy, of_tenant=quotas[tenant_of(known.name)])
        )
        applications = {
            each.name: self._application(known.id, each, defaults)
            for each in here
            if not each.allocates_from
        }
        return Environment(
            name=known.name,
            id=known.id,
            dial_plan=plan,
            alphabet=defaults.alphabet,
            callers=CallerRules(plan.normalize, defaults.ani, shared),
            applications=applications,
            policies={each.scope.application: each.policy for each in applications.values()},
            consumers={each.name: each.allocates_from for each in here if each.allocates_from},
            plan_name=known.dial_plan or defaults.plan_name,
        )

    def _application(
        self, environment: EnvironmentId, known: KnownApplication, defaults: Defaults
    ) -> Application:
        policy = known.settings.over(defaults.policy)
        return Application(known.name, Scope(environment, known.id), policy)
