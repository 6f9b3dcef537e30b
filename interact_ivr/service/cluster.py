"""This node among those that share the store: it shows itself, and follows what the others do.

Every second it looks whether another one has changed the directory, or has left an import undone;
every few seconds it shows that it is there. What one node tells its own readers of what happens
(`service/stream.py`) is not passed on to others.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec
from msgspec.structs import replace

from interact_ivr.domain.cluster import Incarnation, Node, Presence
from interact_ivr.ports import ClusterStore

_LOOK_SECONDS = 1.0
_BEAT_SECONDS = 2.0
_ALIVE_FOR = timedelta(seconds=10)
"""Four beats may be missed."""
_LEAVE_SECONDS = 1.0


class NodeView(msgspec.Struct, frozen=True):
    """A node as people and programs are shown it."""

    name: str
    this: bool
    """It is the one that was asked."""
    alive: bool
    version: str
    address: str
    since: datetime
    seen_seconds_ago: float
    facts: Mapping[str, Any]
    """How it stood with it when it was seen: with its PBXes, its calls, and whatever else."""


class Following(msgspec.Struct, frozen=True):
    """What is to be done when another node has done something."""

    refresh: Callable[[], Awaitable[Sequence[str]]]
    """Reads the directory anew, and says what of it cannot be used here."""
    clear_import: Callable[[], None]
    """Has what an import left taken away, without waiting for that."""


class Hears(Protocol):
    """Hears of the cluster; nothing may fail or wait."""

    def namesake(self, node: Node) -> None:
        """Hear that another process calls itself as this one does."""

    def silent(self, node: Node) -> None:
        """Hear that a node is not there any more, and has not said so."""

    def unusable(self, faults: Sequence[str]) -> None:
        """Hear what of the directory cannot be used here; nothing: all can."""

    def failed(self, error: Exception) -> None:
        """Hear that the others cannot be followed."""

    def followed(self) -> None:
        """Hear that they can."""


class Cluster:
    """The nodes, seen from this one."""

    def __init__(
        self, store: ClusterStore, presence: Presence, following: Following, hears: Hears
    ) -> None:
        """*presence* has no address and no facts yet."""
        self._store = store
        self._presence = presence
        self._following = following
        self._hears = hears
        self._facts: Callable[[], str] = lambda: "{}"
        self._revision: int | None = None
        self._began = time.monotonic()
        self._beat_at = 0.0
        self._seen: Sequence[Node] = ()
        self._seen_at = 0.0
        self._told: set[Incarnation] = set()

    async def begin(self, address: str, facts: Callable[[], str]) -> None:
        """Show this node for the first time; *facts* is a JSON object, as its status has it."""
        self._presence = replace(self._presence, address=address)
        self._facts = facts
        await self._turn()

    async def run(self) -> None:
        """Follow the others until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            await self._turn()

    async def leave(self) -> None:
        """Be no node any more, and let others have the duties; where that fails, they lapse."""
        try:
            await self._store.leave(self._presence.incarnation, time.monotonic() + _LEAVE_SECONDS)
        except Exception as error:  # noqa: BLE001  the outermost edge: the service stops anyway
            self._hears.failed(error)

    async def nodes(self) -> Sequence[NodeView]:
        """Give all nodes, this one first, and those that are silent until they are forgotten.

        Raises:
            StoreUnavailable: the store cannot be asked.
        """
        views = [self._view(node) for node in await self._store.nodes()]
        return sorted(views, key=lambda view: not view.this)

    def standing(self) -> Sequence[Node]:
        """Give the nodes as they were seen last, which may be long ago, and stand now."""
        passed = timedelta(seconds=time.monotonic() - self._seen_at)
        return [node.later(passed) for node in self._seen]

    def warnings(self) -> Sequence[str]:
        """Say which processes call themselves as this one does."""
        return [
            f"node.name: another process is {node.presence.name!r}, too, at {node.presence.address}"
            for node in self.standing()
            if node.is_alive and self._is_namesake(node)
        ]

    async def _turn(self) -> None:
        try:
            if time.monotonic() >= self._beat_at:
                self._beat_at = time.monotonic() + _BEAT_SECONDS
                await self._beat()
            await self._look()
            self._hears.followed()
        except Exception as error:  # noqa: BLE001  the outermost edge: told, tried again
            self._hears.failed(error)

    async def _look(self) -> None:
        look = await self._store.look()
        if look.import_left:
            self._following.clear_import()
        if look.directory_revision != self._revision:
            faults = await self._following.refresh()
            self._hears.unusable(faults)
            self._revision = None if faults else look.directory_revision

    async def _beat(self) -> None:
        await self._store.beat(replace(self._presence, facts=self._facts()), _ALIVE_FOR)
        self._seen, self._seen_at = await self._store.nodes(), time.monotonic()
        self._tell()

    def _tell(self) -> None:
        """Tell once of each node of which there is something to tell."""
        telling = set()
        for node in self._seen:
            if not node.is_alive and not self._is_this(node):
                tell = self._hears.silent
            elif self._is_namesake(node):
                tell = self._hears.namesake
            else:
                continue
            telling.add(node.presence.incarnation)
            if node.presence.incarnation not in self._told:
                tell(node)
        self._told = telling

    def _is_this(self, node: Node) -> bool:
        return node.presence.incarnation == self._presence.incarnation

    def _is_namesake(self, node: Node) -> bool:
        """Whether another one has its name, and was seen since this one began: none before it."""
        began = timedelta(seconds=time.monotonic() - self._began)
        named = node.presence.name == self._presence.name
        return named and not self._is_this(node) and node.age < began

    def _view(self, node: Node) -> NodeView:
        its = node.presence
        is_this = self._is_this(node)
        return NodeView(
            its.name,
            is_this,
            node.is_alive,
            its.version,
            its.address,
            node.since,
            round(node.age.total_seconds(), 1),
            json.loads(self._facts() if is_this else its.facts),
        )
