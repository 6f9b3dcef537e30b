"""The wheel: everything in it, the same bytes each time, and a service without a checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testbed.agi_peer import Channel, Peer, plain_environment
from testbed.children import argv
from testbed.line import Line
from testbed.pbx_trees import samples, seen, without_times
from testbed.service import Service

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PACKAGES = ("agi_scripts", "dialplan", "interact_ivr")
NUMBER = "380974520200"


def tracked() -> list[str]:
    """Name every file of the checkout."""
    listed = ("git", "-C", str(ROOT), "ls-files", "-z", "-co", "--exclude-standard")
    done = subprocess.run(listed, capture_output=True, check=True, encoding="utf-8")
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).exists()]


def built(checkout: Path, folder: Path) -> Path:
    """Build the wheel of *checkout*, as `pip wheel` would."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    command = [str(BIN / "hatchling"), "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=checkout, env=environment, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the wheel of this checkout."""
    return built(ROOT, tmp_path_factory.mktemp("wheel"))


def test_it_is_the_same_bytes_from_another_checkout(wheel: Path, tmp_path: Path) -> None:
    """Elsewhere, made at another time, for oneself alone, and in another order."""
    other = tmp_path / "other"
    for name in reversed(tracked()):
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, other / name, follow_symlinks=False)
        if not (other / name).is_symlink():
            (other / name).chmod(0o700 if os.access(ROOT / name, os.X_OK) else 0o600)
            os.utime(other / name, (1, 1))
    assert built(other, tmp_path / "built").read_bytes() == wheel.read_bytes()


def test_everything_is_in_it(wheel: Path) -> None:
    """Each file of the packages and of asterisk-config, byte for byte, and nothing else of ours."""
    expected = {}
    for name in tracked():
        if name.startswith("asterisk-config/"):
            expected[f"interact_ivr/{name}"] = (ROOT / name).read_bytes()
        elif name.startswith(PACKAGES) and (ROOT / name).is_file():
            expected[name] = (ROOT / name).read_bytes()
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
        assert {name: archive.read(name) for name in names} == expected
        assert {info.date_time for info in archive.infolist()} == {(2023, 11, 14, 22, 13, 20)}


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give ``interact-ivr`` of a bare environment: the wheel, and what it depends on beside it."""
    bare = tmp_path_factory.mktemp("bare") / "environment"
    venv.create(bare, with_pip=False)
    python = bare / "bin/python"
    offline = ("--offline", "--no-deps", "--no-index", "-q", "--python", str(python))
    subprocess.run([BIN / "uv", "pip", "install", *offline, wheel], check=True)
    (packages,) = bare.glob("lib/python*/site-packages")
    # Their .pth files are not read, so the checkout that the suite's environment knows is not seen.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    asked = "import agi_scripts, dialplan, interact_ivr as i; print(i.__file__, *i.__path__)"
    done = subprocess.run([python, "-I", "-c", asked], capture_output=True, check=True)
    assert str(ROOT).encode() not in done.stdout.replace(bytes(bare), b"")
    return bare / "bin/interact-ivr"


@pytest.fixture
def service(program: Path, tmp_path: Path) -> Iterator[Service]:
    """Give the bare environment's service, not started."""
    service = Service(tmp_path / "service")
    service.program = (str(program),)
    yield service
    service.close()


def test_without_a_checkout_a_call_finds_its_interaction(
    service: Service, program: Path, tmp_path: Path
) -> None:
    """init, import, serve, install into a PBX, ask by its stub, and remove."""
    site = samples(tmp_path / "site")
    before = without_times(seen(tmp_path / "site"))
    where = ("--etc", str(site.etc), "--agi-bin", str(site.agi_bin), "--no-reload")
    assert "is ready" in service.command("init").stdout
    service.import_numbers(NUMBER)
    with service:
        done = service.command("asterisk", "install", *where, "--agi", service.agi)
        assert done.returncode == 0, done.stderr
        assert "installed" in service.command("asterisk", "check", *where).stdout
        service.ask("allocate", "order-1")
        called = relayed(site.agi_bin / "interact-ivr-agi", "retrieve_interaction", NUMBER)
        assert called.variables["INTERACT_ID"] == "order-1"
        assert service.command("asterisk", "remove", *where).returncode == 0
    assert without_times(seen(tmp_path / "site")) == before
    unit = service.command("print", "unit").stdout
    assert re.findall("(?m)^ExecStart=(.*)$", unit) == [f"{program} serve"]
    assert ".SS number import\n" in service.command("print", "man").stdout


def test_a_backup_restored_on_a_bare_machine_serves_calls(
    service: Service, service_factory: Callable[..., Service], tmp_path: Path
) -> None:
    """With the wheel, the backup and a configuration, and nothing else of the machine before."""
    copy = tmp_path / "copy.db"
    before = service_factory()
    line = Line.taken_into(before, number=NUMBER, group="sales")
    line.allocate("order-1")
    before.ask("db", "backup", str(copy))
    before.stop()
    assert [file.name for file in service.folder.iterdir()] == [service.config.name]
    restored = service.command("db", "restore", str(copy))
    assert restored.returncode == 0, restored.stderr
    with service:
        there = Line(service, NUMBER, "sales")
        found = there.call(uniqueid="pbx-1.7").variables
        assert (found["INTERACT_STATUS"], found["INTERACT_ID"]) == ("FOUND", "order-1")
        assert there.journal() == ["allocated", "retrieved"]


def relayed(stub: Path, *arguments: str) -> Channel:
    """Ask as Asterisk would by AGI(), which runs *stub* itself."""
    with subprocess.Popen(
        argv([str(stub)]), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        peer = Peer(child.stdout.fileno(), child.stdin.fileno(), 10.0)
        peer.send(plain_environment(*arguments))
        return peer.converse()
