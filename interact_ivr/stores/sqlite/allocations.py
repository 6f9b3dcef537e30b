"""A number's life in the embedded store: what is plain for a call is one look and four changes."""

from collections.abc import Callable, Mapping
from functools import partial

from interact_ivr.domain.lifecycle import Policy
from interact_ivr.domain.names import ApplicationId, EnvironmentId
from interact_ivr.domain.values import Question, Retrieval
from interact_ivr.stores.allocations import StoredAllocations
from interact_ivr.stores.operations.retrieving import retrieve
from interact_ivr.stores.operations.retrieving_plainly import retrieve_plainly
from interact_ivr.stores.transaction import Transaction


class SqliteAllocations(StoredAllocations):
    """The `AllocationStore` and the `RingingStore` of the embedded store."""

    async def retrieve(
        self,
        environment: EnvironmentId,
        question: Question,
        policies: Mapping[ApplicationId, Policy],
        deadline: float | None = None,
        wanted: Callable[[], bool] | None = None,
    ) -> Retrieval:
        """Say whose number was dialed, and end its allocation where the answer is FOUND."""
        operation = partial(_retrieve, environment, question, policies)
        return await self._writer.run(operation, deadline=deadline, wanted=wanted)


def _retrieve(
    environment: EnvironmentId,
    question: Question,
    policies: Mapping[ApplicationId, Policy],
    tx: Transaction,
) -> Retrieval:
    plainly = retrieve_plainly(environment, question, policies, tx)
    return plainly or retrieve(environment, question, policies, tx)
