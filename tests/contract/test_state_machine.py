"""Everything at once, in any order: the store against the model, over restarts and any time.

What the model decides, the store must say, word by word; and whatever the model says, the laws
hold: a number has one live allocation, an allocation is consumed by one call, no outcome names an
interaction but the present holder's, this caller's own, or the last holder's; the journal replays
to the present.
"""

import asyncio
import tempfile
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from msgspec.structs import replace

from interact_ivr.domain.errors import BadInput, Exhausted, NumbersAllocated, StillHeld
from interact_ivr.domain.journal import Forgotten
from interact_ivr.domain.lifecycle import Policy, State
from interact_ivr.domain.names import NumberKey
from interact_ivr.domain.values import Allocation, Retrieval, Status
from tests.contract.model import Model, Number
from tests.contract.stores import STORES, TICK, Pool, caller

T = TypeVar("T")
P = ParamSpec("P")

NUMBERS = {"+380974520200": None, "+380974520201": "sales", "+380974520202": "sales"}
"""Each with its group."""
KEYS = st.sampled_from(list(NUMBERS))
FOREIGN = "+380999999999"
INTERACTIONS = st.sampled_from(["a", "b", "c", "d"])
GROUPS = st.sampled_from([None, None, None, "sales", "support"])
SWITCHBOARD = "+380441112233"
EXPECTED = st.sampled_from([None, "+380501234567", "+380507654321"])
CALLERS = EXPECTED | st.sampled_from([SWITCHBOARD, "4500"])
CALLS = st.integers(0, 4)
"""A new call, or one of the latest: a call that was told something is only ever told it again."""
DIALED = st.sampled_from([None, None, None, *NUMBERS, FOREIGN])
"""None: what that call rings on, or dialed last."""
HOLD, REDIAL, LATE = timedelta(seconds=10), timedelta(seconds=6), timedelta(seconds=30)
POLICY = Policy(HOLD, timedelta(seconds=4), redial_for=REDIAL, late_for=LATE)
STEPS = st.sampled_from([0, 1, 3, 4, 5, 6, 9, 10, 11, 30, 31]).map(lambda s: timedelta(seconds=s))
BEGINNINGS, ENDS = {"allocated", "lent early"}, {"retrieved", "freed", "expired", "replaced"}


OPERATIONS: list[st.SearchStrategy[tuple[str, dict[str, Any]]]] = []
"""Each as often as it is to be chosen: what happens often in a pool's life happens often here."""


def operation(
    weight: int = 1, **arguments: st.SearchStrategy[Any]
) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Let a method be done with *arguments*, *weight* times as often as another."""

    def decorate(method: Callable[P, None]) -> Callable[P, None]:
        for _ in range(weight):  # a strategy that is there already would not count
            name = st.just(method.__name__)
            OPERATIONS.append(st.tuples(name, st.fixed_dictionaries(arguments)))
        return method

    return decorate


class PoolMachine(RuleBasedStateMachine):
    """A pool of three numbers, four customers, a few kinds of caller."""

    def __init__(self, store: str) -> None:
        """Open a store of its own."""
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._runner = asyncio.Runner()
        self.pool = Pool(STORES[store](Path(self._folder.name)))
        self.model = Model(POLICY)
        self.calls = 0
        self.dialed: dict[str, str] = {}
        self.lent: list[str] = [""]
        self.told: tuple[Retrieval, str, str | None] | None = None
        self.shared: list[str] = [SWITCHBOARD]
        self.tombstones = 0
        self.purged = False
        self.run(self.pool.open())
        for key in NUMBERS:
            self.add(key)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Give what *work* gives."""
        return self._runner.run(work)

    @property
    def now(self) -> datetime:
        """Give the time."""
        return self.pool.clock.at

    def call(self, which: int, dialed: str | None) -> tuple[str, str]:
        """Give the id of a new call (0), or of the latest but so many; and what it dials."""
        if which == 0 or which > self.calls:
            self.calls += 1
            which = 1
        call = str(self.calls - which + 1)
        number = dialed or self.dialed.get(call, next(iter(NUMBERS)))
        if number != FOREIGN:
            self.dialed[call] = number
        return call, number

    def teardown(self) -> None:
        """Close the store."""
        self.pool.store.close()
        self._runner.close()
        self._folder.cleanup()

    @operation(weight=5, key=KEYS)
    def add(self, key: str) -> None:
        """An administrator takes a number in, if it is not there."""
        if key not in self.model.numbers:
            self.run(self.pool.add(key, group=NUMBERS[key]))
            self.model.numbers[key] = Number(key, NUMBERS[key])

    @operation(
        keys=st.lists(KEYS, min_size=1, max_size=2), force=st.sampled_from([False, False, True])
    )
    def remove(self, keys: list[str], force: bool) -> None:
        """Takes some out, which by force succeeds."""
        numbers = [NumberKey(key) for key in keys]
        kept = self.model.remove(keys, force=force, now=self.now)
        removing = self.pool.inventory.remove(self.pool.scope, numbers, force=force)
        if not kept:
            self.run(removing)
            return
        with pytest.raises(NumbersAllocated) as refused:
            self.run(removing)
        assert {*refused.value.allocated, *refused.value.ringing} == set(kept)

    @operation(key=KEYS, enabled=st.booleans())
    def enable(self, key: str, enabled: bool) -> None:
        """Lets one drain, or be lent again."""
        numbers = [NumberKey(key)]
        self.run(self.pool.inventory.set_enabled(self.pool.scope, numbers, enabled=enabled))
        if key in self.model.numbers:
            self.model.numbers[key].enabled = enabled

    @operation(
        weight=3,
        replaces=st.booleans(),
        reveals=st.booleans(),
        strict=st.booleans(),
        shared=st.booleans(),
    )
    def reload(self, replaces: bool, reveals: bool, strict: bool, shared: bool) -> None:
        """Changes his mind."""
        self.model.policy = replace(
            POLICY, replace=replaces, late_reveals_id=reveals, strict_rest=strict
        )
        self.shared = [SWITCHBOARD] if shared else []

    @operation(weight=6, interaction=INTERACTIONS, group=GROUPS, expected=EXPECTED)
    def allocate(self, interaction: str, group: str | None, expected: str | None) -> None:
        """An app asks for a number: the longest rested, or its own."""
        got: Allocation | str
        asked = self.pool.allocate(interaction, group, self.model.policy, caller=expected)
        try:
            got = self.run(asked)
        except (Exhausted, BadInput) as refusal:
            got = refusal.code
        new_id = got if isinstance(got, str) else got.id
        assert got == self.model.allocate(interaction, group, expected, self.now, new_id)
        self.lent.append(new_id)

    @operation(
        weight=5,
        dialed=DIALED,
        which=CALLS,
        ani=CALLERS,
        age=st.none() | STEPS,
        named=st.none() | st.none() | INTERACTIONS,
    )
    def retrieve(
        self,
        dialed: str | None,
        which: int,
        ani: str | None,
        age: timedelta | None,
        named: str | None,
    ) -> None:
        """A call asks; asking again, in any order, is among these."""
        call, number = self.call(which, dialed)
        self.ask(number, call, ani, age, named)

    def ask(
        self,
        number: str,
        call: str,
        ani: str | None = None,
        age: timedelta | None = None,
        named: str | None = None,
    ) -> None:
        """Let *call* ask, and compare all that it is told."""
        expected = self.model.retrieve(number, call, caller(ani, self.shared), named, age, self.now)
        asked = self.pool.retrieve(
            number,
            call=call,
            ani=ani,
            policy=self.model.policy,
            age=age,
            named=named,
            shared=self.shared,
        )
        told = self.run(asked)
        assert told == expected
        self.told = told, call, ani

    @operation(weight=2, ani=EXPECTED.filter(bool), after=STEPS, candidate=st.integers(0, 1))
    def ask_twice(self, ani: str, after: timedelta, candidate: int) -> None:
        """Who retrieved something asks for what was allocated since, and chooses."""
        for key, number in self.model.numbers.items():
            if number.open and number.open.expires_at > self.now:
                self.ask(key, self.call(0, key)[0], ani)
                self.allocate("d", number.group, None)
                call, _ = self.call(0, key)
                self.ask(key, call, ani)
                self.pool.pass_(after)
                if self.told and self.told[0].candidates:
                    self.choose(candidate)
                return

    @operation(weight=2, candidate=st.integers(0, 1))
    def choose(self, candidate: int) -> None:
        """The call that was told of two candidates names one, by now."""
        if self.told and self.told[0].status is Status.AMBIGUOUS:
            told, call, ani = self.told
            self.ask(str(told.number), call, ani, named=told.candidates[candidate])

    @operation()
    def lose_the_answer(self) -> None:
        """The call that was told last may not have learned it."""
        if self.told:
            told, call, _ = self.told
            self.run(self.pool.mark_undelivered(told, call))
            self.model.undelivered(told, call, self.now)

    @operation(weight=2, number=KEYS | st.just(FOREIGN), which=st.none() | st.integers(1, 3))
    def free(self, number: str, which: int | None) -> None:
        """Somebody ends an allocation by hand, whichever it is, or one of the latest."""
        allocation = None if which is None else self.lent[-which:][0]
        freed = self.model.free(number, allocation, self.now)
        assert self.run(self.pool.free(number, allocation=allocation)) is freed

    @operation(weight=2, number=st.none() | KEYS, which=CALLS, at_most=STEPS)
    def ring(self, number: str | None, which: int, at_most: timedelta) -> None:
        """A call comes in, or rings on."""
        call, key = self.call(which, number)
        self.ring_on(key, call, at_most)

    @operation(
        weight=2,
        ticks=st.integers(-1, 1),
        after=STEPS,
        asks=st.sampled_from(["it", "a stranger", "both"]),
    )
    def ring_as_it_runs_out(self, ticks: int, after: timedelta, asks: str) -> None:
        """A call comes in at the edge of an allocation, and asks; before it another may."""
        for key, number in self.model.numbers.items():
            if number.open and number.open.expires_at > self.now:
                call = self.ring_at(key, number.open.expires_at + ticks * TICK)
                self.pool.pass_(after)
                if asks != "it":
                    self.ask(key, self.call(0, key)[0])
                if asks != "a stranger":
                    self.ask(key, call)
                return

    @operation(
        weight=2,
        over=st.booleans(),
        then=st.sampled_from(["sweep", "free", "allocate", "forget", "ask", "ring", "remove"]),
    )
    def a_stranger_rings_on(self, over: bool, then: str) -> None:
        """A call was there in time, and is no more or still; one that came later is."""
        for key, number in self.model.numbers.items():
            if number.open and number.open.expires_at > self.now:
                past = number.open
                call = self.ring_at(key, past.expires_at - TICK)
                self.pool.pass_(TICK)
                stranger, _ = self.call(0, key)
                self.ring_on(key, stranger, HOLD)
                if over:
                    self.run(self.pool.stopped_ringing(call))
                    self.model.hang_up(call)
                match then:
                    case "sweep":
                        self.sweep()
                    case "free":
                        self.free(key, None)
                    case "allocate":
                        self.allocate(past.interaction, None, None)
                    case "forget":
                        self.forget(past.interaction)
                    case "ring":
                        self.ring_on(key, self.call(0, key)[0], HOLD)
                    case "remove":
                        self.remove([key], force=False)
                    case _:
                        self.ask(key, self.call(0, key)[0])
                return

    def ring_at(self, key: str, at: datetime) -> str:
        """Let a new call come in at an instant, and give it."""
        self.pool.clock.at = max(self.now, at)
        call, _ = self.call(0, key)
        self.ring_on(key, call, HOLD)
        return call

    def ring_on(self, number: str, call: str, at_most: timedelta) -> None:
        """Let *call* be on a number."""
        ours = self.model.ring(number, call, at_most, self.now)
        assert self.run(self.pool.ringing(number, call, at_most)) is ours

    @operation(which=CALLS)
    def hang_up(self, which: int) -> None:
        """A call is over."""
        call, _ = self.call(which, None)
        self.run(self.pool.stopped_ringing(call))
        self.model.hang_up(call)

    @operation(weight=2)
    def sweep(self) -> None:
        """The timer looks, tells exactly what is due, and when it must look again."""
        due = self.model.due(self.now)
        swept = self.run(self.pool.sweep())
        assert len(swept.expired) == len(due)
        assert set(swept.expired) == due
        for expired in swept.expired:
            self.model.swept(expired, self.now)
        deadlines = self.model.deadlines(self.now)
        assert swept.next_deadline is not None or not deadlines
        if swept.next_deadline is not None:
            assert self.now < swept.next_deadline <= min([*deadlines, swept.next_deadline])

    @operation(interaction=INTERACTIONS)
    def forget(self, interaction: str) -> None:
        """A customer wants to be forgotten."""
        self.tombstones += 1
        tombstone = f"forgotten-{self.tombstones}"
        expected = self.model.forget(interaction, tombstone, self.now)
        forgetting = self.pool.forget(interaction, tombstone)
        if isinstance(expected, Forgotten):
            assert self.run(forgetting) == expected
            return
        with pytest.raises(StillHeld) as refused:
            self.run(forgetting)
        held = refused.value
        assert (held.number, held.allocation, held.ran_out) == expected

    @operation(age=STEPS)
    def purge(self, age: timedelta) -> None:
        """What ended long enough ago goes."""
        self.purged = True
        before = self.now - age
        entries, allocations = self.model.purge(before)
        assert self.run(self.pool.record.purge_entries(before, "", 1000)).removed == entries
        step = self.run(self.pool.record.purge_allocations(before, "", 1000))
        assert replace(step, after=None) == allocations

    @operation(weight=3, time=STEPS)
    def time_passes(self, time: timedelta) -> None:
        """It passes while nothing runs, too."""
        self.pool.pass_(time)

    @operation()
    def restart(self) -> None:
        """Nothing that was acknowledged is lost, nothing comes back."""
        self.run(self.pool.reopen())

    @rule(step=st.deferred(lambda: st.one_of(OPERATIONS)))
    def do(self, step: tuple[str, dict[str, Any]]) -> None:
        """Do one of them: a rule each would have most runs leave out half of the rules."""
        name, arguments = step
        getattr(self, name)(**arguments)

    @invariant()
    def all_numbers_agree(self) -> None:
        """Every number is what the model says, and is counted as that."""
        assert self.run(self.pool.shown(POLICY)) == self.model.shown(self.now)

    @invariant()
    def the_journal_agrees(self) -> None:
        """Entry by entry, and what it says replays to the present, whatever was purged."""
        journal = self.pool.journal()
        assert journal == [entry for _, entry in self.model.journal]
        held: dict[str, tuple[str, datetime | None]] = {}
        for entry in journal:
            if entry.event in BEGINNINGS:
                assert entry.number not in held
                held[entry.number] = entry.allocation, entry.expires_at
            elif entry.event == "renewed":
                assert self.purged or entry.number in held
                assert held.get(entry.number, (entry.allocation,))[0] == entry.allocation
                if entry.number in held:
                    held[entry.number] = entry.allocation, entry.expires_at
            elif entry.event in ENDS:
                was = held.pop(entry.number, None)
                assert was or self.purged or entry.detail == "arrived before expiry"
        live = {
            shown.number
            for shown in self.run(self.pool.shown(POLICY))
            if shown.state in (State.ALLOCATED, State.LAPSED)
        }
        assert held.keys() == live


@pytest.mark.timeout(600)  # a failure is made small before it is told
@pytest.mark.parametrize("store", STORES)
def test_any_store_agrees_with_the_model(store: str) -> None:
    """Any order of operations, any passing of time, any restart.

    What is written once for all stores is tried hardest on the quickest.
    """
    _drive(store, max_examples=80 if store == "sqlite" else 30)


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
