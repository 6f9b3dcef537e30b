"""Which extension each device is by what a PBX told: the rules, one by one."""

from __future__ import annotations

import pytest

from interact_ivr.ami.devices import devices
from interact_ivr.ami.told import Endpoint, Hint, Queue, Told

ENDPOINTS = (
    Endpoint("6929"),
    Endpoint("desk-3", caller_number="6930"),
    Endpoint("desk-4", caller_number="6000"),
    Endpoint("desk-5", caller_number="6000"),
    Endpoint("desk-6", caller_number="+13175551234"),
    Endpoint("provider", caller_number="90", is_trunk=True),
)


def test_a_phone_is_the_extension_it_is_called_or_alone_shows() -> None:
    """One that shows what others show, too, or no extension, is none; a trunk is nobody's."""
    assert devices(Told(ENDPOINTS)) == {
        "PJSIP/provider": "",
        "PJSIP/6929": "6929",
        "PJSIP/desk-3": "6930",
    }


@pytest.mark.parametrize(
    ("hints", "device", "extension"),
    [
        ({"50": "PJSIP/6929"}, "PJSIP/6929", "50"),
        ({"50": "PJSIP/desk-4&PJSIP/desk-5"}, "PJSIP/desk-5", "50"),
        ({"50": "PJSIP/desk-4&PJSIP/desk-5", "51": "PJSIP/desk-4"}, "PJSIP/desk-4", "51"),
        ({"50": "Custom:DND50&PJSIP/desk-4"}, "PJSIP/desk-4", "50"),
        ({"50": "Custom:a/b"}, "Custom:a/b", None),
        ({"50": "Local/50@desks/n"}, "Local/50@desks", "50"),
        ({"50": "DAHDI/1"}, "DAHDI/1", "50"),
        ({"90": "PJSIP/provider"}, "PJSIP/provider", ""),
        ({"help": "PJSIP/desk-4"}, "PJSIP/desk-4", None),
    ],
)
def test_a_hint_says_it(hints: dict[str, str], device: str, extension: str | None) -> None:
    """Before a name does; of that device alone before of several; of no trunk."""
    told = Told(ENDPOINTS, hints=frozenset(Hint(*each) for each in hints.items()))
    assert devices(told).get(device) == extension


@pytest.mark.parametrize(
    ("member", "device", "extension"),
    [
        ("Local/6929@agents/n", "Local/6929@agents", "6929"),
        ("Local/6929@agents", "Local/6929@agents", "6929"),
        ("Local/ann@agents", "Local/ann@agents", None),
        ("hint:6929@agents", "hint:6929@agents", None),
        ("PJSIP/desk-3", "PJSIP/desk-3", "6930"),
    ],
)
def test_a_member_is_whom_its_local_channel_dials(
    member: str, device: str, extension: str | None
) -> None:
    """A mobile behind it answers for that extension; options are not of the device's name."""
    told = Told(ENDPOINTS, queues=(Queue("support", (member,)),))
    assert devices(told).get(device) == extension
