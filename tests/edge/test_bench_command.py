"""``interact-ivr bench``: it measures beside the store, takes nothing, and leaves nothing."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from interact_ivr.cli.commands import COMMANDS, Commands, children
from interact_ivr.measuring.disk import (
    InMemoryError,
    file_system,
    fsync_milliseconds,
    refuse_memory,
)
from testbed.line import Line
from testbed.service import Service

SHORT = ("bench", "--seconds", "0.05")


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Give a maker of services that are configured, and not started."""
    with ExitStack() as stack:

        def make(store: str = "") -> Service:
            service = Service(tmp_path / "service", store=store)
            stack.callback(service.close)
            return service

        yield make


def _check_times(parts: list[dict[str, float]], callers: tuple[int, int]) -> None:
    assert tuple(part["callers"] for part in parts) == callers
    for part in parts:
        assert part["per_second"] > 0
        assert 0 < part["p50_ms"] <= part["p99_ms"]


def test_a_running_service_is_asked_and_nothing_of_it_taken(
    written: Callable[..., Service],
) -> None:
    """Its allocation stands, its journal has nothing more, and its folder has what it had."""
    with written() as service:
        line = Line.taken_into(service)
        line.allocate("waiting")
        journal, files = line.journal(), {*service.folder.iterdir()}
        answer = service.ask(*SHORT)
        assert answer["service"] == "running"
        _check_times(answer["calls"], (1, 20))
        _check_times(answer["pairs"], (1, 32))
        assert 0 < answer["disk"]["fsync_p50_ms"] <= answer["disk"]["fsync_p99_ms"]
        assert {"date", "cores", "load", "kernel", "interact_ivr", "sqlite"} <= answer.keys()
        assert answer["disk"]["folder"] == str(service.folder)
        assert (line.state(), line.journal()) == ("allocated", journal)
        assert {*service.folder.iterdir()} == files


def test_without_a_service_a_temporary_one_is_asked(
    written: Callable[..., Service],
) -> None:
    """The store is not made, nor anything else; people are shown a table."""
    service = written()
    before = {*service.folder.iterdir()}
    done = service.command(*SHORT)
    assert (done.returncode, done.stderr) == (0, "")
    for shown in ("fsync on", "allocated and retrieved, 32 at once", "the temporary service, 20"):
        assert shown in done.stdout
    assert {*service.folder.iterdir()} == before


def test_a_folder_in_memory_is_refused(written: Callable[..., Service]) -> None:
    """What would be measured there is no disk; the command says which folder it is."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        service = written(store=f"sqlite:///{folder}/interact-ivr.db")
        done = service.command(*SHORT)
        assert (done.returncode, done.stdout) == (1, "")
        assert f"{folder} is in memory (tmpfs)" in done.stderr
        assert not [*Path(folder).iterdir()]
        with pytest.raises(InMemoryError):
            refuse_memory(Path(folder))


def test_a_shared_store_needs_its_service(written: Callable[..., Service]) -> None:
    """Others' store is not measured by writing into it."""
    done = written(store="postgresql:///nowhere").command(*SHORT)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no service listens on" in done.stderr


def test_a_file_system_is_known_by_its_device(tmp_path: Path) -> None:
    """The mount table's third field names it; another device's mounts say nothing."""
    device = tmp_path.stat().st_dev
    here = f"{os.major(device)}:{os.minor(device)}"
    other = "1 1 9999:1 / /there rw - tmpfs tmpfs rw"
    mine = f"2 1 {here} / / rw,relatime shared:1 - xfs /dev/a rw"
    assert file_system(tmp_path, f"{other}\n{mine}\n") == "xfs"
    assert file_system(tmp_path, f"{other}\n") == ""


def test_an_fsync_is_timed_and_leaves_nothing(tmp_path: Path) -> None:
    """Each of them takes time, also where the file's pages come round again."""
    times = fsync_milliseconds(tmp_path, 70)
    assert len(times) == 70
    assert min(times) > 0
    assert not [*tmp_path.iterdir()]


def test_the_list_of_commands_says_what_each_says_of_itself() -> None:
    """Nothing is imported for the list, so it is told twice, and the same."""
    told = {name: child.get_short_help_str(1000) for name, child in children(Commands())}
    assert told == {name: sentence for name, (_, sentence) in COMMANDS.items()}
