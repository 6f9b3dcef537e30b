"""The fixtures of the edge: a served process, and numbers of its pool."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from testbed.line import Line
from testbed.service import Service
from testbed.vendor import Shop, Way

STARTED = pytest.StashKey[list[Service]]()


@pytest.fixture(scope="module")
def shared_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a running service that all tests of a module share, and that none may leave broken."""
    with Service(tmp_path_factory.mktemp("service")) as service:
        yield service
        pid = service.pid
        assert Path(f"/proc/{pid}").exists(), service.tail()
    unlogged = [line for line in service.log_path.read_text().splitlines() if line[:1] != "{"]
    assert unlogged == [], "a warning, or an error that nobody caught"


@pytest.fixture
def service(request: pytest.FixtureRequest, shared_service: Service) -> Service:
    """Give the shared service; its log is shown when the test fails."""
    request.node.stash.setdefault(STARTED, []).append(shared_service)
    return shared_service


@pytest.fixture
def line(service: Service) -> Line:
    """Give a number of the shared service."""
    return Line.taken_into(service)


@pytest.fixture
def shop(service: Service) -> Shop:
    """Give a new tenant of the shared service, with two numbers of which one is allocated."""
    return Shop.opened(service).stocked()


@pytest.fixture(params=["rest", "soap"])
def way(request: pytest.FixtureRequest, shop: Shop) -> Way:
    """Give one of the two ways to ask the vendor's API, as that tenant."""
    return Way(shop, request.param)


@pytest.fixture
def service_factory(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[..., Service]]:
    """Give a maker of running services of the test's own, which takes added settings."""
    started = request.node.stash.setdefault(STARTED, [])
    with ExitStack() as stack:

        def make(settings: str = "", *, agi: str = "", http: str = "") -> Service:
            service = Service(tmp_path / f"service{len(started)}", settings)
            text = service.config.read_text("utf-8")
            text = text.replace("[agi]\n", f"[agi]\n{agi}\n")
            service.config.write_text(text.replace("[http]\n", f"[http]\n{http}\n"), "utf-8")
            started.append(service)
            return stack.enter_context(service)

        yield make


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say in a failed test's report where the log is kept, and how it ends."""
    report = yield
    if report.failed:
        for service in item.stash.get(STARTED, []):
            report.sections.append((f"service in {service.folder}", service.tail()))
    return report
