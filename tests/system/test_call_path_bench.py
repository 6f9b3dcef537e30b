"""The Asterisk dialplan that measures itself, in a real Asterisk: it tells what was done."""

from collections.abc import Iterator

import pytest

from bench.call_path import LOGGER, Looking, Runs
from bench.call_path_dialplan import dialplan
from bench.call_path_ways import Way
from testbed.pbx import Pbx
from testbed.tools import Tools

RIGHT = Way("right", "right", "Set(ANSWER=${number})")
STALE = Way("stale", "stale", "ExecIf($[${left} = 5]?Set(ANSWER=${number}))")
WAITING = Way("waiting", "waiting", "Wait(0.05)", told="number")


@pytest.fixture(scope="module")
def looking(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looking]:
    """Give one Asterisk for all."""
    steps = {way.name: (way.steps, way.told) for way in (RIGHT, STALE, WAITING)}
    folder = tmp_path_factory.mktemp("bench")
    with Pbx(tools, folder, extensions=dialplan(steps), extra={"logger.conf": LOGGER}) as pbx:
        yield Looking(pbx)


def test_every_look_up_of_every_channel_is_told(looking: Looking) -> None:
    """Also where they are more than one line of the log holds."""
    for channels, each in ((1, 300), (4, 7)):
        runs = Runs()
        looking.run(RIGHT, channels, each, runs)
        assert runs.rate[0] > 0
        assert 0 < runs.p50[0] <= runs.p99[0]


def test_an_answer_of_before_is_no_answer(looking: Looking) -> None:
    """Whoever goes on saying what was right once is found out."""
    with pytest.raises(RuntimeError, match="1 of 5 were right"):
        looking.run(STALE, 1, 5, Runs())


def test_the_time_of_a_look_up_is_the_calls(looking: Looking) -> None:
    """One that takes 50 ms is told to have taken so long, and others wait beside it, not behind."""
    runs = Runs()
    looking.run(WAITING, 5, 4, runs)
    assert runs.p50[0] >= 50
    assert runs.rate[0] > 1000 / runs.p50[0]
