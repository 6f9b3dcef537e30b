"""What agents' screens show of real calls, whatever the phones do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from testbed.phone_stories import STORIES, Story, internal, queue
from testbed.screen_stream import Shown
from testbed.tools import Tools
from testbed.watched_centre import WatchedCentre
from tests.system.screens import EVERYBODY, wait_for_screens, wait_for_silence

WITH_CUSTOMERS = [story for story in STORIES if story.way]


@pytest.fixture(scope="module")
def centre(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedCentre]:
    """Give a running contact centre."""
    with WatchedCentre(tools, tmp_path_factory.mktemp("centre")) as house:
        yield house


@pytest.fixture
def house(centre: WatchedCentre) -> Iterator[WatchedCentre]:
    """Give the contact centre, where nobody calls; a story that breaks off leaves nothing."""
    yield centre
    centre.clear()


@pytest.mark.parametrize("story", WITH_CUSTOMERS, ids=lambda story: story.name)
def test_each_scene_is_on_the_right_screens_and_no_others(
    house: WatchedCentre, story: Story
) -> None:
    """On the streams too; at the end no screen shows a call, and who had it has it in `/calls`."""
    interaction = f"order-{story.name}"
    house.expect(story, interaction)
    api = house.agent()
    had: set[str] = set()
    either: set[str] = set()
    with ExitStack() as stack:
        streams = {each: stack.enter_context(house.watch(api, each)) for each in EVERYBODY}
        for scene in story.play(house.centre):
            wait_for_screens(api, interaction, scene, house)
            for agent, state in scene.screens.items():
                streams[agent].wait(state, interaction, scene.at - 1.0)
            had |= set(scene.screens)
            either |= scene.either
        wait_for_silence(api, house)
        for agent, stream in streams.items():
            stream.wait(None, None)
            told = {shown.call["interaction"] for shown in stream.seen if shown.call}
            assert (interaction in told) is (agent in had), agent
            assert [shown.call for shown in stream.seen][-1] is None
            assert stream.began == 1
    for agent in EVERYBODY:
        last = api.get(f"/agents/{agent}/calls", limit=5)["calls"]
        assert any(call["interaction"] == interaction for call in last) is (agent in had), agent
        assert all(call["ended_at"] for call in last)


def test_a_screen_has_all_that_is_known_of_the_customer(house: WatchedCentre) -> None:
    """The interaction, its status, wait and group, both numbers, and who is there."""
    house.expect(queue, "order-all")
    api = house.agent("6929")
    scenes = queue.play(house.centre)
    for _ in range(2):
        wait_for_screens(house.agent(), "order-all", next(scenes), house)
    call = api.get("/agents/6929/call")
    assert (call["interaction"], call["status"]) == ("order-all", "FOUND")
    assert call["extension"] == "6929"
    assert call["group"] == "QUEUE"
    assert call["waited_seconds"] < 60
    assert call["caller"]["normalized_text"] == "+380671112233"
    assert call["dialed"]["normalized_text"] == "+380974520500"
    (customer,) = call["others"]
    assert customer["number"] == "+380671112233"
    assert customer["extension"] is None
    for uniqueid in (customer["uniqueid"], call["uniqueid"]):
        known = api.get(f"/calls/{uniqueid}")
        assert known["interaction"] == "order-all"
        assert [phone["extension"] for phone in known["phones"]] == ["6929"]
    list(scenes)


def test_a_call_between_agents_is_shown_without_an_interaction(house: WatchedCentre) -> None:
    """Each has the other on the call, and nothing of a customer."""
    api = house.agent()
    with house.watch(api, "6930") as bob, house.watch(api, "6929") as alice:
        scenes = internal.play(house.centre)
        next(scenes)
        assert extensions(bob.wait("ringing", None)) == ["6929"]
        scene = next(scenes)
        assert extensions(alice.wait("talking", None, scene.at - 1.0)) == ["6930"]
        (scene,) = scenes
        alice.wait(None, None, scene.at)
        bob.wait(None, None, scene.at)


def extensions(shown: Shown) -> list[str]:
    """Give whose phones the others on the call are."""
    return [other["extension"] for other in shown.call["others"]]
