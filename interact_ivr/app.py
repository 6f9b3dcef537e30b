"""The composition root: the one place that knows every part, and puts them together."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import msgspec

from dialplan import NOBODYS, Directory, Engine
from interact_ivr import __version__
from interact_ivr.ani_key import ani_key
from interact_ivr.config_keys import Config
from interact_ivr.control.actors import actor_of
from interact_ivr.control.dial_plans import PlanOperations
from interact_ivr.control.operations import Conversation, Operations
from interact_ivr.control.sizing import SizingOperations
from interact_ivr.domain.acts import COMMAND_LINE
from interact_ivr.domain.ani import AniKeeping, AniSetting
from interact_ivr.domain.cluster import Presence
from interact_ivr.domain.happening import EXHAUSTED, Happening
from interact_ivr.domain.names import ALPHABETS, CallRef, EnvironmentId, EnvironmentName
from interact_ivr.domain.phone_calls import Told
from interact_ivr.domain.values import Retrieval
from interact_ivr.observing import Observing
from interact_ivr.observing_cluster import ObservingCluster
from interact_ivr.opening import Opening, Time, ani_key_file, opened_store
from interact_ivr.service.access import Access
from interact_ivr.service.activating import Activation
from interact_ivr.service.acts import Acts
from interact_ivr.service.administration import Administration
from interact_ivr.service.agents import Agents
from interact_ivr.service.allocations import Allocations
from interact_ivr.service.cluster import Cluster, Following
from interact_ivr.service.duty import Duty
from interact_ivr.service.engines import Engines
from interact_ivr.service.environments import Defaults, Environments
from interact_ivr.service.expiry import LOOK_EVERY, Expiry
from interact_ivr.service.imports import Imports
from interact_ivr.service.journal import Journal
from interact_ivr.service.logins import Logins
from interact_ivr.service.numbers import Numbers
from interact_ivr.service.passwords import Passwords
from interact_ivr.service.plans import Plans
from interact_ivr.service.pool_watch import PoolWatch
from interact_ivr.service.pools import Pools
from interact_ivr.service.purge import EVERY, Purge
from interact_ivr.service.ringing import Ringing
from interact_ivr.service.sites import Site
from interact_ivr.service.sizing import PoolSizing
from interact_ivr.service.stream import Stream
from interact_ivr.service.tokens import Tokens
from interact_ivr.service.used import Used

ExtensionsOf = Callable[[EnvironmentName, EnvironmentName], Directory]
"""Gives what the PBXes of an environment know of theirs; behind it the default environment."""
_SWEEP_DUTY = timedelta(seconds=3)
"""With a look more, a node that has died is stood in for: expiries are on record within 5 s."""
_LOOK_SHARED = timedelta(seconds=0.5)
"""Deadlines that other nodes gave out are on record within a second."""


class Parts(msgspec.Struct, frozen=True):
    """The services over an opened store, without a socket."""

    allocations: Allocations
    numbers: Numbers
    imports: Imports
    pools: Pools
    sizing: PoolSizing
    pool_watch: PoolWatch
    agents: Agents
    administration: Administration
    tokens: Tokens
    journal: Journal
    plans: Plans
    activation: Activation
    expiry: Expiry
    ringing: Ringing
    stream: Stream
    purge: Purge
    environments: Environments
    access: Access
    logins: Logins
    cluster: Cluster
    clock: Time
    acts: Acts
    used: Used
    adopt: Callable[[Config], Awaitable[None]]
    """Make effective what of another configuration can be while running; any error changes none."""


@asynccontextmanager
async def opened(
    config: Config,
    who: str,
    observing: Observing,
    *,
    rewrite_up_to: int | None = None,
    warned: Callable[[str], None] = lambda _: None,
    extensions: ExtensionsOf = lambda *_: NOBODYS,
    sites: Sequence[Site] = (),
) -> AsyncIterator[Parts]:
    """Open the store, and build the services over it.

    Up to how many bytes its file may be rewritten, while whoever asks waits, is for *who* to say;
    *warned* hears what was set so that one would rather not, beside who set it. *extensions* gives
    what the PBXes of an environment know of theirs, *sites* are the PBXes whose calls are followed.

    Raises:
        StoreHeldError, SchemaError, StoreUnavailable, sqlite3.Error, OSError: as `opened_store`.
        dialplan.PlanError: the dial plan has faults.
    """
    async with AsyncExitStack() as stack:
        engines = Engines()  # first: where a dial plan has faults, no store is made
        dial_plan = engines.load(config.dial_plan.plan)
        stream = Stream(observing.happened)
        opening = Opening(who, stream.tell, observing.clock_set, rewrite_up_to)
        store = await stack.enter_async_context(opened_store(config.store, opening))
        clock, directory, record = store.clock, store.directory, store.record
        defaults = await asyncio.to_thread(_defaults, config, dial_plan, extensions)
        environments = Environments(directory, defaults, engines.load)
        await environments.reload()
        purge = Purge(
            record,
            clock.date,
            config.journal.keep_for,
            purged=observing.purged,
            failed=observing.purge_failed,
            is_mine=Duty(store.cluster, "purge", opening.incarnation, EVERY).is_mine,
        )

        used = Used(directory, clock, observing.use_lost)
        administration = Administration(directory, environments, clock, warned, used)

        async def adopt(other: Config) -> None:
            dial_plan = await asyncio.to_thread(engines.load, other.dial_plan.plan)
            adopted = await asyncio.to_thread(_defaults, other, dial_plan, extensions)
            await administration.adopt(adopted)
            purge.keep_for = other.journal.keep_for
            ringing.ringing_for = other.pool.ringing_for
            sizing.target = pool_watch.target = other.pool.blocking_target

        sizing = PoolSizing(store.traffic, store.pools, environments, clock)
        pool_watch = PoolWatch(
            *((store.traffic, store.numbers), environments, clock),
            told=observing.pools_stand,
            failed=observing.pools_not_seen,
        )
        sizing.target = pool_watch.target = config.pool.blocking_target
        access = Access(environments, clock, used)
        acts = Acts(store.audit, environments, observing.acted, observing.act_lost)
        passwords = Passwords()
        stack.callback(passwords.close)
        expiry = Expiry(
            store.allocations,
            clock,
            failed=observing.sweep_failed,
            is_mine=Duty(store.cluster, "sweep", opening.incarnation, _SWEEP_DUTY).is_mine,
            look_every=_LOOK_SHARED if config.store.is_shared else LOOK_EVERY,
        )
        ringing = Ringing(
            store.allocations, environments, config.pool.ringing_for, expiry.look, clock
        )

        def exhausted(environment: EnvironmentId) -> None:
            stream.tell(Happening(environment, EXHAUSTED, clock.now()))

        agents = Agents(sites, environments, store.answers, observing.untold)

        def answered(call: CallRef, environment: EnvironmentId, retrieval: Retrieval) -> None:
            agents.told(call, Told.by(retrieval, environment, call.uniqueid, clock.now()))

        allocations = Allocations(
            *(store.allocations, environments, observing, expiry.allocated),
            asks=ringing.asks,
            answered=answered,
            exhausted=exhausted,
        )
        imports = Imports(store.numbers, environments)
        cluster = Cluster(
            store.cluster,
            Presence(opening.incarnation, config.node.called, __version__, "", "{}"),
            Following(administration.refresh, imports.left.set),
            ObservingCluster(),
        )
        journal = Journal(record, record, store.allocations, environments, agents.forget)
        plans = Plans(environments, journal)
        yield Parts(
            allocations,
            Numbers(store.numbers, environments),
            imports,
            Pools(store.pools, allocations, environments),
            sizing,
            pool_watch,
            agents,
            administration,
            Tokens(administration),
            journal,
            plans,
            Activation(plans, environments, administration, cluster.nodes),
            expiry,
            ringing,
            stream,
            purge,
            environments,
            access,
            Logins(access.user, passwords.match),
            cluster,
            clock,
            acts,
            used,
            adopt,
        )


async def create_store(config: Config) -> None:
    """Make the store's file where there is none, and bring its schema up to date."""
    async with opened(config, "interact-ivr init", Observing()):
        pass


async def carry_out(
    config: Config,
    request: str,
    arguments: Mapping[str, object],
    parts: Iterable[object],
    told: Callable[[object], None],
) -> object:
    """Carry a request out without a service, under the store's lock."""

    async def each() -> AsyncIterator[object]:
        for part in parts:
            yield part

    async def tell(part: object) -> None:
        told(msgspec.to_builtins(part))

    who = f"interact-ivr {request.replace('.', ' ')}"
    async with opened(config, who, Observing()) as opened_parts:
        operations = operations_of(opened_parts, dict)
        actor = actor_of(os.getuid(), COMMAND_LINE)
        return await operations.carry_out(request, arguments, Conversation(each(), tell, actor))


def _defaults(config: Config, dial_plan: Engine, extensions: ExtensionsOf) -> Defaults:
    default = EnvironmentName(config.environment.default)
    return Defaults(
        environment=default,
        dial_plan=dial_plan,
        policy=config.pool.policy,
        alphabet=ALPHABETS[config.interaction.alphabet],
        shared_callers=config.pool.shared_callers,
        ani=_ani_keeping(config),
        journal_kept_for=config.journal.keep_for,
        extensions=lambda environment: extensions(environment, default),
        plan_name=config.dial_plan.plan,
    )


def operations_of(parts: Parts, facts: Callable[[], Mapping[str, object]]) -> Operations:
    """Give what the command line can ask for."""
    return Operations(
        *(parts.allocations, parts.numbers, parts.imports, parts.administration, parts.journal),
        parts.acts,
        facts,
        parts.cluster.nodes,
        {
            **SizingOperations(parts.sizing).by_name,
            **PlanOperations(parts.plans, parts.activation).by_name,
        },
    )


def _ani_keeping(config: Config) -> AniKeeping:
    setting = AniSetting(config.journal.ani)
    return AniKeeping(
        setting, b"" if setting is AniSetting.NONE else ani_key(ani_key_file(config.store))
    )
