"""A free over HTTP and a call's retrieval of the same number at the same instant: one wins."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from contextlib import closing

import pytest

from testbed.agi_peer import Peer, environment
from testbed.line import control
from testbed.service import Service
from testbed.wire import Wire, envelope, request
from tests.edge.acknowledged import read_journal
from tests.edge.programs import program_of

NUMBER = "380974520200"
LEAD_SECONDS = 0.0002
V2 = "/interact/version/2/dnis"


@pytest.mark.parametrize(
    ("speaks", "rounds"),
    [
        ("REST", 500),
        ("SOAP", 500),
        pytest.param("REST", 5_000, marks=[pytest.mark.long, pytest.mark.timeout(600)]),
    ],
)
def test_one_of_two_ends_an_allocation(service: Service, speaks: str, rounds: int) -> None:
    """Every time, whoever begins: the journal says which, and each was told the same."""
    program = program_of(service, NUMBER)
    where = program.environment
    soap = speaks == "SOAP"
    body = envelope("FreeDnisAllocationRequest", phone=NUMBER) if soap else b""
    path = f"{V2}/soap" if soap else f"{V2}/allocate/free/{NUMBER}"
    free = request("POST", path, program.by_user(), body)
    told: dict[str, tuple[str, str]] = {}
    lent: dict[str, str] = {}
    with Wire(service.http_port) as wire:
        wire.send(free).answer("POST")  # the password is known from now on
        for at in range(rounds):
            given = control(service, "allocate", interaction=f"{at}", environment=where)
            lent[given["id"]] = given["interaction"]
            opening = environment(
                f"retrieve_interaction?environment={where}", dnid=NUMBER, uniqueid=f"{where}.{at}"
            )
            with closing(Peer.call(service.agi_port)) as peer:
                peer.send(opening[:-1])
                wire.send(free[:-1])
                if at % 2:
                    peer.send(b"\n")
                wire.send(free[-1:])
                if not at % 2:
                    lead = time.perf_counter() + at % 20 * LEAD_SECONDS
                    while time.perf_counter() < lead:
                        pass  # from both at once to the free well ahead
                    peer.send(b"\n")
                call = peer.converse().variables
                answer = wire.answer("POST")
            assert answer.status == 200
            told[given["id"]] = (call["INTERACT_STATUS"], answer.text)
            if call["INTERACT_STATUS"] == "FOUND":
                assert call["INTERACT_ID"] == f"{at}"
                assert call["INTERACT_ALLOCATION"] == given["id"]
    journal = defaultdict(list)
    for row in read_journal(service.database):
        if row.allocation in lent:
            journal[row.allocation].append(row.event)
            assert row.interaction == lent[row.allocation]
    assert journal.keys() == lent.keys()
    wins: Counter[str] = Counter()
    for allocation, (begun, *ended) in journal.items():
        status, answer_text = told[allocation]
        assert begun in ("allocated", "lent early")
        assert ended in (["retrieved"], ["freed"])
        assert (ended == ["retrieved"]) is (status == "FOUND")
        if soap:
            assert (ended == ["freed"]) is ("Success" in answer_text)
        wins[ended[0]] += 1
    print(f"{speaks}: {dict(wins)}")  # noqa: T201  a figure
    assert sum(wins.values()) == rounds
    assert min(wins["freed"], wins["retrieved"]) > 0
