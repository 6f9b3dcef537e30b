"""Who sees what of agents' screens while real calls are on the phones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.api import Api
from testbed.line import control
from testbed.phone_stories import queue
from testbed.tools import Tools
from testbed.watched_centre import WatchedCentre
from tests.system.screens import EVERYBODY, wait_for_screens

INTERACTION = "order-seen"
BOTH = '["inbound@default/default", "theirs@acme/live"]'


@pytest.fixture
def house(tools: Tools, tmp_path: Path) -> Iterator[WatchedCentre]:
    """Give a contact centre of two tenants, where 6929 talks to a customer of the first."""
    with WatchedCentre(tools, tmp_path / "centre", inbound_contexts=BOTH) as house:
        house.expect(queue, INTERACTION)
        scenes = queue.play(house.centre)
        for _ in range(2):
            wait_for_screens(house.agent(), INTERACTION, next(scenes), house)
        yield house
        list(scenes)


def uniqueids(house: WatchedCentre) -> list[str]:
    """Give the channels of the phone and of the customer."""
    call = house.agent().get("/agents/6929/call")
    return [call["uniqueid"], *(other["uniqueid"] for other in call["others"])]


def test_an_agents_token_sees_no_other_extension(house: WatchedCentre) -> None:
    """Neither its call, nor its last calls, nor its stream, nor by a channel that is known."""
    bob = house.agent("6930")
    for what in ("call", "calls", "events"):
        assert bob.ask("GET", f"/agents/6929/{what}").status == 403
    assert bob.ask("GET", "/agents/6930/call").status == 204
    for uniqueid in uniqueids(house):
        assert bob.ask("GET", f"/calls/{uniqueid}").status == 404
        assert house.agent("6929").ask("GET", f"/calls/{uniqueid}").status == 200


@pytest.mark.parametrize("role", ["agent", "viewer", "admin"])
def test_a_token_of_another_environment_sees_nothing(house: WatchedCentre, role: str) -> None:
    """Although its calls come in on the same PBX, and its extensions have the same digits."""
    control(house.service, "tenant.add", tenant="acme")
    control(house.service, "environment.add", environment="acme/live")
    other = Api.of(house.service, role, "acme/live")
    for agent in EVERYBODY:
        assert other.ask("GET", f"/agents/{agent}/call").status == 204
        assert other.get(f"/agents/{agent}/calls")["calls"] == []
        with house.watch(other, agent) as stream:
            assert [shown.call for shown in stream.seen] == [None]
    for uniqueid in uniqueids(house):
        assert other.ask("GET", f"/calls/{uniqueid}").status == 404


def test_without_a_token_nothing_is_seen(house: WatchedCentre) -> None:
    """Nor with one that allocates."""
    for api in (Api(house.service, ""), Api.of(house.service, "application")):
        answer = api.ask("GET", "/agents/6929/call")
        assert answer.status in (401, 403)
        assert INTERACTION.encode() not in answer.body
