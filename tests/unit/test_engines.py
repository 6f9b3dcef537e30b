"""The engines of the dial plans that count."""

import weakref
from pathlib import Path

import pytest

from dialplan import PlanError
from interact_ivr.service.engines import Engines

PLAN = """
name = "ours"
home_country = "{}"
"""


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """Give a plan of one's own."""
    file = tmp_path / "plan.toml"
    file.write_text(PLAN.format("UA"), "utf-8")
    return file


def test_a_plan_that_is_the_same_keeps_its_engine(plan: Path) -> None:
    """Whoever reloads forgets no number, and what one plan remembers is kept once."""
    engines = Engines()
    engine = engines.load(str(plan))
    plan.touch()
    assert engines.load(str(plan)) is engine


def test_a_plan_that_has_changed_has_another(plan: Path) -> None:
    """What counted before goes on reading as it did."""
    engines = Engines()
    before = engines.load(str(plan))
    assert before.normalize("0974520200") == "+380974520200"
    plan.write_text(PLAN.format("PL"), "utf-8")
    after = engines.load(str(plan))
    assert after.normalize("221234567") == "+48221234567"
    assert before.normalize("0974520201") == "+380974520201"


def test_a_plan_that_cannot_be_read_leaves_the_one_in_use(plan: Path) -> None:
    """It is told, and the engine is there when the plan is whole again."""
    engines = Engines()
    engine = engines.load(str(plan))
    plan.write_text("name = 1", "utf-8")
    with pytest.raises(PlanError):
        engines.load(str(plan))
    plan.write_text(PLAN.format("UA"), "utf-8")
    assert engines.load(str(plan)) is engine


def test_who_is_replaced_is_gone_with_all_it_remembers(plan: Path) -> None:
    """At once: tens of megabytes would wait for the garbage collector, at each reload more."""
    engines = Engines()
    engine = engines.load(str(plan))
    engine.normalize("0974520200")
    engine.resolve("0974520200")
    engine.lookup_keys("0974520200")
    left, reader = weakref.ref(engine), weakref.ref(engine.reader)
    del engine
    assert left() is None
    assert reader() is None
