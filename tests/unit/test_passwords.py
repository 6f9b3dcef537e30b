"""Passwords as they are kept, and checked in threads of their own."""

import asyncio
from collections.abc import Iterator

import pytest
from argon2 import extract_parameters
from argon2.exceptions import InvalidHashError

from interact_ivr.service.passwords import Passwords, hash_of_none, hashed


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    """Give what checks them."""
    passwords = Passwords()
    yield passwords
    passwords.close()


async def test_a_password_is_known_again(passwords: Passwords) -> None:
    """And no other; two that are the same are kept differently."""
    kept = await hashed("correct horse")
    assert await passwords.match(kept, "correct horse")
    assert not await passwords.match(kept, "correct horsE")
    assert not await passwords.match(kept, "correct horse\x00")
    assert kept != await hashed("correct horse")


async def test_a_hash_of_none_takes_the_same_work(passwords: Passwords) -> None:
    """Its memory, passes, lanes and lengths are those of any; no two are the same."""
    none = hash_of_none()
    assert extract_parameters(none) == extract_parameters(await hashed("correct horse"))
    assert none != hash_of_none()
    assert not await passwords.match(none, "correct horse")


@pytest.mark.parametrize("text", ["", "\x00", "\ud800", "пароль", "x" * 10_000])
async def test_any_text_is_checked(passwords: Passwords, text: str) -> None:
    """Also what can be no password."""
    assert not await passwords.match(hash_of_none(), text)


async def test_what_is_no_hash_is_told(passwords: Passwords) -> None:
    """A damaged directory is not a wrong password."""
    with pytest.raises(InvalidHashError):
        await passwords.match("plain", "plain")


async def test_hashing_keeps_nobody_else_waiting(passwords: Passwords) -> None:
    """Neither the event loop nor what others do in threads; whoever leaves, leaves the queue."""
    checks = [asyncio.create_task(passwords.match(hash_of_none(), "x")) for _ in range(100)]
    await asyncio.sleep(0)  # all of them are in the queue now
    assert await asyncio.to_thread(lambda: True)
    assert sum(check.done() for check in checks) < 50
    for check in checks:
        check.cancel()
    assert not await passwords.match(hash_of_none(), "x")


async def test_closing_lets_nothing_begin(passwords: Passwords) -> None:
    """What waits is cancelled, what comes is refused, and who closes twice is not told off."""
    checks = [asyncio.create_task(passwords.match(hash_of_none(), "x")) for _ in range(50)]
    await asyncio.sleep(0)  # all of them are in the queue now
    passwords.close()
    done = await asyncio.gather(*checks, return_exceptions=True)
    assert sum(isinstance(each, asyncio.CancelledError) for each in done) >= 45
    assert all(each is False or isinstance(each, asyncio.CancelledError) for each in done)
    with pytest.raises(RuntimeError):
        await passwords.match(hash_of_none(), "x")
    passwords.close()
