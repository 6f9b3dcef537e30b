"""A number's life on PostgreSQL: what is plain for a call is one round trip."""

import os
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

from interact_ivr.domain.errors import Exhausted
from interact_ivr.domain.lifecycle import Policy
from interact_ivr.domain.names import (
    Ani,
    ApplicationId,
    EnvironmentId,
    Group,
    InteractionId,
    Scope,
    random_end,
)
from interact_ivr.domain.values import Allocation, Question, Retrieval
from interact_ivr.ports import Clock
from interact_ivr.stores.acting import acting
from interact_ivr.stores.allocations import StoredAllocations
from interact_ivr.stores.operations.allocating import allocate
from interact_ivr.stores.operations.retrieving import recall, retrieve
from interact_ivr.stores.operations.retrieving_plainly import (
    Taken,
    keys_of,
    longest_redial,
    told_plainly,
)
from interact_ivr.stores.operations.times import from_micros, to_micros
from interact_ivr.stores.postgres.reader import Reader
from interact_ivr.stores.postgres.transaction import PostgresTransaction
from interact_ivr.stores.postgres.writer import Plain, Writer
from interact_ivr.stores.transaction import Transaction


class PostgresAllocations(StoredAllocations):
    """The `AllocationStore` and the `RingingStore` of the shared store."""

    def __init__(
        self, writer: Writer, reader: Reader, queries: Mapping[str, str], clock: Clock
    ) -> None:
        """*clock* is the server's, or near to it: by it a statement knows that it is too late."""
        super().__init__(writer, reader)
        self._clock = clock
        self._postgres = writer
        self._waiting = {
            name: text.replace("FOR UPDATE SKIP LOCKED", "FOR UPDATE")
            for name, text in queries.items()
        }

    async def allocate(
        self,
        scope: Scope,
        interaction: InteractionId,
        group: Group | None,
        caller: Ani | None,
        policy: Policy,
    ) -> Allocation:
        """Lend the number that has rested longest of those that nobody is busy with.

        Where there is none, those are waited for before it is said so.
        """
        operation = partial(allocate, scope, interaction, group, caller, policy)
        try:
            return await acting(self._postgres.run, operation)
        except Exhausted:
            waiting = partial(self._postgres.run, queries=self._waiting)
            return await acting(waiting, operation)

    async def retrieve(
        self,
        environment: EnvironmentId,
        question: Question,
        policies: Mapping[ApplicationId, Policy],
        deadline: float | None = None,
        wanted: Callable[[], bool] | None = None,
    ) -> Retrieval:
        """Say whose number was dialed, and end its allocation where the answer is FOUND."""
        return await self._postgres.run(
            partial(retrieve, environment, question, policies),
            deadline=deadline,
            wanted=wanted,
            plain=Plain(
                partial(
                    _retrieve_plainly,
                    *(environment, question, longest_redial(policies)),
                    self._until(deadline),
                ),
                partial(recall, environment, question),
            ),
        )

    async def probe(self, deadline: float) -> None:
        """Commit nothing, as something is committed; `StoreUnavailable` where that cannot be."""
        await self._postgres.run(_probe, deadline=deadline)

    def _until(self, deadline: float | None) -> int | None:
        """Give *deadline* by the server's clock: a statement may come to it late, or wait there."""
        if deadline is None:
            return None
        return to_micros(self._clock.now() + timedelta(seconds=deadline - time.monotonic()))


def _probe(tx: Transaction) -> None:
    tx.one("probe")


def _retrieve_plainly(
    environment: EnvironmentId,
    question: Question,
    redial_for: int,
    until: int | None,
    tx: PostgresTransaction,
) -> Retrieval | None:
    """Answer FOUND in one statement, or give None where it is not as plain as that."""
    row = tx.alone(
        "retrieve_plainly",
        environment=environment,
        keys=keys_of(question),
        pbx=question.call.pbx,
        uniqueid=question.call.uniqueid,
        caller=question.caller.known_by,
        redial_for=redial_for,
        ani=question.caller.stored,
        until=until,
        random=random_end(os.urandom(10)),
    )
    if row is None:
        return None
    at, *of = row
    return told_plainly(environment, question, Taken(*of), from_micros(at), tx.happened)
