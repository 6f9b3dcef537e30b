"""Bringing Asterisk, without the network: which mirror is asked, and when a folder is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.fetch import LEFT_OUT
from testbed.packages import Package, read_printed
from testbed.postgres_tools import named_postgres
from testbed.sources import (
    NoMirrorError,
    Source,
    debian_mirrors,
    machine_mirrors,
    machine_suite,
    parse_deb822,
    parse_one_line,
)
from testbed.tools import ToolsError, named_tools
from testbed.trees import cache_folder, is_complete, write_stamp

ONE_LINE = """\
# deb http://commented.invalid/debian bookworm main
deb http://one.invalid/debian/ bookworm main contrib # the mirror
deb-src http://source.invalid/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg]  http://two.invalid/debian trixie main
deb cdrom:[Debian 12]/ bookworm main
deb http://security.invalid/debian-security bookworm-security main
deb https://third.invalid/apt cloud-sdk-bookworm main
deb https://docker.invalid/linux/debian bookworm stable
deb http://flat.invalid/ ./
"""

DEB822 = """\
Types: deb deb-src
# a comment within
URIs: http://one.invalid/debian
 http://two.invalid/debian/
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://security.invalid/debian-security
Suites: bookworm-security
Components: main

Enabled: no
Types: deb
URIs: http://disabled.invalid/debian
Suites: bookworm
Components: main

Types: deb-src
URIs: http://source.invalid/debian
Suites: bookworm
Components: main

Types: deb
URIs: https://node.invalid/node
Suites: nodistro
Components: main
"""


def test_one_line_sources_name_debian_alone() -> None:
    """Comments, source packages, security, third parties and media are passed over."""
    expected = ("http://one.invalid/debian", "http://two.invalid/debian")
    assert debian_mirrors(parse_one_line(ONE_LINE)) == expected


def test_deb822_sources_name_debian_alone() -> None:
    """Several URIs are several mirrors; the disabled stanza and the others are passed over."""
    expected = ("http://one.invalid/debian", "http://two.invalid/debian")
    assert debian_mirrors(parse_deb822(DEB822)) == expected


def test_an_address_that_says_debian_comes_first() -> None:
    """Another repository may use Debian's names of suites; it is asked last."""
    uris = ("http://packages.invalid/php", "mirror+file:///etc/apt/mirrors/debian.list")
    found = debian_mirrors([Source(uris, ("bookworm",), ("main",))])
    assert found == (uris[1], uris[0])


def test_every_file_of_the_machine_is_read_once(tmp_path: Path) -> None:
    """Both formats count, each mirror once; files that apt ignores are ignored."""
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (tmp_path / "sources.list").write_text(ONE_LINE)
    (parts / "debian.sources").write_text(DEB822)
    (parts / "off.list.disabled").write_text("deb http://off.invalid/debian bookworm main\n")
    expected = ("http://one.invalid/debian", "http://two.invalid/debian")
    assert machine_mirrors(tmp_path) == expected


def test_no_mirror_is_said_with_what_was_looked_for(tmp_path: Path) -> None:
    """The error names the files that were read, and what none of them has."""
    with pytest.raises(NoMirrorError, match="read nothing under"):
        machine_mirrors(tmp_path)
    (tmp_path / "sources.list").write_text("deb https://third.invalid/apt nodistro main\n")
    with pytest.raises(NoMirrorError, match=r"component `main`.*bookworm.*sources\.list"):
        machine_mirrors(tmp_path)


def test_the_closure_is_read_without_what_is_left_out() -> None:
    """Interpreters and account tools are left out; an epoch is written with its colon."""
    printed = (
        "Reading package lists...\n"
        "'http://m.invalid/a.deb' asterisk_1%3a22.10.1-1_amd64.deb 2534036 SHA256:00\n"
        "'http://m.invalid/p.deb' perl-base_5.42.3-1_amd64.deb 1877832 SHA256:00\n"
        "'http://m.invalid/l.deb' libdbus-1-3_1.16.2-8_amd64.deb 100 SHA256:00\n"
    )
    assert read_printed(printed, LEFT_OUT) == (
        Package("asterisk", "1:22.10.1-1", 2534036),
        Package("libdbus-1-3", "1.16.2-8", 100),
    )


def test_only_a_stamped_folder_is_complete(tmp_path: Path) -> None:
    """A folder without a stamp, with half a stamp or with another layout's is brought anew."""
    (tmp_path / "usr/sbin").mkdir(parents=True)
    (tmp_path / "usr/sbin/asterisk").touch()
    assert not is_complete(tmp_path, layout=2)
    stamp = tmp_path / "complete.json"
    for text in ("", '{"layout": 1, "pack', '{"layout": 0}', "[1]"):
        stamp.write_text(text)
        assert not is_complete(tmp_path, layout=2), text
    write_stamp(tmp_path, 2, "forky", (Package("asterisk", "1:22.10.1-1", 1),))
    assert is_complete(tmp_path, layout=2)
    assert '"asterisk": "1:22.10.1-1"' in stamp.read_text()


def test_the_cache_folder_can_be_named(tmp_path: Path) -> None:
    """INTERACT_IVR_CACHE names it; an empty one does not."""
    assert cache_folder({"INTERACT_IVR_CACHE": str(tmp_path)}) == tmp_path
    default = Path.home() / ".cache/interact-ivr"
    assert cache_folder({}) == cache_folder({"INTERACT_IVR_CACHE": ""}) == default


def test_an_asterisk_named_wrongly_is_refused(tmp_path: Path) -> None:
    """The error says where it was looked for."""
    with pytest.raises(ToolsError, match="usr/sbin/asterisk"):
        named_tools(tmp_path)


def test_an_asterisk_of_the_user_is_found_by_its_prefix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Modules and data are found beside it; a version that is too old is refused."""
    _installed(tmp_path, "asterisk", "Asterisk 20.5.2~dfsg")
    _installed(tmp_path, "sipp", "")
    modules = tmp_path / "usr/lib/asterisk/modules"
    data = tmp_path / "usr/share/asterisk"
    modules.mkdir(parents=True)
    (data / "documentation").mkdir(parents=True)
    monkeypatch.setenv("PATH", f"{tmp_path}/usr/sbin", prepend=":")
    tools = named_tools(tmp_path)
    assert (tools.modules, tools.data, tools.version) == (modules, data, "20.5.2")
    assert tools.sipp_command == (f"{tmp_path}/usr/sbin/sipp",)
    _installed(tmp_path, "asterisk", "Asterisk 16.28.0")
    with pytest.raises(ToolsError, match="20 to 22 is needed, this is Asterisk 16"):
        named_tools(tmp_path / "usr/sbin/asterisk")


def _installed(prefix: Path, name: str, says: str) -> None:
    path = prefix / "usr/sbin" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)


def test_the_machine_s_own_suite_is_known(tmp_path: Path) -> None:
    """Quoted or not; without one nothing is guessed."""
    file = tmp_path / "os-release"
    for text in ("ID=debian\nVERSION_CODENAME=bookworm\n", 'VERSION_CODENAME="bookworm"\n'):
        file.write_text(text)
        assert machine_suite(file) == "bookworm"
    file.write_text("ID=alpine\n")
    with pytest.raises(NoMirrorError, match="names no suite"):
        machine_suite(file)


def test_a_postgresql_named_wrongly_is_refused(tmp_path: Path) -> None:
    """The error says which programs are missing where."""
    with pytest.raises(ToolsError, match="has no postgres, initdb"):
        named_postgres(tmp_path)
