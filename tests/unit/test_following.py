"""A node that follows the others while its store, or what is to be followed, fails now and then."""

from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs

from interact_ivr.domain.cluster import Incarnation, Look, Presence
from interact_ivr.domain.errors import StoreUnavailable
from interact_ivr.observing_cluster import ObservingCluster
from interact_ivr.service.cluster import Cluster, Following
from interact_ivr.stores.sqlite.cluster import LoneNode
from tests.contract.stores import SettableClock

ME = Presence(Incarnation("a"), "here", "1", "", "{}")
AWAY = StoreUnavailable("it cannot be reached")
FOLLOWED_NO_MORE, FOLLOWED_AGAIN = "other nodes are not followed", "other nodes are followed again"
NOT_SERVED = "environments are not served here"


class Failing(LoneNode):
    """A store that fails to be looked at as it was told."""

    def __init__(self, *failures: Exception | None) -> None:
        super().__init__(SettableClock())
        self._failures = [*failures]

    async def look(self) -> Look:
        """Fail, or look."""
        failure = self._failures.pop(0) if self._failures else None
        if failure is not None:
            raise failure
        return await super().look()


class Directory:
    """What is read anew, and has these faults, one time after the other."""

    def __init__(self, *faults: Sequence[str]) -> None:
        self.read = 0
        self._faults = [*faults]

    async def refresh(self) -> Sequence[str]:
        """Say what is wrong this time."""
        self.read += 1
        return self._faults.pop(0) if self._faults else []


async def turns(store: LoneNode, directory: Directory, count: int) -> list[str]:
    """Let a node follow the others for some turns, and give what it logs."""
    following = Following(directory.refresh, lambda: None)
    cluster = Cluster(store, ME, following, ObservingCluster())
    with capture_logs() as logged:
        for _ in range(count):
            await cluster.begin("127.0.0.1:8018", lambda: '{"calls": 1}')
    (node,) = await cluster.nodes()
    assert (node.this, node.alive, node.address, node.facts) == (
        *(True, True, "127.0.0.1:8018"),
        {"calls": 1},
    )
    return [line["event"] for line in logged]


@pytest.mark.parametrize(
    ("failures", "told"),
    [
        ((), []),
        ((AWAY, AWAY, AWAY), [FOLLOWED_NO_MORE, FOLLOWED_AGAIN]),
        ((AWAY, None, RuntimeError()), [FOLLOWED_NO_MORE, FOLLOWED_AGAIN] * 2),
    ],
)
async def test_a_store_that_fails_is_told_once_and_tried_again(
    failures: Sequence[Exception | None], told: Sequence[str]
) -> None:
    """Whatever the error; the node itself is seen all the while."""
    directory = Directory()
    assert await turns(Failing(*failures), directory, 5) == [*told]
    assert directory.read == 1


async def test_what_cannot_be_used_is_told_once_and_read_again() -> None:
    """Until it can be; then only when the directory has changed."""
    directory = Directory(["a"], ["a"], ["a", "b"])
    assert await turns(Failing(), directory, 6) == [NOT_SERVED] * 2
    assert directory.read == 4
