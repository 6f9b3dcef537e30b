"""Everything at once, in any order: the store against the model, over restarts and any time.

What the model decides, the store must say; and whatever the model says, the laws hold: a number
has one live allocation, an allocation is consumed by one call, no outcome names an interaction but
the present holder's, this caller's own, or the last holder's; the journal replays to the present.
"""

import asyncio
import tempfile
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from interact_ivr.domain.errors import Exhausted
from interact_ivr.domain.lifecycle import Policy, State
from interact_ivr.domain.values import FreeStatus, Status
from tests.contract.model import Model, Number
from tests.contract.stores import STORES, Pool

T = TypeVar("T")

NUMBERS = [f"+38097452020{digit}" for digit in range(3)]
FOREIGN = "+380999999999"
INTERACTIONS = st.sampled_from(["a", "b", "c", "d"])
CALLERS = st.sampled_from([None, "+380501234567", "+380507654321"])
CALLS = st.integers(1, 6).map(str)
DIALED = st.sampled_from([*NUMBERS, FOREIGN])
HOLD, REDIAL, LATE = timedelta(seconds=10), timedelta(seconds=6), timedelta(seconds=30)
POLICY = Policy(HOLD, timedelta(seconds=4), redial_for=REDIAL, late_for=LATE)
STEPS = st.sampled_from([0, 1, 3, 4, 5, 6, 9, 10, 11, 30, 31]).map(lambda s: timedelta(seconds=s))
ENDS = {"retrieved", "freed", "expired", "replaced"}


class PoolMachine(RuleBasedStateMachine):
    """A pool of three numbers, four customers, three kinds of caller."""

    def __init__(self, store: str) -> None:
        """Open a store of its own."""
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._runner = asyncio.Runner()
        self.pool = Pool(STORES[store](Path(self._folder.name)))
        self.model = Model(POLICY)
        self.run(self.pool.open())
        self.run(self.pool.add(*NUMBERS))
        self.model.numbers = {number: Number() for number in NUMBERS}

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Give what *work* gives."""
        return self._runner.run(work)

    def teardown(self) -> None:
        """Close the store."""
        self.pool.store.close()
        self._runner.close()
        self._folder.cleanup()

    @rule(interaction=INTERACTIONS, caller=CALLERS)
    def allocate(self, interaction: str, caller: str | None) -> None:
        """An app asks for a number: the longest rested, or its own."""
        expected = self.model.allocate(interaction, caller, self.pool.clock.at)
        try:
            lent = self.run(self.pool.allocate(interaction, None, self.model.policy, caller=caller))
        except Exhausted:
            assert expected is None
        else:
            assert lent.number == expected
            assert lent.expires_at == self.pool.clock.at + HOLD

    @rule(dialed=DIALED, call=CALLS, ani=CALLERS, age=st.none() | STEPS)
    def retrieve(self, dialed: str, call: str, ani: str | None, age: timedelta | None) -> None:
        """A call asks; asking again, in any order, is among these."""
        expected = self.model.retrieve(dialed, call, ani, age, self.pool.clock.at)
        policy = self.model.policy
        told = self.run(self.pool.retrieve(dialed, call=call, ani=ani, policy=policy, age=age))
        assert expected == (
            told.status,
            told.interaction,
            told.last_interaction,
            told.caller_match,
        )
        assert (told.status is Status.AMBIGUOUS) is bool(told.candidates)

    @rule(replaces=st.booleans(), reveals=st.booleans())
    def reload(self, replaces: bool, reveals: bool) -> None:
        """The administrator changes his mind."""
        self.model.policy = replace(POLICY, replace=replaces, late_reveals_id=reveals)

    @rule(number=st.sampled_from(NUMBERS))
    def free(self, number: str) -> None:
        """Somebody ends an allocation by hand."""
        freed = self.model.free(number, self.pool.clock.at)
        assert self.run(self.pool.free(number)) is (
            FreeStatus.FREED if freed else FreeStatus.NOT_ALLOCATED
        )

    @rule(number=st.sampled_from(NUMBERS), call=CALLS, at_most=STEPS)
    def ring(self, number: str, call: str, at_most: timedelta) -> None:
        """A call comes in."""
        self.run(self.pool.ringing(number, call, at_most))
        self.model.ring(number, call, at_most, self.pool.clock.at)

    @rule(call=CALLS)
    def hang_up(self, call: str) -> None:
        """A call is over."""
        self.run(self.pool.stopped_ringing(call))
        for number in self.model.numbers.values():
            number.ringing.pop(call, None)

    @rule()
    def sweep(self) -> None:
        """The timer looks; what it says expired is what the model has run out, once."""
        now = self.pool.clock.at
        due = {
            (past.interaction, past.expires_at)
            for number in self.model.numbers.values()
            for past in number.allocations
            if past.ended_at is None and past.expires_at <= now
            if not self.model.rings(number, now)
        }
        for number in self.model.numbers.values():
            if not self.model.rings(number, now):
                self.model.close(number, now)
        swept = self.run(self.pool.sweep())
        told = {(expired.interaction, expired.at) for expired in swept.expired}
        assert told <= due  # the rest was put on record by whoever touched the number before
        assert len(swept.expired) == len(told)

    @rule(time=STEPS)
    def time_passes(self, time: timedelta) -> None:
        """It passes while nothing runs, too."""
        self.pool.pass_(time)

    @rule()
    def restart(self) -> None:
        """Nothing that was acknowledged is lost, nothing comes back."""
        self.run(self.pool.reopen())

    @invariant()
    def states_agree(self) -> None:
        """Every number is what the model says."""
        now = self.pool.clock.at
        for shown in self.run(self.pool.shown(POLICY)):
            number = self.model.numbers[shown.number]
            holder = self.model.holder(number, now)
            assert (shown.state is State.ALLOCATED) is (holder is not None)
            assert shown.interaction == (None if holder is None else holder.interaction)
            if self.model.rings(number, now):  # neither lent nor told expired
                held_open = self.model.held_open(number, now)
                assert (shown.state is State.LAPSED) is (held_open is not None)

    @invariant()
    def the_journal_replays_to_the_present(self) -> None:
        """Who holds what follows from the journal alone; its times never go back."""
        now = self.pool.clock.at
        open_ends: dict[str, tuple[str, Any]] = {}
        for entry in self.pool.journal():
            if entry.event in {"allocated", "lent early", "renewed"}:
                held = open_ends.get(entry.number)
                assert held is None or (entry.event == "renewed" and held[0] == entry.allocation)
                open_ends[entry.number] = (entry.allocation, entry.expires_at)
            elif entry.event in ENDS:
                held = open_ends.pop(entry.number, None)
                assert held is not None or entry.detail == "arrived before expiry"
        live = {
            shown.number
            for shown in self.run(self.pool.shown(POLICY))
            if shown.state is State.ALLOCATED
        }
        replayed = {number for number, (_, expires_at) in open_ends.items() if now < expires_at}
        assert live == replayed


@pytest.mark.timeout(600)  # a failure is made small before it is told
@pytest.mark.parametrize("store", STORES)
def test_any_store_agrees_with_the_model(store: str) -> None:
    """Any order of operations, any passing of time, any restart."""
    _drive(store, max_examples=40)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("store", STORES)
def test_any_store_agrees_with_the_model_for_long(store: str) -> None:
    """The same, two thousand times and longer."""
    _drive(store, max_examples=2000)


def _drive(store: str, *, max_examples: int) -> None:
    usual = settings(deadline=None, max_examples=max_examples, stateful_step_count=40)
    maker: Any = partial(PoolMachine, store)
    run_state_machine_as_test(maker, settings=usual)
