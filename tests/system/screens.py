"""How tests read agents' screens: what each shows of one customer's interaction."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from testbed.api import Api
from testbed.contact_centre import AGENTS, AWAY
from testbed.phone_stories import Scene
from testbed.watched import POLL_SECONDS
from testbed.watched_centre import WatchedCentre, shown

EVERYBODY = (*AGENTS, AWAY)
MERCY_SECONDS = 5.0
"""The bar is half a second, which `bench/agent_screens.py` measures; this is for a busy machine."""


def showing(api: Api, interaction: str) -> Mapping[str, str]:
    """Give the state of the call by the agent, of those whose screens show *interaction*."""
    calls = {agent: shown(api.ask("GET", f"/agents/{agent}/call")) for agent in EVERYBODY}
    return {
        agent: call["state"]
        for agent, call in calls.items()
        if call and call["interaction"] == interaction
    }


def wait_for_screens(api: Api, interaction: str, scene: Scene, house: WatchedCentre) -> None:
    """Wait until all screens show what they should after *scene*."""
    deadline = time.monotonic() + MERCY_SECONDS
    while True:
        screens = showing(api, interaction)
        told = {agent: state for agent, state in screens.items() if agent not in scene.either}
        if told == scene.screens:
            return
        if time.monotonic() > deadline:
            raise AssertionError(
                f"{scene.step}: {screens} instead of {dict(scene.screens)}\n{house.tail()}"
            )
        time.sleep(POLL_SECONDS)


def wait_for_silence(api: Api, house: WatchedCentre, agents: Iterable[str] = EVERYBODY) -> None:
    """Wait until no screen shows any call."""
    deadline = time.monotonic() + MERCY_SECONDS
    while left := [
        agent for agent in agents if api.ask("GET", f"/agents/{agent}/call").status != 204
    ]:
        assert time.monotonic() < deadline, f"{left} have a call\n{house.tail()}"
        time.sleep(POLL_SECONDS)
