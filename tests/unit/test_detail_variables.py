"""A number's channel variables: their names, their forms, and that the Gosub empties the same."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from dialplan import Engine, load_plan
from interact_ivr.agi.detail_variables import (
    Detail,
    DetailStatus,
    checked_prefix,
    of_details,
    of_no_details,
)
from interact_ivr.agi.wire import MAX_COMMAND, set_variables
from interact_ivr.domain.errors import BadInput

CONFIG = Path(__file__).parents[2] / "asterisk-config/extensions_interact.conf"
ENGINE = Engine(load_plan("example"))


def test_a_toll_free_number_s_variables() -> None:
    """The vendor's first example, in the order they are set."""
    assert of_details("NUMBER", ENGINE.resolve("8004562354")) == {
        "__NUMBER_RAW": "8004562354",
        "__NUMBER_NORMALIZED": "+18004562354",
        "__NUMBER_DISPLAY": "(Tool Free) 1 (800) 456-2354",
        "__NUMBER_EDIT_BASE": "1 (800) 456-2354",
        "__NUMBER_EXTENSION": "",
        "__NUMBER_CLASS": "Tool Free",
        "__NUMBER_CLASSES": "Tool Free",
        "__NUMBER_INTERNAL": "0",
        "__NUMBER_QUEUE_TYPE": "None",
        "__NUMBER_QUEUE_NAME": "",
        "__NUMBER_VOICEMAIL": "0",
        "__NUMBER_DIALABLE": "1",
        "__NUMBER_AUTO_DIAL": "0",
        "__NUMBER_STATUS": "RESOLVED",
    }


def test_an_extension_s_variables() -> None:
    """The second example, behind another prefix."""
    values = of_details("CALLER", ENGINE.resolve("6929"))
    assert [values[f"__CALLER_{name}"] for name in ("INTERNAL", "QUEUE_TYPE", "AUTO_DIAL")] == [
        "1",
        "User",
        "1",
    ]
    assert values["__CALLER_QUEUE_NAME"] == "User Queue: [userId]"


@pytest.mark.parametrize("status", DetailStatus)
def test_where_nothing_is_known_everything_is_emptied(status: DetailStatus) -> None:
    """All names, and the status last."""
    values = of_no_details("N", status)
    assert [*values] == [f"__N_{name}" for name in Detail]
    assert {*values.values()} == {"", status.value}
    assert values.popitem() == ("__N_STATUS", status.value)


def test_the_gosub_empties_the_same_variables() -> None:
    """So that nothing of an earlier number stays on the channel."""
    (forgotten,) = re.findall(r"MSet\((.*_RAW=.*)\)", CONFIG.read_text("utf-8"))
    emptied = re.findall(r"__\$\{interact_prefix\}_([A-Z_]+)=", forgotten)
    assert emptied == [name.value for name in Detail]


@pytest.mark.parametrize("prefix", ["INTERACT", "_A", "A-B", "A B", "é", "a" * 33, "A\nB"])
def test_a_prefix_that_cannot_be(prefix: str) -> None:
    """Nor the one of a retrieval's variables."""
    with pytest.raises(BadInput, match="prefix"):
        checked_prefix(prefix)


@pytest.mark.parametrize(
    ("given", "used"), [("", "NUMBER"), ("A_1", "A_1"), ("interact", "interact")]
)
def test_a_prefix_that_can_be(given: str, used: str) -> None:
    """None is NUMBER."""
    assert checked_prefix(given) == used


def test_giants_and_control_characters_are_left_out() -> None:
    """One command holds all of it, whatever a plan says; and no value begins another."""
    details = ENGINE.resolve("6929")
    wide = replace(details, display_text="x" * 129, queue_name="a\nb", raw_text="é" * 64)
    values = of_details("a" * 32, wide)
    assert (values[f"__{'a' * 32}_DISPLAY"], values[f"__{'a' * 32}_QUEUE_NAME"]) == ("", "")
    assert values[f"__{'a' * 32}_RAW"] == "é" * 64
    long = "x" * 128
    full = replace(
        details,
        raw_text=long,
        normalized_text=long,
        display_text=long,
        edit_base=long,
        extension=long,
        default_classification=long,
        classifications=(long,),
        queue_name=long,
    )
    (command,) = set_variables(of_details("a" * 32, full))
    assert len(command) <= MAX_COMMAND
