"""The few things a service needs from outside; each method of a store is one transaction."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from interact_ivr.domain.access import Digest
from interact_ivr.domain.acts import Entry, Sought
from interact_ivr.domain.acts import Told as ToldAct
from interact_ivr.domain.cluster import Incarnation, Look, Node, Presence
from interact_ivr.domain.directory import Change, Directory
from interact_ivr.domain.journal import Forgotten, Page, PurgeStep, Subject, WhoHeld
from interact_ivr.domain.lifecycle import Policy, State
from interact_ivr.domain.names import (
    AllocationId,
    Ani,
    ApplicationId,
    CallRef,
    EnvironmentId,
    EnvironmentName,
    Group,
    InteractionId,
    NumberKey,
    Scope,
)
from interact_ivr.domain.phone_calls import Told
from interact_ivr.domain.traffic import Hour, Waits
from interact_ivr.domain.values import (
    Allocation,
    Block,
    Double,
    DraftNumber,
    FreeStatus,
    GroupCounts,
    KnownAllocation,
    KnownNumber,
    NewNumber,
    PoolNumber,
    Question,
    Retrieval,
    Shown,
    Sweep,
)

EVERYTHING = Shown()


class Clock(Protocol):
    """The time of day."""

    def now(self) -> datetime:
        """Give the present time, aware, UTC."""


class AllocationStore(Protocol):
    """Who holds which number. Every method is one transaction, durable when it returns."""

    async def allocate(
        self,
        scope: Scope,
        interaction: InteractionId,
        group: Group | None,
        caller: Ani | None,
        policy: Policy,
    ) -> Allocation:
        """Lend the number that has rested longest, or renew the one this interaction holds.

        *caller*, as stored, is who is expected to call; on renewal a new one replaces the old one.
        Where the policy is to replace, an interaction that holds a number gets another one; if no
        other may be lent, it is renewed. A *group* that it has asked for once binds it, also where
        none is given; that of a number which it got without asking does not.

        Raises:
            Exhausted: nothing may be lent.
            QuotaReached: as many as `Policy.most_open` are open; no two who ask exceed it.
            BadInput: the interaction holds a number of another group.
        """

    async def retrieve(
        self,
        environment: EnvironmentId,
        question: Question,
        policies: Mapping[ApplicationId, Policy],
        deadline: float | None = None,
        wanted: Callable[[], bool] | None = None,
    ) -> Retrieval:
        """Say whose number was dialed, and end its allocation where the answer is FOUND.

        What is no number may be the DNID of one; where it fits several, `AmbiguousDnid` names
        them. Atomic; FOUND, REDIAL and LATE are repeated to the same call. Past *deadline*
        (`time.monotonic`), or when it is not *wanted* any more at its turn, nothing is done and
        `TooLate` is raised. *wanted* is asked in any thread.
        """

    async def free(
        self,
        environment: EnvironmentId,
        keys: Sequence[NumberKey],
        allocation: AllocationId | None,
        deadline: float | None = None,
        application: ApplicationId | None = None,
        detail: str | None = None,
    ) -> FreeStatus:
        """End the number's allocation; with *allocation*, only that one.

        With *application*, a number of another one is UNKNOWN. The journal's entry has *detail*.

        Raises:
            AmbiguousDnid: it is no number, and the DNID of several.
        """

    async def holder(self, scope: Scope, keys: Sequence[NumberKey]) -> InteractionId | None:
        """Say whose a number of the pool is now; None: nobody's.

        Raises:
            NoSuchNumber: the pool has none of *keys*.
            AmbiguousDnid: it is no number, and the DNID of several.
        """

    async def take(
        self, scope: Scope, keys: Sequence[NumberKey], detail: str
    ) -> InteractionId | None:
        """Say the same, and end the allocation as retrieved, by no call; raises as `holder`.

        The journal says by whom in *detail*.
        """

    async def mark_undelivered(
        self, environment: EnvironmentId, retrieval: Retrieval, call: CallRef
    ) -> None:
        """Write into the journal that *call* may not have learned what it was told.

        Whose the allocation was is read anew: what was forgotten meanwhile does not come back, and
        of one that is not there any more nothing is written.
        """

    async def probe(self, deadline: float) -> None:
        """Do nothing, durably: raise `StoreUnavailable` where a retrieval could not be done."""

    async def sweep(self, limit: int) -> Sweep:
        """Write up to *limit* expiries that are due, and find the next deadline."""


class RingingStore(Protocol):
    """Which numbers have a call on them: those are not lent, nor told expired if it was in time."""

    async def ringing(
        self,
        environment: EnvironmentId,
        keys: Sequence[NumberKey],
        call: CallRef,
        at_most: timedelta,
        since: datetime | None = None,
    ) -> bool:
        """Take note that *call* is on a number, for *at_most*; False where it is none of ours.

        Of a call that was there already when it was first seen, *since* says from when on. If it
        has had its answer or its time by now, nothing is noted, and False given.

        If the allocation runs out meanwhile, its expiry is held open: *call* may still retrieve it,
        the same interaction renew it and anyone free it; another call is told nothing of it, and
        does not hold it open itself. What ran out before any call was there has expired.
        """

    async def stopped_ringing(self, call: CallRef) -> None:
        """Take note that *call* is on no number any more; a retrieval says so by itself."""

    async def ringing_calls(self, pbx: str) -> frozenset[str]:
        """Give the uniqueids of a PBX's calls that are on a number."""


class ToldStore(Protocol):
    """What calls were told. Nothing here makes a call wait."""

    async def told(self, call: CallRef) -> Told | None:
        """Give what *call* was told last: FOUND, REDIAL or LATE, as only these are kept.

        Of FOUND and REDIAL the interaction, before any LATE. Who called is there of FOUND alone,
        as it is, where the store may know it. What was forgotten was told to nobody.
        """


class JournalStore(Protocol):
    """What the journal is asked. Nothing here makes a call wait."""

    async def entries(
        self,
        environment: EnvironmentId,
        subject: Subject,
        after: str,
        limit: int,
        newest: int | None = None,
        application: ApplicationId | None = None,
    ) -> Page:
        """Give up to *limit* entries about *subject* behind the id *after*, as written.

        With *newest*, begin no earlier than so many entries before the end. With *application*,
        only what the journal says of its allocations is there: a removed number's go with it.

        Raises:
            NoSuchNumber: *subject* is a number that never was ours.
        """

    async def who_held(
        self,
        environment: EnvironmentId,
        keys: Sequence[NumberKey],
        at: datetime,
        application: ApplicationId | None = None,
    ) -> WhoHeld:
        """Say who held the first of *keys* that is, or was, a number of ours.

        With *application*, only its allocations are there.

        Raises:
            NoSuchNumber: none is.
            BadInput: *at* has not come yet.
        """

    def grown(self) -> Awaitable[None]:
        """Give what is done once anything is written after this moment."""


class Retention(Protocol):
    """How the journal loses what it need not know: in steps, each one transaction."""

    async def purge_entries(self, before: datetime, after: str, limit: int) -> PurgeStep:
        """Look at up to *limit* entries, and remove those of allocations that ended *before*."""

    async def purge_allocations(self, before: datetime, after: str, limit: int) -> PurgeStep:
        """Look at up to *limit* allocations, and remove those that nobody needs any more.

        Kept are the open ones, a number's last one, and those that did not end *before*; with an
        allocation go the answers that calls were given from it.
        """

    async def purge_acts(self, before: datetime, limit: int) -> int:
        """Remove up to *limit* entries of the audit trail written *before*, and say how many."""

    async def forget(
        self,
        environment: EnvironmentId,
        interaction: InteractionId,
        tombstone: InteractionId,
        limit: int,
    ) -> Forgotten:
        """Put *tombstone* in place of up to *limit* traces of each kind; nothing left: all 0.

        Raises:
            StillHeld: an allocation of *interaction* is open; it has not run out while a call holds
                its expiry open.
        """

    async def scrub(self) -> bool:
        """Leave nothing of what was forgotten in the store's files; False if calls would wait."""


class AuditStore(Protocol):
    """What administrators did; nothing changes it, and only age removes it."""

    async def add(self, told: ToldAct) -> None:
        """Put an act on record that no change of the store has put there."""

    async def entries(self, sought: Sought, before: str, limit: int) -> Sequence[Entry]:
        """Give up to *limit* entries that are older than the id *before*, the newest first.

        An empty *before* is after all there is.
        """


class NumberStore(Protocol):
    """The numbers of the pools."""

    async def add(self, scope: Scope, numbers: Sequence[NewNumber]) -> None:
        """Take all of *numbers*, or none.

        Raises:
            BadRows: some are there already, or another number of the pool has their DNID.
            ApplicationGone: there is no such pool any more.
        """

    async def create(self, scope: Scope, new: NewNumber) -> int:
        """Take one number, and give its id.

        Raises:
            NumberExists: the environment has it already.
        """

    async def known(self, scope: Scope, keys: Sequence[NumberKey]) -> Sequence[KnownNumber]:
        """Give those of *keys* that are numbers of the environment, as they were taken in."""

    async def dnids(self, scope: Scope, dnids: Sequence[str]) -> Mapping[str, NumberKey]:
        """Give those of *dnids* that a number of the pool has, each with that number."""

    async def list(
        self, scope: Scope, policy: Policy, shown: Shown = EVERYTHING
    ) -> Sequence[PoolNumber]:
        """Give the pool's numbers as they stand, by number."""

    async def count(self, scope: Scope, policy: Policy, shown: Shown) -> int:
        """Count the pool's numbers that fit *shown*, whatever its page."""

    async def counts(self, scope: Scope, policy: Policy) -> dict[State, int]:
        """Count the pool's enabled numbers by state."""

    async def set_enabled(
        self, scope: Scope, numbers: Sequence[NumberKey], *, enabled: bool
    ) -> None:
        """Let *numbers* be lent, or not any more; what they are allocated to stands."""

    async def remove(
        self, scope: Scope, numbers: Sequence[NumberKey], *, force: bool = False
    ) -> None:
        """Take *numbers* out with all that calls were told of them; the journal stays.

        An allocation that ran out is put on record first; by *force* one that stands ends as freed.

        Raises:
            NumbersAllocated: some are allocated, or a call is on them, and not by *force*; all
                stay as they were.
        """


class PoolView(Protocol):
    """What programs look up of a pool. Nothing here makes a call wait."""

    async def number(self, scope: Scope, policy: Policy, keys: Sequence[NumberKey]) -> PoolNumber:
        """Give the number of the pool that the first of *keys* finds, as it stands.

        Raises:
            NoSuchNumber: the pool has none of *keys*.
            AmbiguousDnid: it is no number, and the DNID of several.
        """

    async def groups(self, scope: Scope, policy: Policy) -> Sequence[GroupCounts]:
        """Count the pool's numbers by group, those without one first."""

    async def group_names(self, scope: Scope) -> Sequence[Group]:
        """Name the pool's groups, which costs less than to count them."""

    async def blocks(
        self, scope: Scope, policy: Policy, prefix: str, group: Group | None
    ) -> Sequence[Block]:
        """Count the numbers that begin with *prefix* in blocks, by how they begin.

        A block has two characters more than all of them have alike: at most a hundred blocks where
        numbers are digits. Only those of *group*, if it is given.
        """

    async def allocation(self, scope: Scope, allocation: AllocationId) -> KnownAllocation:
        """Give an allocation of the pool, open or ended.

        What ran out has ended, also where the journal does not say so yet; not while a call is on
        the number.

        Raises:
            NoSuchAllocation: the pool has none, or it was purged.
        """

    async def allocation_of(
        self, scope: Scope, interaction: InteractionId
    ) -> KnownAllocation | None:
        """Give the allocation that *interaction* has in the pool now; None where it has none."""


class TrafficStore(Protocol):
    """What was measured of a pool's traffic, since a time. Nothing here makes a call wait."""

    async def hours(self, scope: Scope, group: Group | None, since: datetime) -> Sequence[Hour]:
        """Give the hours in which numbers were lent, of the pool or of *group*, in their order.

        As many rows as hours leave the store, however much was lent; an hour without arrivals is
        not there. What was purged was not measured.
        """

    async def waits(self, scope: Scope, group: Group | None, since: datetime) -> Waits:
        """Count the allocations that were retrieved and that ran out, and say which hold is enough.

        A wait is from when the number was first lent to this interaction to its call.
        """


class ImportStore(Protocol):
    """Taking in more numbers than one transaction should. One import at a time.

    Whatever else says so too, `StoreUnavailable` is raised where what is hidden is another node's.
    """

    async def begin_hiding(self) -> bool:
        """Have all that is hidden to oneself, until it ends; False: another node has it.

        It is lost to the next node that wants it by being silent for ten seconds.
        """

    async def end_hiding(self) -> None:
        """Let another node have it; nothing is hidden any more."""

    async def write_hidden(self, scope: Scope, numbers: Sequence[NewNumber]) -> None:
        """Write *numbers* so that nobody finds them, counts them or is lent one of them.

        Raises:
            BadRows: some are there already, or another number of the pool, hidden or not, has the
                DNID of one of them.
            ApplicationGone: there is no such pool any more.
        """

    async def show_hidden(self, scope: Scope) -> None:
        """Make all that was written hidden visible at once, also to the allocation.

        Raises:
            ApplicationGone: there is no such pool any more, and nothing of it to be shown.
        """

    async def discard_hidden(self, limit: int) -> int:
        """Take up to *limit* hidden numbers away, and say how many."""

    def draft(self) -> "Draft":
        """Make an empty draft."""


class ClusterStore(Protocol):
    """Which nodes share the store, and which of them does what is done once for all of them.

    By the store's clock. A duty only spares work: two nodes that do it at once do no harm.
    """

    async def look(self) -> Look:
        """Say what one must know of what the others do; nothing is written."""

    async def beat(self, presence: Presence, alive_for: timedelta) -> None:
        """Show that a node is there, and will be seen again within *alive_for*.

        Nodes that were silent for a day are forgotten, and silent ones of the same name.
        """

    async def nodes(self) -> Sequence[Node]:
        """Give the nodes that are there or were lately, by name, then by since when."""

    async def leave(self, incarnation: Incarnation, deadline: float) -> None:
        """Let a node be gone, and others have its duties at once; by *deadline*, or not at all."""

    async def take(self, duty: str, incarnation: Incarnation, lasts: timedelta) -> bool:
        """Have *duty* for so long from now; False: another node has it.

        Who has it may take it again.
        """


class Draft(Protocol):
    """The numbers of an import before the pool has any: in bounded memory, beside the store."""

    async def add(self, numbers: Sequence[DraftNumber]) -> Sequence[Double]:
        """Note *numbers*, but for those that are there already; tell what came before of each.

        Told is, too, each whose DNID another one had first; it is noted nevertheless.
        """

    async def page(self, after: str, limit: int) -> Sequence[DraftNumber]:
        """Give up to *limit* numbers that sort behind *after*, by number."""

    async def leave_out(self, keys: Sequence[NumberKey]) -> None:
        """Forget the numbers *keys*."""

    async def size(self) -> int:
        """Count the numbers."""

    async def close(self) -> None:
        """Let everything go."""


class DirectoryStore(Protocol):
    """Tenants, environments, applications, users and tokens."""

    async def read(self) -> Directory:
        """Give all of it as it stands."""

    async def change(self, change: Change) -> None:
        """Make *change*.

        Raises:
            NoSuchEnvironment, NoSuchApplication, NoSuchEntry: what it speaks of is not there.
            EntryExists: what it adds is there already.
            EntryInUse: something hangs on what it removes.
            BadInput: what it speaks of is of the wrong kind.
        """


class UseStore(Protocol):
    """When what programs show was shown last."""

    async def note_used(
        self,
        keys: Mapping[tuple[EnvironmentName, Digest], datetime],
        tokens: Mapping[Digest, datetime],
    ) -> None:
        """Write when *keys*, each of an environment, and *tokens* were shown last.

        An earlier time than is there changes nothing, nor does what is not there any more.
        """
