"""What agents' screens show when the PBX was not heard for a while, or the service was away."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from testbed.phone_stories import (
    Scene,
    Story,
    attended_transfer,
    blind_transfer,
    conference,
    dial,
    group,
    hold,
    local_member,
    mobile_member,
    optimised_member,
    pick_up,
    queue,
)
from testbed.tools import Tools
from testbed.watched_centre import WatchedCentre
from tests.system.screens import EVERYBODY, wait_for_screens, wait_for_silence

STORIES = (
    *(queue, dial, group, local_member, optimised_member, hold),
    *(blind_transfer, attended_transfer, pick_up, conference),
)


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


def cut(house: WatchedCentre) -> None:
    """Reset every connection between the service and the PBX."""
    house.relay.cut()


def killed(house: WatchedCentre) -> None:
    """Kill the service, and start it again."""
    house.service.kill()
    house.service.start()


@pytest.mark.parametrize("fault", [cut, killed])
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_screens_are_right_again_whenever_it_happens(
    house: WatchedCentre, story: Story, fault: Callable[[WatchedCentre], None]
) -> None:
    """Behind each scene it happens once, and all screens show again what they did."""
    interaction = f"{fault.__name__}-{story.name}"
    house.expect(story, interaction)
    api = house.agent()
    for scene in story.play(house.centre):
        wait_for_screens(api, interaction, scene, house)
        fault(house)
        wait_for_screens(api, interaction, scene, house)
    wait_for_silence(api, house)


@pytest.mark.parametrize("fault", [cut, killed])
@pytest.mark.parametrize("story", [queue, attended_transfer], ids=lambda story: story.name)
def test_what_happened_meanwhile_is_on_the_screens(
    house: WatchedCentre, story: Story, fault: Callable[[WatchedCentre], None]
) -> None:
    """Nothing is heard from one scene to the next one, where it is cut off."""
    interaction = f"meanwhile-{fault.__name__}-{story.name}"
    house.expect(story, interaction)
    api = house.agent()
    scenes = story.play(house.centre)
    wait_for_screens(api, interaction, next(scenes), house)
    for scene in missed(house, scenes):
        fault(house)
        house.wait_until_watched()
        wait_for_screens(api, interaction, scene, house)
    wait_for_silence(api, house)


def test_a_call_whose_end_was_missed_is_over_at_the_look(house: WatchedCentre) -> None:
    """Who had it finds it among the last calls, ended; the stream was not broken off."""
    house.expect(queue, "missed")
    api = house.agent()
    scenes = queue.play(house.centre)
    for _ in range(2):
        wait_for_screens(api, "missed", next(scenes), house)
    with house.watch(api, "6929") as stream:
        for scene in missed(house, scenes):
            stream.wait(None, None, scene.at)
        assert stream.began == 1
    (last,) = api.get("/agents/6929/calls", limit=1)["calls"]
    assert (last["interaction"], last["state"]) == ("missed", "talking")
    assert last["ended_at"]


def test_a_mobile_behind_a_local_channel_that_is_gone_is_still_the_agents_after_a_cut(
    house: WatchedCentre,
) -> None:
    """What the service knows of channels stays known; a restarted one cannot know it."""
    house.expect(mobile_member, "mobile")
    api = house.agent()
    scenes = mobile_member.play(house.centre)
    for _ in range(2):
        wait_for_screens(api, "mobile", scene := next(scenes), house)
    cut(house)
    house.wait_until_watched()
    wait_for_screens(api, "mobile", scene, house)
    list(scenes)
    wait_for_silence(api, house, EVERYBODY)


def missed(house: WatchedCentre, scenes: Iterator[Scene]) -> Iterator[Scene]:
    """Go through *scenes* while nothing is heard of the PBX; it is heard again behind each."""
    while True:
        house.relay.freeze()
        scene = next(scenes, None)
        house.relay.cut()
        house.relay.thaw()
        if scene is None:
            return
        yield scene
