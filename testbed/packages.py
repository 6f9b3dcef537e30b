"""A private apt: resolves, downloads and unpacks Debian packages in a folder of its own.

The machine is not changed. The state starts from an empty dpkg status, so what is resolved includes
the C library and the unpacked tree stands alone. Signatures are checked against Debian's keyring.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
TRIES = 3
BACKOFF_SECONDS = 2.0
STEP_SECONDS = 300.0

#: What the closure has for install scripts, not for running Asterisk or SIPp from a folder.
LEFT_OUT = re.compile(
    r"(adduser|asterisk-config|base-passwd|debconf|dirmngr|gnupg.*|gpg.*|libdb5.*|libdebconf.*|libpam.*|libperl.*"
    r"|libpython.*|libsemanage.*|login.*|media-types|netbase|pci\.ids|passwd|perl.*|pinentry.*|python.*|systemd.*|tzdata)"
)
LEFT_OUT_FOLDERS = ("doc", "gdb", "info", "lintian", "locale", "man")

#: A line of ``apt-get --print-uris``: 'address' name_version_architecture.deb size checksum
PRINTED = re.compile(r"'\S+' (?P<name>[^_\s]+)_(?P<version>[^_\s]+)_\S+ (?P<size>\d+) ")

APT_CONF = """\
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "{folder}";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}";
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
// Some mirrors are frozen copies, which are past their date; signatures are checked all the same.
Acquire::Check-Valid-Until "false";
Acquire::Retries "0"; // the steps are tried again as a whole
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
"""


class StepError(Exception):
    """Raised when a step failed for good: what it was, and the last lines that it printed."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package to be brought: its name, its version and how many bytes it has."""

    name: str
    version: str
    size: int


def read_printed(text: str, also_left_out: str = "") -> tuple[Package, ...]:
    """Read what ``apt-get --print-uris`` printed, without the packages that are left out."""
    return tuple(
        Package(found["name"], found["version"].replace("%3a", ":"), int(found["size"]))
        for found in PRINTED.finditer(text)
        if not LEFT_OUT.fullmatch(found["name"]) and not re.fullmatch(also_left_out, found["name"])
    )


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Say on stderr what is being done, and how many seconds it took."""
    print(f"{what} ... ", end="", file=sys.stderr, flush=True)
    start = time.monotonic()
    try:
        yield
    except BaseException:
        print("failed", file=sys.stderr, flush=True)
        raise
    print(f"{time.monotonic() - start:.1f} s", file=sys.stderr, flush=True)


class PrivateApt:
    """The state of apt in *folder*, for one *mirror* and one *suite* of Debian."""

    def __init__(self, folder: Path, mirror: str, suite: str) -> None:
        self._folder = folder
        self._conf = folder / "apt.conf"
        for name in ("lists/partial", "archives/partial"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "status").touch()
        source = f"deb [signed-by={KEYRING}] {mirror} {suite} main\n"
        (folder / "sources.list").write_text(source, encoding="utf-8")
        conf = _way_out() + APT_CONF.format(folder=folder)
        self._conf.write_text(conf, encoding="utf-8")

    def update(self) -> None:
        """Fetch the index of the suite."""
        # By default apt-get update exits 0 when the mirror could not be reached.
        self._network("update", "--error-on=any")

    def closure(self, names: tuple[str, ...], also_left_out: str = "") -> tuple[Package, ...]:
        """Give everything that *names* need; raises StepError when the suite does not have them."""
        return read_printed(self._run("install", "--yes", "--print-uris", *names), also_left_out)

    def download(self, packages: tuple[Package, ...]) -> tuple[Path, ...]:
        """Fetch *packages*, checked against the signed index, and give their files."""
        self._network("download", *(f"{package.name}={package.version}" for package in packages))
        files = tuple(sorted((self._folder / "archives").glob("*.deb")))
        if len(files) != len(packages):
            raise StepError(f"apt-get download: {len(files)} of {len(packages)} packages arrived")
        return files

    def _network(self, *arguments: str) -> None:
        """Run a step that needs the network, again after a growing pause while it fails."""
        for attempt in range(1, TRIES):
            try:
                self._run(*arguments)
            except StepError:
                time.sleep(BACKOFF_SECONDS * attempt)
            else:
                return
        self._run(*arguments)

    def _run(self, *arguments: str) -> str:
        return run(
            ["apt-get", *arguments],
            folder=self._folder / "archives",
            environment={**os.environ, "APT_CONFIG": str(self._conf), "LC_ALL": "C.UTF-8"},
        )


def run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> str:
    """Run a step in *folder* and give what it printed; raises StepError with its last lines."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=STEP_SECONDS,
            check=False,
            encoding="utf-8",
            errors="replace",
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StepError(f"{command[0]} {command[1]}: {error}") from error
    if done.returncode:
        tail = "\n".join(f"  {line}" for line in done.stdout.splitlines()[-12:])
        raise StepError(f"{command[0]} {command[1]} exited {done.returncode}:\n{tail}")
    return done.stdout


def _way_out() -> str:
    """Give the machine's settings of the network (proxies and so on), not its hooks and pins."""
    dump = shutil.which("apt-config")
    if dump is None:
        raise StepError("this machine has no apt: Debian 12 or 13 is needed")
    lines = run([dump, "dump", "Acquire"], folder=Path("/")).splitlines()
    others = ("Acquire::IndexTargets", "Acquire::Languages")
    return "".join(f"{line}\n" for line in lines if not line.startswith(others))


def unpack(files: tuple[Path, ...], tree: Path) -> None:
    """Unpack packages into *tree*, laid out as merged-/usr: ``dpkg -x`` would replace the links."""
    for name in ("bin", "sbin", "lib", "lib64"):
        (tree / "usr" / name).mkdir(parents=True)
        (tree / name).symlink_to(f"usr/{name}")
    excludes = [f"--exclude=./usr/share/{name}" for name in LEFT_OUT_FOLDERS]
    for path in files:
        script = 'dpkg-deb --fsys-tarfile "$0" | tar -x --keep-directory-symlink "$@"'
        command = ["bash", "-o", "pipefail", "-c", script, str(path), *excludes]
        run([*command, "--no-same-owner"], folder=tree)
