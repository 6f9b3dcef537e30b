"""Customers call all the while, and something fails: nothing is handed out twice, nothing sticks.

What the calls were told, as the Asterisk dialplan saw it, is held against the journal; afterwards
every number is lent again, and the status says what is so within five seconds.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from interact_ivr.control.client import Refused
from testbed.customers import AT_A_TIME, NUMBERS, SETTINGS, Customers, found
from testbed.line import control
from testbed.service import Service
from testbed.sipp import Call
from testbed.tools import Tools
from testbed.watched import POLL_SECONDS, Watched, change_password
from tests.edge.acknowledged import read_journal

WITHIN_SECONDS = 5.0
NEVER_ASKS = next(number for number in NUMBERS if number.startswith("3809745204"))
ServiceFactory = Callable[..., Service]
Fault = Callable[[Watched, ServiceFactory], None]


def asterisk_is_restarted(watched: Watched, _: ServiceFactory) -> None:
    watched.pbx.kill()
    watched.wait_until_it_is("unreachable")
    watched.pbx.start()


def the_websocket_is_cut(watched: Watched, _: ServiceFactory) -> None:
    watched.relay.cut()
    watched.wait_for(lambda pbx: pbx["reconnects"] == 1, "to a reconnect")


def the_network_is_silent(watched: Watched, _: ServiceFactory) -> None:
    watched.relay.freeze()
    watched.wait_until_it_is("unreachable")
    watched.relay.thaw()


def the_ari_user_is_changed(watched: Watched, _: ServiceFactory) -> None:
    change_password(watched.pbx, "another")
    watched.wait_until_it_is("refused")
    watched.password.write_text("another")


def the_service_is_killed(watched: Watched, _: ServiceFactory) -> None:
    watched.service.kill()
    watched.service.start()


def the_service_is_restarted(watched: Watched, _: ServiceFactory) -> None:
    watched.service.stop()
    watched.service.start()


def a_second_watcher_comes_and_goes(watched: Watched, service_factory: ServiceFactory) -> None:
    second = service_factory(watched.table)
    watched.wait_until_it_is("taken over")
    second.stop()


def ami_is_refused(watched: Watched, _: ServiceFactory) -> None:
    watched.secret.write_text("wrong\n")
    watched.ami_relay.cut()
    until(lambda: missing(watched) == "refused: Login: Authentication failed")
    watched.secret.write_text(watched.password.read_text())


@pytest.mark.parametrize(
    "fault",
    [
        asterisk_is_restarted,
        the_websocket_is_cut,
        the_network_is_silent,
        the_ari_user_is_changed,
        the_service_is_killed,
        the_service_is_restarted,
        a_second_watcher_comes_and_goes,
        ami_is_refused,
    ],
)
def test_nothing_is_handed_out_twice_and_no_number_is_stuck(
    tools: Tools,
    watched_factory: Callable[..., Watched],
    service_factory: ServiceFactory,
    fault: Fault,
) -> None:
    """Calls come before, in and after the fault; each allocation is told to one of them at most."""
    watched = watched_factory(SETTINGS, relayed=True, asked=True)
    watched.service.import_numbers(*NUMBERS)
    with Customers(tools, watched) as customers:
        customers.wait_until_found()
        watched.wait_for(lambda pbx: pbx["calls"] > AT_A_TIME, "to calls of all kinds")
        fault(watched, service_factory)
        all_is_told_to_be_well(watched)
        customers.wait_until_found()
    assert [*handed_out_twice(watched)] == []
    every_number_is_lent_again(watched)
    a_call_is_seen(tools, watched)


def handed_out_twice(watched: Watched) -> Iterator[str]:
    """Name what two calls were told of, what was retrieved twice, and what is not on record."""
    seen = watched.pbx.seen("ivr")
    told = {each.uniqueid: each.values["INTERACT_ALLOCATION"] for each in found(seen)}
    assert len(told) > len(NUMBERS) / 2
    ids = [each.values["INTERACT_ID"] for each in seen]
    retrieved = [row for row in read_journal(watched.service.database) if row.event == "retrieved"]
    for what, of in (
        ("told to two calls", told.values()),
        ("told to two calls", filter(None, ids)),
        ("retrieved twice", [row.allocation for row in retrieved]),
        ("retrieved twice", [row.interaction for row in retrieved]),
    ):
        yield from (f"{each} {what}" for each, count in Counter(of).items() if count > 1)
    on_record = {(str(row.uniqueid), row.allocation) for row in retrieved}
    yield from (f"{each} not on record" for each in sorted(told.items() - on_record))


def all_is_told_to_be_well(watched: Watched) -> None:
    """See that the status, `/readyz` and the metrics say so, soon after it is so."""
    watched.wait_until_it_is("watching", WITHIN_SECONDS)
    until(lambda: missing(watched) is None)
    assert watched.ready() == {"ready": True, "missing": {}, "degraded": {}}
    for what in ("pbx_watching", "directory_up"):
        assert f'interact_ivr_{what}{{pbx="testbed"}} 1.0' in watched.metrics()


def every_number_is_lent_again(watched: Watched) -> None:
    """See that all calls are told to be over, and each number can be somebody's.

    What nobody called for has run out by then, and whose number is asked for again keeps it.
    """
    watched.wait_until_ringing(0, WITHIN_SECONDS)
    lent = set[str]()

    def all_are_lent() -> bool:
        try:
            for at in range(len(NUMBERS)):
                answer = control(watched.service, "allocate", interaction=f"afterwards-{at}")
                lent.add(answer["number"].removeprefix("+"))
        except Refused:
            return False
        return True

    until(all_are_lent)
    assert lent == {*NUMBERS}


def a_call_is_seen(tools: Tools, watched: Watched) -> None:
    """See that the watching does not only say that it watches."""
    with ThreadPoolExecutor(1) as beside:
        calling = watched.dialing(tools, beside, Call(NEVER_ASKS, hang_up_after_seconds=1.5))
        watched.wait_until_ringing(1, WITHIN_SECONDS)
        calling.result()
    watched.wait_until_ringing(0, WITHIN_SECONDS)


def missing(watched: Watched) -> Any:
    """Give what the status says is missing of the directory."""
    return control(watched.service, "status")["directories"][0]["missing"]


def until(holds: Callable[[], object]) -> None:
    """Wait until it *holds*, which is soon."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(POLL_SECONDS)
