"""Calls on a real Asterisk that the service watches over ARI: what is lent, expires, is found."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from testbed.conf import READER, USER
from testbed.line import control
from testbed.sipp import Call, Calls, place_calls
from testbed.tools import Tools
from testbed.watched import ASKS_LATER, POLL_SECONDS, SLOW, STAYS, Watched

WatchedFactory = Callable[..., Watched]
Beside = ThreadPoolExecutor
SHORT = "[pool]\nhold_for_seconds = 1\nrest_for_seconds = 0\nredial_for_seconds = 0\n"
TRUNK = """
exten => trunk,1,Answer()
 same => n,Wait(60)
"""
AT_ONCE_CALLS = 100
AT_ONCE = 0.2
"""Seconds in which an expiry is told; the bar of the whole service, measured by its own log."""


def test_a_number_with_a_call_on_it_is_not_lent_and_is_afterwards(
    tools: Tools, watched_factory: WatchedFactory, beside: Beside
) -> None:
    """From the call's arrival to its hang-up; no retrieval is needed for either."""
    watched = watched_factory()
    watched.service.import_numbers(STAYS)
    calling = watched.dialing(tools, beside, Call(STAYS, hang_up_after_seconds=2.0))
    watched.wait_until_ringing()
    assert not watched.may_be_lent()
    calling.result()
    watched.wait_until_ringing(0)
    assert watched.may_be_lent()


def test_an_unclaimed_number_expires_at_its_deadline(watched_factory: WatchedFactory) -> None:
    """Each is told within a fifth of a second, by the log that reads the stream."""
    watched = watched_factory(SHORT)
    watched.service.import_numbers(*(f"38097452{index:04}" for index in range(5)))
    for index in range(5):
        watched.service.ask("allocate", f"order-{index}")
    expired = watched.service.wait_log("expired", 5)
    assert max(late(line) for line in expired) < AT_ONCE


def test_a_ringing_call_holds_the_expiry_open_until_it_hangs_up(
    tools: Tools, watched_factory: WatchedFactory, beside: Beside
) -> None:
    """It is told at the hang-up, dated at its deadline."""
    watched = watched_factory(SHORT)
    watched.service.import_numbers(STAYS)
    allocated = watched.service.ask("allocate", "order-1")
    calling = watched.dialing(tools, beside, Call(STAYS, hang_up_after_seconds=2.5))
    watched.wait_until_ringing()
    wait_until(allocated["expires_at"], timedelta(seconds=0.5))
    assert watched.service.log("expired") == []
    calling.result()
    (expired,) = watched.service.wait_log("expired")
    assert expired["at"] == allocated["expires_at"].replace("Z", "+00:00")


def test_a_caller_who_stays_on_the_line_cannot_keep_the_number_for_longer_than_the_setting(
    tools: Tools, watched_factory: WatchedFactory, beside: Beside
) -> None:
    """While the robocall is still there, the number expires and is lent again."""
    watched = watched_factory(SHORT + "ringing_for_seconds = 2\n")
    watched.service.import_numbers(STAYS)
    watched.service.ask("allocate", "order-1")
    calling = watched.dialing(tools, beside, Call(STAYS, hang_up_after_seconds=5.0))
    watched.wait_until_ringing()
    (expired,) = watched.service.wait_log("expired")
    assert (
        timedelta(0)
        <= told(expired) - arrival(watched) - timedelta(seconds=2)
        < timedelta(seconds=0.5)
    )
    assert watched.may_be_lent()
    assert not calling.done()
    calling.result()


@pytest.mark.parametrize("ari", ["up", "down"])
def test_a_call_that_arrives_before_the_expiry_and_asks_after_it_is_found(
    tools: Tools, watched_factory: WatchedFactory, beside: Beside, ari: str
) -> None:
    """Watched, the expiry is not even told; not watched, it is, and taken back."""
    watched = watched_factory(SHORT, down=ari == "down")
    watched.pbx.cli("dialplan set global WAITS 2.5")
    watched.service.import_numbers(ASKS_LATER)
    watched.service.ask("allocate", "order-1")
    calling = watched.dialing(tools, beside, Call(ASKS_LATER))
    assert asked(watched, calling) == ("FOUND", "order-1")
    told_of = [entry["event"] for entry in watched.service.ask("journal")]
    assert told_of == ["allocated", *(["expired"] if ari == "down" else []), "retrieved"]


@pytest.mark.parametrize("ari", ["up", "down"])
def test_expiry_holds_with_ari_up_and_down(watched_factory: WatchedFactory, ari: str) -> None:
    """The gap is named by status, `/readyz`, the metrics and the log; nothing else is lost."""
    watched = watched_factory(SHORT, down=ari == "down")
    watched.service.import_numbers(STAYS)
    watched.service.ask("allocate", "order-1")
    (expired,) = watched.service.wait_log("expired")
    assert late(expired) < AT_ONCE
    said = watched.service.command("status").stdout
    assert ("not watched: unreachable" in said) is (ari == "down")
    ready = watched.ready()
    assert ready["ready"] is True
    assert ready["missing"] == {}
    assert list(ready["degraded"]) == ([] if ari == "up" else ["pbx testbed"])
    watching = f'interact_ivr_pbx_watching{{pbx="testbed"}} {1.0 if ari == "up" else 0.0}'
    assert watching in watched.metrics()
    assert bool(watched.service.log("the pbx is not watched")) is (ari == "down")


@pytest.mark.parametrize("user", [USER, READER])
@pytest.mark.parametrize(
    ("dnis_from", "dialed", "headers"),
    [
        (["diversion", "to", "extension"], "trunk", {"To": f'"A, B" <sip:+{STAYS}@example.org>'}),
        (["diversion", "to"], "trunk", {"Diversion": f"<sip:+{STAYS}@example.org>;reason=unknown"}),
        (["to", "diversion"], "trunk", {"Diversion": f'"X, Y" <tel:{STAYS}>;counter=1'}),
        (["request_uri", "to"], STAYS, {"To": "<sip:2000@example.org>"}),
    ],
)
def test_the_number_is_read_where_the_trunk_has_put_it(
    tools: Tools,
    watched_factory: WatchedFactory,
    beside: Beside,
    dnis_from: list[str],
    dialed: str,
    headers: dict[str, str],
    user: str,
) -> None:
    """Where `dnis_from` begins with a header, by that; what names none of ours is passed over."""
    watched = watched_factory(
        more=TRUNK + SLOW, dnis_from=json.dumps(dnis_from), ari_user=f'"{user}"'
    )
    watched.service.import_numbers(STAYS)
    calling = watched.dialing(tools, beside, Call(dialed, headers=headers, hang_up_after_seconds=2))
    watched.wait_until_ringing()
    assert not watched.may_be_lent()
    assert watched.standing()["unread"] == 0
    calling.result()
    watched.wait_until_ringing(0)
    assert watched.may_be_lent()


def test_the_first_place_that_names_one_of_ours_counts(
    tools: Tools, watched_factory: WatchedFactory, beside: Beside
) -> None:
    """What stands behind it is not on the call's way, though it is one of ours, too."""
    other = "380974520401"
    watched = watched_factory(more=TRUNK + SLOW, dnis_from='["request_uri", "diversion", "to"]')
    watched.service.import_numbers(STAYS, other)
    headers = {"Diversion": f"<sip:{STAYS}@example.org>", "To": f"<sip:{other}@example.org>"}
    calling = watched.dialing(
        tools, beside, Call("trunk", headers=headers, hang_up_after_seconds=2)
    )
    watched.wait_until_ringing()
    lent = control(watched.service, "allocate", interaction="order-1")
    assert lent["number"].removeprefix("+") == other
    assert not watched.may_be_lent()
    calling.result()


def test_no_call_is_overlooked_however_many_come_at_once(
    tools: Tools, watched_factory: WatchedFactory, beside: Beside
) -> None:
    """What its header says is read when it is there, not before."""
    watched = watched_factory(more=TRUNK + SLOW, dnis_from='["diversion", "to"]')
    watched.service.import_numbers(STAYS)
    call = Call(
        "trunk", headers={"Diversion": f"<sip:{STAYS}@example.org>"}, hang_up_after_seconds=9
    )
    calling = beside.submit(place_calls, tools, watched.pbx, [call] * AT_ONCE_CALLS, at_once=True)
    watched.wait_until_ringing(AT_ONCE_CALLS, timeout_seconds=8)
    calling.result()
    watched.wait_until_ringing(0)


def test_a_number_that_cannot_be_read_is_counted_and_not_guessed(
    tools: Tools, watched_factory: WatchedFactory
) -> None:
    """The extension would name a number of ours; but it is not where the setting says."""
    watched = watched_factory(dnis_from='["to", "extension"]')
    watched.pbx.cli("module unload res_pjsip_header_funcs.so")
    watched.service.import_numbers(STAYS)
    place_calls(tools, watched.pbx, [Call(STAYS, hang_up_after_seconds=1)])
    standing = watched.wait_for(lambda pbx: pbx["unread"] == 1, "to be counted")
    assert standing["calls"] == 0
    assert 'interact_ivr_pbx_unread_numbers_total{pbx="testbed"} 1.0' in watched.metrics()


def asked(watched: Watched, calling: Future[Calls]) -> tuple[str, str]:
    """Wait until the call is over, and give the status and the interaction that it was told."""
    calling.result()
    (seen,) = watched.pbx.wait_seen("ivr")
    return seen.values["INTERACT_STATUS"], seen.values["INTERACT_ID"]


def told(line: dict[str, Any]) -> datetime:
    """Give when a line was logged."""
    return datetime.fromisoformat(line["timestamp"])


def late(expired: dict[str, Any]) -> float:
    """Give by how many seconds an expiry was told late."""
    return (told(expired) - datetime.fromisoformat(expired["at"])).total_seconds()


def arrival(watched: Watched) -> datetime:
    """Give when the only call came in, by its own first report."""
    (arrived,) = watched.pbx.wait_seen("arrived")
    return datetime.fromtimestamp(arrived.at, UTC)


def wait_until(then: str, later: timedelta) -> None:
    """Wait until some time after *then*."""
    until = datetime.fromisoformat(then) + later
    while datetime.now(UTC) < until:
        time.sleep(POLL_SECONDS)
