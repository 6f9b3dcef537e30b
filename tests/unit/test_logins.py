"""People who show a password: what it costs, who waits, and that nobody learns who there is."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from interact_ivr.domain.directory import KnownUser
from interact_ivr.domain.errors import TooManyAttempts
from interact_ivr.service.logins import Logins
from tests.contract.stores import START

HOME, AWAY = "192.0.2.1", "192.0.2.2"
MINUTE = 60.0
PAUSES = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


class World:
    """Some users, their passwords, a time that passes by sleeping, and a count of the work."""

    def __init__(self) -> None:
        self.at = 0.0
        self.slept: list[float] = []
        self.hashes = {("acme", name): f"hash of {name}'s" for name in ("alice", "bob")}
        self.verified: Counter[str] = Counter()
        """How often each kept hash was checked."""
        self.open = asyncio.Event()
        """While it is not set, no verification comes to its end."""
        self.open.set()
        self.awake = asyncio.Event()
        """While it is not set, nobody who sleeps wakes up."""
        self.awake.set()
        self.logins = Logins(self.user, self.match, clock=lambda: self.at, sleep=self.sleep)

    @property
    def verifications(self) -> int:
        """How often any was."""
        return self.verified.total()

    def user(self, tenant: str, name: str) -> KnownUser | None:
        """Find a user."""
        if (kept := self.hashes.get((tenant, name))) is None:
            return None
        return KnownUser(tenant, name, kept, START)

    async def match(self, kept: str, password: str) -> bool:
        """Say whether *kept* is the hash of *password*."""
        self.verified[kept] += 1
        await self.open.wait()
        return kept == f"hash of {password}"

    async def sleep(self, seconds: float) -> None:
        """Let time pass at once."""
        self.slept.append(seconds)
        await self.awake.wait()
        self.at += seconds

    async def check(self, name: str, password: str, source: str = HOME) -> bool:
        """Show a password of a user of the tenant."""
        return await self.logins.check("acme", name, password, source)

    async def guess(self, name: str, times: int, source: str = HOME) -> None:
        """Show as many different wrong ones, one after the other."""
        for _ in range(times):
            assert not await self.check(name, f"guess {self.verifications}", source)


@pytest.fixture
async def world() -> World:
    """Give one where nobody has shown anything."""
    return World()


async def settled(*checks: Coroutine[Any, Any, bool]) -> list["asyncio.Task[bool]"]:
    """Begin *checks*, and let them come as far as they can now."""
    tasks = [asyncio.create_task(check) for check in checks]
    for _ in range(20):
        await asyncio.sleep(0)  # one step each; no check has as many before it must wait
    return tasks


def refused(outcomes: list[bool | BaseException]) -> int:
    return sum(isinstance(outcome, TooManyAttempts) for outcome in outcomes)


async def test_a_user_is_known_by_the_password(world: World) -> None:
    """Of the tenant, and by no other."""
    assert await world.check("alice", "alice's")
    assert not await world.check("alice", "bob's")
    assert not await world.check("Alice", "alice's")
    assert not await world.logins.check("globex", "alice", "alice's", HOME)


@pytest.mark.parametrize("name", ["alice", "nobody"])
async def test_whether_there_is_a_user_does_not_show_in_the_work(world: World, name: str) -> None:
    """One verification for a wrong password, none for the same again, the same pauses."""
    assert not await world.check(name, "wrong")
    assert world.verifications == 1
    assert not await world.check(name, "wrong")
    assert world.verifications == 1
    world.at += MINUTE
    assert not await world.check(name, "wrong")
    assert world.verifications == 2
    await world.guess(name, 3 + len(PAUSES))
    assert world.slept == PAUSES
    assert world.verifications == 5 + len(PAUSES)


async def test_a_good_credential_costs_once(world: World) -> None:
    """For as long as it is used every ten minutes, and from every source."""
    for _ in range(5):
        assert await world.check("alice", "alice's")
        assert await world.check("alice", "alice's", AWAY)
        world.at += 10 * MINUTE - 1
    assert world.verifications == 1
    world.at += 1
    assert await world.check("alice", "alice's")
    assert world.verifications == 2


async def test_a_removed_user_is_let_in_no_more(world: World) -> None:
    """At once, known or not."""
    assert await world.check("alice", "alice's")
    kept = world.hashes.pop(("acme", "alice"))
    assert not await world.check("alice", "alice's")
    world.hashes["acme", "alice"] = kept
    assert await world.check("alice", "alice's")


async def test_another_password_counts_at_once(world: World) -> None:
    """A bad one that was known as such, too."""
    assert await world.check("alice", "alice's")
    assert not await world.check("alice", "new")
    world.hashes["acme", "alice"] = "hash of new"
    assert not await world.check("alice", "alice's")
    assert await world.check("alice", "new")


async def test_a_user_removed_while_the_password_is_checked_is_not_let_in(world: World) -> None:
    """The answer is for the end of the check."""
    world.open.clear()
    (check,) = await settled(world.check("alice", "alice's"))
    del world.hashes["acme", "alice"]
    world.open.set()
    assert not await check


@pytest.mark.parametrize("password", ["", "x" * 257])
async def test_what_can_be_no_password_is_wrong(world: World, password: str) -> None:
    """It costs nothing, whoever's it is said to be."""
    for name in ("alice", "nobody"):
        assert not await world.check(name, password)
    assert not world.verifications


@pytest.mark.parametrize("odd", ["\x00", "alice\x00", "x" * 100_000, "", "\ud800", "a/b", "'\\"])
async def test_any_text_is_a_user_there_is_not(world: World, odd: str) -> None:
    """And a password that is wrong."""
    assert not await world.check(odd, "alice's")
    assert not await world.logins.check(odd, "alice", "alice's", HOME)
    assert not await world.check("alice", f"alice's{odd[:200]}\x00")
    assert not await world.check("alice", "alice's" * 20, odd)
    assert world.verifications == 4


async def test_names_and_passwords_do_not_run_together(world: World) -> None:
    """Where one ends and the next begins is part of what is known."""
    world.hashes["acme", "al"] = "hash of ice"
    assert await world.check("al", "ice")
    for tenant, name, password in (("acme", "a", "lice"), ("acmeal", "", "ice"), ("ac", "al", "i")):
        assert not await world.logins.check(tenant, name, password, HOME)
    assert world.verifications == 4


async def test_the_same_at_the_same_time_is_checked_once(world: World) -> None:
    """Good or bad, from one source or many; however many there are."""
    world.open.clear()
    good = await settled(*(world.check("alice", "alice's") for _ in range(300)))
    away = await settled(*(world.check("alice", "alice's", f"away {n}") for n in range(300)))
    bad = await settled(*(world.check("bob", "wrong", f"{n % 3}") for n in range(300)))
    assert world.verifications == 2
    world.open.set()
    assert await asyncio.gather(*good, *away) == [True] * 600
    assert await asyncio.gather(*bad) == [False] * 300
    assert (world.verifications, world.slept) == (2, [])


async def test_who_leaves_takes_nobody_along(world: World) -> None:
    """The next one of those who wait has it checked."""
    world.open.clear()
    first, second = await settled(*(world.check("alice", "alice's") for _ in range(2)))
    first.cancel()
    await settled()
    world.open.set()
    assert await second
    assert world.verifications == 2


async def test_a_check_that_fails_fails_for_itself(world: World) -> None:
    """And nothing is known of the credential then."""

    async def match(kept: str, password: str) -> bool:
        raise MemoryError

    logins = Logins(world.user, match)
    for _ in range(2):
        with pytest.raises(MemoryError):
            await logins.check("acme", "alice", "alice's", HOME)


async def test_guesses_get_slower(world: World) -> None:
    """After five that were free, each pause is twice the last one's, up to 30 s."""
    await world.guess("alice", 5)
    assert not world.slept
    await world.guess("alice", len(PAUSES))
    assert world.slept == PAUSES
    await world.guess("alice", 3000)
    assert max(world.slept) == 30.0


async def test_who_has_waited_does_not_wait_again(world: World) -> None:
    """The pause begins with the failure."""
    await world.guess("alice", 8)
    world.slept.clear()
    world.at += 1.5
    await world.guess("alice", 1)
    world.at += 4
    await world.guess("alice", 1)
    assert world.slept == [0.5]


async def test_only_who_guesses_waits(world: World) -> None:
    """No other source of the same user, and no other user of the same source."""
    await world.guess("alice", 20)
    world.slept.clear()
    await world.guess("alice", 5, AWAY)
    await world.guess("bob", 5)
    assert await world.check("alice", "alice's", "192.0.2.3")
    assert not world.slept


async def test_guesses_from_many_sources_get_slower_together(world: World) -> None:
    """After 50 for one user, each new source's first one waits, twice as long each time, to 30 s.

    So does the user's own first one from a new source, but it is never refused for that.
    """
    for n in range(50):
        await world.guess("alice", 1, f"source {n}")
    assert not world.slept
    for n in range(50, 50 + len(PAUSES)):
        await world.guess("alice", 1, f"source {n}")
    assert world.slept == PAUSES
    assert await world.check("alice", "alice's", AWAY)
    assert world.slept == [*PAUSES, 30.0]
    await world.guess("bob", 5)
    assert len(world.slept) == len(PAUSES) + 1, "nobody else's"


async def test_guesses_from_elsewhere_do_not_slow_the_user_at_home(world: World) -> None:
    """Nor a typing error there, nor a new password, whenever it was last there within a month."""
    assert await world.check("alice", "alice's")
    assert await world.check("alice", "alice's", AWAY), "known already; it is a home, too"
    world.at += 29 * 24 * 60 * MINUTE
    for n in range(200):
        await world.guess("alice", 1, f"source {n}")
    world.slept.clear()
    for source in (HOME, AWAY):
        assert not await world.check("alice", f"mistyped at {source}", source)
        assert await world.check("alice", "alice's", source)
    world.hashes["acme", "alice"] = "hash of new"
    assert await world.check("alice", "new")
    assert not world.slept


async def test_guesses_from_many_sources_are_forgotten_when_it_is_quiet(world: World) -> None:
    """In a quarter of an hour."""
    for n in range(60):
        await world.guess("alice", 1, f"source {n}")
    world.slept.clear()
    world.at += 15 * MINUTE
    await world.guess("alice", 1, "another source")
    assert not world.slept


async def test_a_good_credential_that_is_known_never_waits(world: World) -> None:
    """Whoever guesses beside it; and it does not make up for the guesses."""
    assert await world.check("alice", "alice's")
    await world.guess("alice", 10)
    world.slept.clear()
    assert await world.check("alice", "alice's")
    assert not world.slept
    await world.guess("alice", 1)
    assert world.slept == [PAUSES[5]]


async def test_a_known_bad_credential_is_no_guess(world: World) -> None:
    """A program with an old password neither waits nor makes its user wait."""
    for _ in range(1000):
        assert not await world.check("alice", "old")
    assert (world.verifications, world.slept) == (1, [])


async def test_a_good_check_makes_up_for_the_failures(world: World) -> None:
    """It waits itself."""
    await world.guess("alice", 6)
    assert await world.check("alice", "alice's")
    assert world.slept == PAUSES[:2]
    await world.guess("alice", 5)
    assert world.slept == PAUSES[:2]


async def test_failures_are_forgotten_in_a_quiet_quarter_of_an_hour(world: World) -> None:
    """Not sooner."""
    await world.guess("alice", 12)
    world.slept.clear()
    world.at += 15 * MINUTE - 1
    await world.guess("alice", 2)
    assert world.slept == [30.0]
    world.at += 15 * MINUTE
    await world.guess("alice", 5)
    assert world.slept == [30.0]


async def test_guesses_at_the_same_time_are_made_one_by_one(world: World) -> None:
    """Twenty of one source for one user; the others are refused, and nobody else is."""
    world.open.clear()
    guesses = await settled(*(world.check("alice", f"guess {n}") for n in range(1000)))
    assert world.verifications == 1
    others = await settled(world.check("alice", "guess", AWAY), world.check("bob", "guess"))
    assert world.verifications == 3
    world.open.set()
    assert await asyncio.gather(*others) == [False, False]
    outcomes = await asyncio.gather(*guesses, return_exceptions=True)
    assert refused(outcomes) == 980
    assert outcomes.count(False) == 20
    assert world.verifications == 22
    assert world.slept == PAUSES[:7] + [30.0] * 8


async def test_a_refusal_says_when_to_come_again(world: World) -> None:
    """In whole seconds, at least one, and at most as long as a pause."""
    await world.guess("alice", 11)
    world.awake.clear()
    waiting = await settled(*(world.check("alice", f"late {n}") for n in range(20)))
    with pytest.raises(TooManyAttempts) as error:
        await world.check("alice", "later")
    assert (error.value.code, error.value.retry_after) == ("too_many_attempts", 16)
    world.awake.set()
    await asyncio.gather(*waiting)
    world.open.clear()
    waiting = await settled(*(world.check("bob", f"guess {n}") for n in range(20)))
    with pytest.raises(TooManyAttempts) as error:
        await world.check("bob", "another")
    assert error.value.retry_after == 1
    for task in waiting:
        task.cancel()


async def test_who_need_not_wait_needs_no_room_to_wait(world: World) -> None:
    """Where as many wait as may, who would have to is refused; a first guess is checked at once."""
    for n in range(1025):
        await world.guess(f"user {n}", 5, f"source {n}")
    await world.guess("bob", 4)
    world.awake.clear()
    waiting = await settled(
        *(world.check(f"user {n}", "late", f"source {n}") for n in range(1024)),
    )
    assert not any(task.done() for task in waiting)
    with pytest.raises(TooManyAttempts):
        await world.check("user 1024", "late", "source 1024")
    assert await world.check("bob", "bob's")
    assert await world.check("alice", "alice's")
    world.awake.set()
    assert await asyncio.gather(*waiting) == [False] * 1024


async def test_few_sources_do_not_fill_the_queue(world: World) -> None:
    """One has no more places than are left to the others."""
    world.open.clear()
    await settled(*(world.check(f"user {n}", "guess", f"{n % 8}") for n in range(8_000)))
    assert world.verifications < 256
    (other,) = await settled(world.check("alice", "alice's", AWAY))
    world.open.set()
    assert await other


async def test_one_source_does_not_fill_the_queue(world: World) -> None:
    """A quarter is room enough for it."""
    world.open.clear()
    names = await settled(*(world.check(f"user {n}", "guess") for n in range(1000)))
    assert world.verifications == 64
    (other,) = await settled(world.check("alice", "alice's", AWAY))
    world.open.set()
    assert await other
    outcomes = await asyncio.gather(*names, return_exceptions=True)
    assert (outcomes.count(False), refused(outcomes)) == (64, 936)


async def test_one_source_does_not_fill_the_room_to_wait(world: World) -> None:
    """However many users it guesses for: another one still waits for its turn, and gets it."""
    await world.guess("alice", 5, AWAY)
    for user in range(60):
        await world.guess(f"user {user}", 5)
    world.awake.clear()
    guesses = [(user, turn) for user in range(60) for turn in range(20)]
    waiting = await settled(
        *(world.check(f"user {user}", f"another {turn}") for user, turn in guesses)
    )
    (other,) = await settled(world.check("alice", "alice's", AWAY))
    assert sum(not each.done() for each in waiting) == 128
    assert not other.done()
    world.awake.set()
    assert await other
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert (outcomes.count(False), refused(outcomes)) == (128, 1200 - 128)


@pytest.mark.parametrize(
    "name_of",
    [lambda _: "alice", lambda n: f"user {n % 1000}", lambda n: f"user {n}"],
    ids=["one user", "a thousand", "each another"],
)
async def test_ten_thousand_bad_logins_end(world: World, name_of: Callable[[int], str]) -> None:
    """From 500 sources at once: what they cost is bounded; who is known is answered meanwhile."""
    assert await world.check("bob", "bob's")
    world.open.clear()
    bad = await settled(
        *(world.check(name_of(n), f"guess {n}", f"source {n % 500}") for n in range(10_000))
    )
    assert world.verifications == 257
    assert await world.check("bob", "bob's")
    (queued,) = await settled(world.check("alice", "alice's"))
    world.open.set()
    outcomes = await asyncio.gather(*bad, return_exceptions=True)
    assert outcomes.count(False) + refused(outcomes) == 10_000
    assert outcomes.count(False) <= 256 + 1024
    assert world.verifications <= 257 + 1024
    with pytest.raises(TooManyAttempts):
        await queued
    assert await world.check("alice", "alice's")


async def test_what_is_remembered_is_bounded(world: World) -> None:
    """A flood of bad credentials puts no good one out of mind."""
    assert await world.check("bob", "bob's")
    for n in range(5_000):
        assert not await world.check(f"bob {n}", f"guess {n}", f"source {n}")
    assert await world.check("bob", "bob's")
    assert world.verifications == 5_001
    assert not await world.check("bob 4999", "guess 4999", "source 4999")
    assert world.verifications == 5_001
    assert not await world.check("bob 0", "guess 0", "source 0")
    assert world.verifications == 5_002
