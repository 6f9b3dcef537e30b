"""The fixtures with a real Asterisk. A test that cannot have one fails; none is skipped."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from testbed.fetch import bring
from testbed.ivr import extensions
from testbed.pbx import Pbx
from testbed.service import Service
from testbed.tools import Tools
from testbed.watched import Watched

STARTED = pytest.StashKey[list[Pbx | Service | Watched]]()


@pytest.fixture(scope="session")
def tools() -> Tools:
    """Give the Asterisk and the SIPp of this machine's cache, fetched once."""
    return bring()


@pytest.fixture
def beside() -> Iterator[ThreadPoolExecutor]:
    """Give threads in which calls are placed."""
    with ThreadPoolExecutor(3) as threads:
        yield threads


@pytest.fixture
def pbx_factory(
    request: pytest.FixtureRequest, tools: Tools, tmp_path: Path
) -> Iterator[Callable[..., Pbx]]:
    """Give a maker of running Asterisks, which takes Pbx's keywords; all stop at the end."""
    started = request.node.stash.setdefault(STARTED, [])
    with ExitStack() as stack:

        def make(**keywords: object) -> Pbx:
            pbx = Pbx(tools, tmp_path / f"pbx{len(started)}", **keywords)  # type: ignore[arg-type]
            started.append(pbx)
            return stack.enter_context(pbx)

        yield make


@pytest.fixture
def service_factory(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[..., Service]]:
    """Give a maker of running services, with added settings or wrapped; all stop at the end."""
    started = request.node.stash.setdefault(STARTED, [])
    with ExitStack() as stack:

        def make(settings: str = "", wrapper: tuple[str, ...] = ()) -> Service:
            service = Service(tmp_path / f"service{len(started)}", settings)
            service.wrapper = wrapper
            started.append(service)
            return stack.enter_context(service)

        yield make


@pytest.fixture
def service(service_factory: Callable[..., Service]) -> Service:
    """Give a running service with an empty pool and every default."""
    return service_factory()


@pytest.fixture
def pbx(service: Service, pbx_factory: Callable[..., Pbx]) -> Pbx:
    """Give a running Asterisk whose ``inbound`` asks *service* whose call it is."""
    return pbx_factory(extensions=extensions(service.agi))


@pytest.fixture
def watched_factory(
    request: pytest.FixtureRequest, tools: Tools, tmp_path: Path
) -> Iterator[Callable[..., Watched]]:
    """Give a maker of services that watch an Asterisk of their own; all stop at the end."""
    started = request.node.stash.setdefault(STARTED, [])
    with ExitStack() as stack:

        def make(settings: str = "", **keywords: object) -> Watched:
            folder = tmp_path / f"watched{len(started)}"
            watched = Watched(tools, folder, settings, **keywords)  # type: ignore[arg-type]
            started.append(watched)
            return stack.enter_context(watched)

        yield make


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say in a failed test's report where every log is kept, and how it ends."""
    report = yield
    if report.failed:
        for part in item.stash.get(STARTED, []):
            report.sections.append((f"{type(part).__name__} in {part.folder}", part.tail()))
    return report
