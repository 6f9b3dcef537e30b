"""What goes away while a request is answered is not there; the request is no failure of ours.

The house and the store are the real ones, in this process; one look-up of theirs is made to come
at the worst moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from interact_ivr.app import Parts, opened
from interact_ivr.config import load_config
from interact_ivr.domain.access import Role
from interact_ivr.domain.lifecycle import State
from interact_ivr.domain.values import KnownAllocation, PoolNumber
from interact_ivr.house import House
from interact_ivr.metrics import Metrics
from interact_ivr.observing import Observing
from interact_ivr.service.numbers import Numbers
from interact_ivr.service.pools import Pools
from testbed.ports import LOOPBACK

HERE, GOING = "default/default", "acme/live"
NUMBER = "+380974520200"
PATIENCE = 5.0

Happens = Callable[[], Awaitable[object]]


@pytest.fixture
async def parts(tmp_path: Path) -> AsyncIterator[Parts]:
    """Give the services over a store that has two tenants, the first with a number."""
    config_file = tmp_path / "interact-ivr.toml"
    config_file.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/ivr.db"\n')
    async with opened(load_config(config_file), "the test", Observing()) as parts:
        await parts.administration.add_tenant("acme")
        await parts.administration.add_environment(GOING, None)
        await parts.numbers.create(HERE, "", NUMBER, None, None, enabled=True)
        yield parts


Asking = Callable[[Parts], AbstractAsyncContextManager[ClientSession]]


@pytest.fixture
def asking(parts: Parts, tmp_path: Path) -> Asking:
    """Give who asks a house that is made of given parts, with the token of an administrator."""
    config = load_config(tmp_path / "interact-ivr.toml")

    @asynccontextmanager
    async def asking(changed: Parts) -> AsyncIterator[ClientSession]:
        token = await parts.administration.add_token(HERE, Role.ADMIN)
        async with House.of(config, changed, Metrics("0"), lambda: 0) as house:
            await house.server.start(LOOPBACK, 0)
            try:
                async with ClientSession(
                    f"http://{LOOPBACK}:{house.server.port}",
                    headers={"Authorization": f"Bearer {token}"},
                ) as session:
                    yield session
            finally:
                await house.server.close()

    return asking


class Once:
    """Lets something happen, once."""

    def __init__(self, happens: Happens) -> None:
        self._happens: Happens | None = happens

    async def __call__(self) -> None:
        """Let it happen, unless it has."""
        happens, self._happens = self._happens, None
        if happens is not None:
            await happens()


class LatePools(Pools):
    """Pools that have changed by the time that somebody knows how they stood."""

    def __init__(self, parts: Parts, then: Once) -> None:
        own = parts.pools
        super().__init__(own._view, own._allocations, own._environments)
        self._then = then

    async def number(self, environment: str, number: str, application: str = "") -> PoolNumber:
        """Give a number as it stood."""
        found = await super().number(environment, number, application)
        await self._then()
        return found

    async def allocation(
        self, environment: str, allocation: str, application: str = ""
    ) -> KnownAllocation:
        """Give an allocation as it stood."""
        found = await super().allocation(environment, allocation, application)
        await self._then()
        return found


@pytest.mark.parametrize(
    ("method", "body"), [("PATCH", {"enabled": False}), ("DELETE", None), ("GET", None)]
)
async def test_a_number_that_is_taken_out_meanwhile_is_not_found(
    parts: Parts, asking: Asking, method: str, body: object
) -> None:
    """404, as it would be a moment later; who only looked saw it."""

    async def take_out() -> None:
        await parts.numbers.remove(HERE, [NUMBER])

    late = LatePools(parts, Once(take_out))
    async with (
        asking(replace(parts, pools=late)) as session,
        session.request(method, f"/api/v1/numbers/{NUMBER[1:]}", json=body) as answer,
    ):
        told = await answer.json()
    if method == "GET":
        assert (answer.status, told["number"]) == (200, NUMBER)
    else:
        assert (answer.status, told["code"]) == (404, "no_such_number")
        assert NUMBER[1:] in told["detail"]


async def test_the_allocation_that_is_named_is_ended_and_no_later_one(
    parts: Parts, asking: Asking
) -> None:
    """Another interaction was lent the number since somebody saw whose it was, and keeps it."""
    first = await parts.allocations.allocate(HERE, "first", None)

    async def lend_on() -> None:
        await parts.allocations.free_known(HERE, NUMBER)
        await parts.allocations.allocate(HERE, "second", None)

    late = LatePools(parts, Once(lend_on))
    async with (
        asking(replace(parts, pools=late)) as session,
        session.delete(f"/api/v1/allocations/{first.id}") as answer,
    ):
        told = await answer.json()
    assert (answer.status, told["code"]) == (409, "allocation_ended")
    assert "freed" in told["detail"]
    assert await parts.allocations.holder(HERE, NUMBER) == "second"


async def test_only_the_allocation_that_is_named_is_ended(parts: Parts, asking: Asking) -> None:
    """The others of the pool stand."""
    await parts.numbers.create(HERE, "", "380974520201", None, None, enabled=True)
    made = [await parts.allocations.allocate(HERE, each, None) for each in ("a", "b")]
    async with (
        asking(parts) as session,
        session.delete(f"/api/v1/allocations/{made[0].id}") as answer,
    ):
        assert answer.status == 204
    assert [await parts.allocations.holder(HERE, each.number) for each in made] == [None, "b"]


class LateNumbers(Numbers):
    """Numbers that somebody counts while their pool goes."""

    def __init__(self, parts: Parts) -> None:
        own = parts.numbers
        super().__init__(own._store, own._environments)
        self.then: Once | None = None

    async def counts(self, environment: str, application: str = "") -> dict[State, int]:
        """Count a pool's numbers."""
        if environment == GOING and self.then is not None:
            await self.then()
        return await super().counts(environment, application)


@pytest.mark.parametrize("what", ["environment", "application"])
async def test_metrics_go_on_while_a_pool_goes(parts: Parts, asking: Asking, what: str) -> None:
    """It is left out, also where it was there when the counting began; the others are told."""
    await parts.administration.add_application(GOING, "sales", settings={})

    async def remove() -> None:
        await parts.administration.remove_application(GOING, "sales")
        if what == "environment":
            await parts.administration.remove_environment(GOING)

    late = LateNumbers(parts)
    async with asking(replace(parts, numbers=late)) as session:
        assert {"sales", HERE, GOING} <= await pools(session)
        late.then = Once(remove)
        for _ in range(2):
            told = await pools(session)
            assert HERE in told
            assert "sales" not in told
            assert (GOING in told) is (what == "application")


async def test_metrics_wait_for_nobody_s_viewers(parts: Parts) -> None:
    """However many look at an environment: the operator counts its numbers in their own turn."""
    done: list[str] = []

    async def view(at: int) -> None:
        await parts.pools.groups(HERE)
        done.append(f"viewer {at}")

    async def count() -> None:
        for environment in (HERE, GOING):
            await parts.numbers.counts(environment)
        done.append("operator")

    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*map(view, range(20)), count())
    assert done.index("operator") <= 3


async def pools(session: ClientSession) -> set[str]:
    """Give the environments and the applications whose numbers the metrics have."""
    async with session.get("/metrics") as answer:
        assert answer.status == 200
        return {
            name
            for family in text_string_to_metric_families(await answer.text())
            for sample in family.samples
            if sample.name == "interact_ivr_numbers"
            for name in (sample.labels["environment"], sample.labels["application"])
        }


async def test_what_follows_changes_nothing_of_what_was_refused(
    parts: Parts, asking: Asking
) -> None:
    """What cannot be read is told in the form of the API it was for, whatever comes behind it."""
    looking, may_see = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        looking.set()
        await may_see.wait()

    async with asking(replace(parts, pools=LatePools(parts, Once(hold)))) as session:
        base = session._base_url
        assert base is not None
        reader, writer = await asyncio.open_connection(base.host, base.port)
        bearer = session.headers["Authorization"]
        look = f"GET /api/v1/numbers/{NUMBER[1:]} HTTP/1.1\r\nHost: a\r\nAuthorization: {bearer}"
        unread = "POST /interact/version/2/agent/soap HTTP/1.1\r\nHost: a\r\nX y"
        for part in (look, unread, "GET /healthz HTTP/1.1\r\nHost: a"):
            writer.write(f"{part}\r\n\r\n".encode())
            await looking.wait()
            async with session.get("/healthz") as answer:  # what came before has been read then
                assert answer.status == 200
        may_see.set()
        async with asyncio.timeout(PATIENCE):
            told = await reader.read()
        writer.close()
    assert told.count(b"HTTP/1.") == 2
    assert b"<faultstring>bad request: Invalid header token</faultstring>" in told
