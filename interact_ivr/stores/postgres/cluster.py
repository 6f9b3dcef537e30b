"""The nodes on PostgreSQL: a row each, and one for each duty, all by the server's clock."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from interact_ivr.domain.cluster import Incarnation, Look, Node, Presence
from interact_ivr.stores.operations.times import duration_of, from_micros, micros_of
from interact_ivr.stores.postgres.reader import Reader
from interact_ivr.stores.postgres.writer import Writer
from interact_ivr.stores.transaction import Transaction

IMPORT = "import"
"""The duty of whose numbers are hidden: a pool's other numbers are everybody's."""
_KEPT_FOR = timedelta(days=1)
"""A node that is silent is shown for as long."""


class PostgresCluster:
    """The `ClusterStore` of the shared store."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def look(self) -> Look:
        """Say what one must know of what the others do."""
        return await self._reader.run(_look)

    async def beat(self, presence: Presence, alive_for: timedelta) -> None:
        """Show that a node is there, and let those be forgotten that are not."""
        await self._writer.run(partial(_beat, presence, alive_for))

    async def nodes(self) -> Sequence[Node]:
        """Give all nodes that there are, or were until lately, by name."""
        return await self._reader.run(_nodes)

    async def leave(self, incarnation: Incarnation, deadline: float) -> None:
        """Let a node be gone, and others have its duties."""
        await self._writer.run(partial(_leave, incarnation), deadline=deadline)

    async def take(self, duty: str, incarnation: Incarnation, lasts: timedelta) -> bool:
        """Have a duty for so long from now, or longer; False where another node has it."""
        return await self._writer.run(partial(take_duty, duty, incarnation, lasts))


def take_duty(duty: str, incarnation: Incarnation, lasts: timedelta, tx: Transaction) -> bool:
    """Have a duty, unless another has it: then nothing is written."""
    if tx.one("find_holder", duty=duty, incarnation=incarnation) is not None:
        return False
    taken = tx.do("take_duty", duty=duty, incarnation=incarnation, lasts=micros_of(lasts))
    return bool(taken)


def _look(tx: Transaction) -> Look:
    revision, left = tx.one("look", duty=IMPORT)
    return Look(revision, left)


def _beat(presence: Presence, alive_for: timedelta, tx: Transaction) -> None:
    tx.do(
        "beat",
        incarnation=presence.incarnation,
        name=presence.name,
        version=presence.version,
        address=presence.address,
        facts=presence.facts,
        alive_for=micros_of(alive_for),
    )
    tx.put(
        "forget_nodes",
        name=presence.name,
        incarnation=presence.incarnation,
        kept_for=micros_of(_KEPT_FOR),
    )


def _nodes(tx: Transaction) -> Sequence[Node]:
    return [
        Node(
            Presence(Incarnation(incarnation), name, version, address, facts),
            from_micros(since),
            max(duration_of(age), timedelta()),
            duration_of(left),
        )
        for incarnation, name, version, address, facts, since, age, left in tx.all("list_nodes")
    ]


def _leave(incarnation: Incarnation, tx: Transaction) -> None:
    tx.do("remove_node", incarnation=incarnation)
    tx.put("let_duties_lapse", incarnation=incarnation)
