"""A call in a crowd: slow clients, bad logins, half-open sessions and an import, all at once."""

from __future__ import annotations

import json
import select
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import pytest

from interact_ivr.control.client import ask
from testbed.flood import flooded
from testbed.line import control
from testbed.pbx import Pbx
from testbed.service import Service
from testbed.sipp import Call, place_calls
from testbed.tools import Tools
from tests.edge.programs import program_of

CALL_SECONDS = 0.5
"""The bar: from the call's arrival at Asterisk until its dialplan knows the interaction."""
BATCH = 10


@dataclass(frozen=True)
class Crowd:
    """How many of each come at once."""

    slow: int
    logins: int
    connections: int
    half_open: int
    imported: int
    calls: int


SMALL = Crowd(slow=50, logins=300, connections=30, half_open=100, imported=5_000, calls=30)
WHOLE = Crowd(
    slow=500, logins=10_000, connections=450, half_open=1_000, imported=300_000, calls=300
)


@contextmanager
def crowded(service: Service, crowd: Crowd) -> Iterator[Any]:
    """Have all of *crowd* come; gives whether the logins and the import are through."""
    program = program_of(service, "380974529999")
    guesses = (
        *("logins", str(crowd.logins), str(crowd.connections)),
        json.dumps(asdict(program)),
    )
    last = 447_700_000_000 + crowd.imported - 1
    rows = [{"line": 1, "number": f"447700000000-{last}", "group": "imported"}]
    with ExitStack() as stack:
        importer = stack.enter_context(ThreadPoolExecutor(1))
        stack.enter_context(flooded(service.http_port, "slow", str(crowd.slow)))
        stack.enter_context(flooded(service.agi_port, "half-open", str(crowd.half_open)))
        told = stack.enter_context(flooded(service.http_port, *guesses))
        imported: Future[Any] = importer.submit(
            ask, service.control_socket, "number.import", {"rows": rows}, timeout=600
        )

        def through() -> bool:
            return imported.done() and bool(select.select([told], [], [], 0)[0])

        yield through
        assert imported.result()["imported"] == crowd.imported
        if through():
            statuses = json.loads(told.readline())
            assert statuses.keys() <= {"401", "429"}
            assert sum(statuses.values()) >= crowd.logins


def waits(tools: Tools, service: Service, pbx: Pbx, pool: list[str]) -> list[float]:
    """Place a call to each number of *pool*, allocated before, and give the seconds each waited."""
    expected = {}
    for number in pool:
        lent = control(service, "allocate", interaction=f"order of {number}", group=number)
        expected[str(lent["number"])] = ("FOUND", f"order of {number}")
    before = len(pbx.seen("ivr"))
    place_calls(tools, pbx, [Call(number) for number in pool], rate=20)
    seen = pbx.wait_seen("ivr", before + len(pool))[before:]
    told = [each.values for each in seen]
    found = {each["INTERACT_DNIS"]: (each["INTERACT_STATUS"], each["INTERACT_ID"]) for each in told}
    assert found == expected, "every one gets its own, and none is UNAVAILABLE"
    arrived = {each.uniqueid: each.at for each in pbx.seen("arrived")}
    return [each.at - arrived[each.uniqueid] for each in seen]


@pytest.mark.parametrize(
    "crowd",
    [
        pytest.param(SMALL, id="small"),
        pytest.param(WHOLE, id="whole", marks=[pytest.mark.long, pytest.mark.timeout(900)]),
    ],
)
def test_a_call_gets_its_interaction_in_a_crowd(
    tools: Tools, service: Service, pbx: Pbx, crowd: Crowd
) -> None:
    """Each call its own within half a second: nearly all of many, or most of a few."""
    pool = [f"3809745203{at:02}" for at in range(BATCH)]
    for number in pool:
        control(service, "number.add", numbers=[number], group=number)
    alone = max(waits(tools, service, pbx, pool))  # what it is on this machine as it is
    waited: list[float] = []
    with crowded(service, crowd) as through:
        while len(waited) < crowd.calls or (crowd is WHOLE and not through()):
            waited += waits(tools, service, pbx, pool)
    waited.sort()
    p50, p95, p99, worst = (
        waited[int((len(waited) - 1) * share)] for share in (0.5, 0.95, 0.99, 1)
    )
    told = (
        f"{len(waited)} calls, p50 {p50:.3f} s, p95 {p95:.3f}, p99 {p99:.3f}, worst {worst:.3f}; "
        f"alone {alone:.3f}"
    )
    print(told)  # noqa: T201  a figure
    assert (p99 if crowd is WHOLE else p95) < CALL_SECONDS, told
    assert service.log("script failed") == []
