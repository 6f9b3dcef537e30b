"""Requests begin a few in each turn of the event loop, in their order."""

import asyncio

import pytest

from interact_ivr.api.pacing import Pace


async def _turn_of_the_loop() -> None:
    await asyncio.sleep(0)


@pytest.mark.parametrize("count", [1, 3, 4, 10, 100])
async def test_a_few_begin_in_each_turn(count: int) -> None:
    """However many come at once; others of the loop come between them."""
    pace, begun = Pace(lambda: 1, beside_calls=3), list[int]()

    async def request(number: int) -> None:
        await pace.turn()
        begun.append(number)

    tasks = [asyncio.create_task(request(number)) for number in range(count)]
    while len(begun) < count:
        before = len(begun)
        await _turn_of_the_loop()
        assert len(begun) - before <= 3
    assert begun == [*range(count)]
    await asyncio.gather(*tasks)


async def test_whoever_leaves_takes_no_place() -> None:
    """A request that is cancelled while it waits is passed over."""
    pace = Pace(lambda: 1, beside_calls=1)
    tasks = [asyncio.create_task(pace.turn()) for _ in range(5)]
    await _turn_of_the_loop()
    for task in tasks[1:4]:
        task.cancel()
    await asyncio.wait_for(tasks[4], 1)
    assert [task.cancelled() for task in tasks] == [False, True, True, True, False]


async def test_without_a_call_more_begin_in_a_turn() -> None:
    """Once there is one, few do."""
    calls = 0
    pace = Pace(lambda: calls, alone=4, beside_calls=1)
    tasks = [asyncio.create_task(pace.turn()) for _ in range(8)]
    await _turn_of_the_loop()
    assert sum(task.done() for task in tasks) == 4
    calls = 1
    begun = []
    while not all(task.done() for task in tasks):
        begun.append(sum(task.done() for task in tasks))
        await _turn_of_the_loop()
    assert begun == [4, 4, 5, 6, 7] or begun == [4, 5, 6, 7]


async def test_a_request_alone_does_not_wait() -> None:
    """It begins at once, time after time."""
    pace = Pace(lambda: 1, beside_calls=1)
    for _ in range(5):
        task = asyncio.create_task(pace.turn())
        await _turn_of_the_loop()
        assert task.done()
        await _turn_of_the_loop()
