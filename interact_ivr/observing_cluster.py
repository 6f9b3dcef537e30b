"""What is told of the nodes that share a store: a line in the log where something has changed."""

from collections.abc import Sequence

import structlog

from interact_ivr.domain.cluster import Node


class ObservingCluster:
    """Hears what happens. Nothing here may fail or wait."""

    def __init__(self) -> None:
        self._log = structlog.get_logger("cluster")
        self._faults: Sequence[str] = ()
        self._failing = False

    def namesake(self, node: Node) -> None:
        """Hear that another process calls itself as this one does: both go on."""
        presence = node.presence
        self._log.warning("another node has this name", node=presence.name, at=presence.address)

    def silent(self, node: Node) -> None:
        """Hear that a node is not there any more, and has not said so."""
        self._log.warning(
            "a node is silent",
            node=node.presence.name,
            at=node.presence.address,
            seen_seconds_ago=round(node.age.total_seconds(), 1),
        )

    def unusable(self, faults: Sequence[str]) -> None:
        """Hear what of the directory cannot be used here; nothing: all can."""
        if [*faults] != [*self._faults]:
            self._faults = [*faults]
            if faults:
                self._log.error("environments are not served here", faults=self._faults)

    def failed(self, error: Exception) -> None:
        """Hear that the others cannot be followed."""
        if not self._failing:
            self._failing = True
            cause = repr(error.__cause__ or error)
            self._log.error("other nodes are not followed", reason=str(error), cause=cause)

    def followed(self) -> None:
        """Hear that they can."""
        if self._failing:
            self._failing = False
            self._log.info("other nodes are followed again")
