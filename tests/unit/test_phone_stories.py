"""The stories of a contact centre's phones, as far as they can be judged without a PBX."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from testbed.phone_recording import FOLDER, GAPS
from testbed.phone_scenario import Command, dials, rings
from testbed.phone_stories import STORIES


def test_each_story_is_recorded_and_each_recording_is_of_a_story() -> None:
    """Who adds a story records it: ``python -m testbed.phone_recording NAME``."""
    recorded = {file.stem for file in FOLDER.glob("*.jsonl")}
    assert recorded == {story.name for story in STORIES} | set(GAPS)


@pytest.mark.parametrize("scenario", [rings(), rings(answers_after_ms=100), dials()])
def test_a_phones_scenario_is_well_formed_and_leads_nowhere_else(scenario: str) -> None:
    """Each jump has its label, and whoever talks can be told to hang up."""
    root = ET.fromstring(scenario)
    labels = {label.get("id") for label in root.iter("label")}
    assert {each.get("next") for each in root.iter() if each.get("next")} <= labels
    told = {each.get("request") for each in root.iter("recv")}
    assert {Command.HOLD, Command.RESUME, Command.TRANSFER, Command.HANG_UP} <= told
