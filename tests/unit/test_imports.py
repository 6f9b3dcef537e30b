"""Imports of several environments: beside each other, or in turn; none is in another's way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from interact_ivr.app import Parts, opened
from interact_ivr.config import load_config
from interact_ivr.domain.errors import BadRows, ImportUnderWay
from interact_ivr.domain.lifecycle import State
from interact_ivr.domain.names import NumberKey
from interact_ivr.domain.values import NewNumber
from interact_ivr.observing import Observing
from interact_ivr.service.checking import STEP, Chunk, NumberRow
from interact_ivr.service.imports import Imports
from interact_ivr.stores.numbers import StoredNumbers
from interact_ivr.stores.queries import load_queries
from interact_ivr.stores.sqlite.draft import SqliteDraft
from interact_ivr.stores.sqlite.reader import Reader
from interact_ivr.stores.sqlite.writer import Writer

PATIENCE = 20.0
HERE, THERE = "acme/live", "other/live"
MANY, FEW = "38097452xxxx", "380974520200"
"""10,000 numbers, which is several steps; and one."""


@pytest.fixture
async def parts(tmp_path: Path) -> AsyncIterator[Parts]:
    """Give the services over a store that has two tenants."""
    config_file = tmp_path / "interact-ivr.toml"
    config_file.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/ivr.db"\n')
    async with opened(load_config(config_file), "the test", Observing()) as parts:
        for environment in (HERE, THERE):
            await parts.administration.add_tenant(environment.partition("/")[0])
            await parts.administration.add_environment(environment, None)
        yield parts


class Rows:
    """An import's only chunk."""

    faults = ()

    def __init__(self, *numbers: str) -> None:
        self.rows = [NumberRow(at, number) for at, number in enumerate(numbers, 1)]


class Watched:
    """Hears of an import's steps, and holds it up after the first until it may go on."""

    def __init__(self) -> None:
        self.begun, self.may_go_on = asyncio.Event(), asyncio.Event()
        self.told: list[int] = []

    async def __call__(self, written: int, _: int) -> None:
        """Hear of a step."""
        self.told.append(written)
        self.begun.set()
        await self.may_go_on.wait()


async def _unheard(_written: int, _of: int) -> None: ...


async def _chunks(*numbers: str) -> AsyncIterator[Chunk]:
    yield Rows(*numbers)


async def take_in(
    parts: Parts,
    environment: str,
    *numbers: str,
    told: Callable[[int, int], Awaitable[None]] = _unheard,
) -> int:
    """Take *numbers* in, and say how many are new."""
    async with asyncio.timeout(PATIENCE):
        taken = await parts.imports.take_in(environment, _chunks(*numbers), told)
    return taken.new


async def counts(parts: Parts) -> tuple[int, int]:
    """Count the numbers of both environments."""
    here, there = [await parts.numbers.counts(each) for each in (HERE, THERE)]
    return here[State.IDLE], there[State.IDLE]


async def test_an_import_makes_no_other_environment_wait_for_a_few(parts: Parts) -> None:
    """While many numbers are half written, another environment takes a few in, and has them."""
    watched = Watched()
    large = asyncio.create_task(take_in(parts, HERE, MANY, told=watched))
    await watched.begun.wait()
    assert await take_in(parts, THERE, FEW) == 1
    assert await counts(parts) == (0, 1)
    watched.may_go_on.set()
    assert await large == 10_000
    assert watched.told == [*range(STEP, 10_001, STEP)]
    assert await counts(parts) == (10_000, 1)


async def test_many_wait_for_those_of_others(parts: Parts, tmp_path: Path) -> None:
    """Nothing is written of the second import before the first is whole; then all of it is."""
    watched = Watched()
    seen: list[int] = []

    async def see(_written: int, _of: int) -> None:
        seen.append((await counts(parts))[0])

    with inventory(tmp_path, parts) as store:
        imports = Imports(store, parts.environments)
        async with asyncio.timeout(PATIENCE):
            first = asyncio.create_task(imports.take_in(HERE, _chunks(MANY), watched))
            await watched.begun.wait()
            store.sized.clear()
            second = asyncio.create_task(imports.take_in(THERE, _chunks(MANY), see))
            await store.sized.wait()  # it would write next
            await imports.take_in("default/default", _chunks(FEW), _unheard)
            watched.may_go_on.set()
            assert [each.new for each in await asyncio.gather(first, second)] == [10_000] * 2
    assert seen == [10_000] * 5
    assert await counts(parts) == (10_000, 10_000)


async def test_an_environment_has_one_import_at_a_time(parts: Parts) -> None:
    """The second is refused, and has changed nothing; it may come when the first is done."""
    watched = Watched()
    large = asyncio.create_task(take_in(parts, HERE, MANY, told=watched))
    await watched.begun.wait()
    for numbers in ((FEW,), (MANY,)):
        with pytest.raises(ImportUnderWay):
            await take_in(parts, HERE, *numbers)
    watched.may_go_on.set()
    await large
    assert await take_in(parts, HERE, "441632960000") == 1
    with pytest.raises(BadRows):
        await take_in(parts, HERE, "&")
    assert await take_in(parts, HERE, "441632960001") == 1


async def test_an_import_that_breaks_off_is_in_nobody_s_way(parts: Parts) -> None:
    """Who asked has gone: nothing of it is there, and who waited gets their turn."""
    begun, may_break = asyncio.Event(), asyncio.Event()

    async def break_off(_written: int, _of: int) -> None:
        begun.set()
        await may_break.wait()
        raise BrokenPipeError

    broken = asyncio.create_task(take_in(parts, HERE, MANY, told=break_off))
    await begun.wait()
    waiting = asyncio.create_task(take_in(parts, THERE, MANY))
    may_break.set()
    with pytest.raises(BrokenPipeError):
        await broken
    assert await waiting == 10_000
    with pytest.raises(BrokenPipeError):
        await take_in(parts, HERE, MANY, told=break_off)
    assert await parts.imports.clear() == 0
    assert await take_in(parts, HERE, MANY) == 10_000


@pytest.mark.parametrize("numbers", [FEW, MANY])
async def test_an_import_that_is_cut_off_is_in_nobody_s_way(parts: Parts, numbers: str) -> None:
    """However it ends: what it has hidden is nobody's, and goes before anything else comes."""
    watched = Watched()
    cut_off = asyncio.create_task(take_in(parts, HERE, MANY, told=watched))
    await watched.begun.wait()
    cut_off.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cut_off
    assert await take_in(parts, HERE, numbers.replace("520200", "520001")) >= 1
    assert await parts.imports.clear() == 0


@pytest.mark.parametrize("numbers", [FEW, MANY])
async def test_what_the_last_run_left_is_in_nobody_s_way(
    parts: Parts, tmp_path: Path, numbers: str
) -> None:
    """Also where it is the very number that is taken in, and nobody has cleared it away yet."""
    scope = parts.environments.named(HERE).application().scope
    left = [NewNumber(NumberKey(f"+{FEW}"), FEW), NewNumber(NumberKey("+380974520201"), "x")]
    with inventory(tmp_path, parts) as store:
        await store.write_hidden(scope, left)
    assert await take_in(parts, HERE, numbers) == (1 if numbers == FEW else 10_000)
    assert await parts.imports.clear() == 0


async def test_a_number_that_is_created_meanwhile_is_told(parts: Parts) -> None:
    """All or none: what the vendor's *create* has taken in stays, and nothing else is there."""
    watched = Watched()
    large = asyncio.create_task(take_in(parts, HERE, MANY, told=watched))
    await watched.begun.wait()
    last = "380974529999"
    await parts.numbers.create(HERE, "", last, None, None, enabled=True)
    watched.may_go_on.set()
    with pytest.raises(BadRows, match=f"number {last}: .{last} is in the environment already"):
        await large
    assert await counts(parts) == (1, 0)
    assert await take_in(parts, THERE, MANY) == 10_000


async def test_only_some_have_a_draft_at_once(parts: Parts, tmp_path: Path) -> None:
    """A draft is memory: however many environments import, the others wait for a place."""
    environments = [f"acme/{at}" for at in range(20)]
    for environment in environments:
        await parts.administration.add_environment(environment, None)
    with inventory(tmp_path, parts) as store:
        imports = Imports(store, parts.environments)
        begun, released = asyncio.Event(), asyncio.Event()

        async def chunks() -> AsyncIterator[Chunk]:
            begun.set()
            await released.wait()
            yield Rows(FEW)

        importing = [
            asyncio.create_task(imports.take_in(each, chunks(), _unheard)) for each in environments
        ]
        async with asyncio.timeout(PATIENCE):
            await begun.wait()
            with pytest.raises(ImportUnderWay):
                await imports.take_in(environments[-1], chunks(), _unheard)  # it waits already
            released.set()
            outcomes = await asyncio.gather(*importing)
        assert [each.new for each in outcomes] == [1] * 20
        assert store.most == 8
        assert store.drafts == set()


class Counting(StoredNumbers):
    """A store that knows its drafts."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        super().__init__(writer, reader)
        self.drafts: set[SqliteDraft] = set()
        self.most = 0
        self.sized = asyncio.Event()
        """A draft was compared: it is known how many numbers are new."""

    def draft(self) -> SqliteDraft:
        """Make one."""
        made = Known(load_queries("sqlite"), self.sized.set, self.drafts.discard)
        self.drafts.add(made)
        self.most = max(self.most, len(self.drafts))
        return made


class Known(SqliteDraft):
    """A draft that tells how far it is."""

    def __init__(
        self,
        queries: Mapping[str, str],
        sized: Callable[[], None],
        closed: Callable[[SqliteDraft], None],
    ) -> None:
        super().__init__(queries)
        self._sized, self._closed = sized, closed

    async def size(self) -> int:
        """Count the numbers."""
        self._sized()
        return await super().size()

    async def close(self) -> None:
        """Let everything go."""
        await super().close()
        self._closed(self)


@contextmanager
def inventory(folder: Path, parts: Parts) -> Iterator[Counting]:
    """Give the store's numbers past the services, as another process has them."""
    writer = Writer(folder / "ivr.db", parts.clock)
    writer.start()
    yield Counting(writer, Reader(folder / "ivr.db", parts.clock))
    writer.close()


async def test_trying_holds_up_no_other_tenant(parts: Parts) -> None:
    """However many of one tenant are being tried, another's is, and theirs go on after it."""
    go_on = asyncio.Event()

    async def slow() -> AsyncIterator[Chunk]:
        await go_on.wait()
        yield Rows(FEW)

    async def quick() -> AsyncIterator[Chunk]:
        yield Rows(FEW)

    tried = [asyncio.create_task(parts.imports.preview(HERE, slow())) for _ in range(20)]
    async with asyncio.timeout(PATIENCE):
        assert (await parts.imports.preview(THERE, quick())).new == 1
        go_on.set()
        assert [each.new for each in await asyncio.gather(*tried)] == [1] * 20
