"""Where an Asterisk keeps its configuration and its AGI programs, and whether it is FreePBX's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from interact_ivr.asterisk.conf import Conf, read
from interact_ivr.asterisk.faults import CannotInstallError

ETC = ("/etc/asterisk", "/usr/local/etc/asterisk", "/opt/asterisk/etc/asterisk")
AGI_BIN = ("/usr/share/asterisk/agi-bin", "/var/lib/asterisk/agi-bin")
FREEPBX = "extensions_additional.conf"
"""Written anew by FreePBX at each change, as most of its files: only `_custom` ones are kept."""
CUSTOM = {
    "extensions.conf": "extensions_custom.conf",
    "http.conf": "http_custom.conf",
    "ari.conf": "ari_additional_custom.conf",
    "manager.conf": "manager_custom.conf",
}


class Place(msgspec.Struct, frozen=True):
    """An Asterisk, by its folders."""

    etc: Path
    agi_bin: Path
    main: Path
    """Its asterisk.conf, which need not be there."""
    is_freepbx: bool

    @property
    def ours(self) -> Path:
        """The folder of the record and the backups; there while anything of ours may be."""
        return self.etc / "interact-ivr"

    def line_goes_to(self, base: str) -> Path:
        """Give the file in which a line for *base* stands: itself, or FreePBX's custom one.

        A link is followed.

        Raises:
            CannotInstallError: FreePBX writes *base* anew, and it includes no custom file.
        """
        if not self.is_freepbx:
            return (self.etc / base).resolve()
        custom = CUSTOM[base]
        if custom not in read(self.etc, base).included:
            raise CannotInstallError(f"{self.etc / base} is FreePBX's and includes no {custom}")
        return (self.etc / custom).resolve()


def find(etc: Path | None, agi_bin: Path | None = None) -> Place:
    """Find the Asterisk whose asterisk.conf is in *etc*, or in one of the usual places.

    Raises:
        CannotInstallError: there is none, or its AGI programs' folder is not known.
        OSError: what is there cannot be read.
    """
    tried = [etc] if etc else [Path(each) for each in ETC]
    at = next((each for each in tried if (_etc(each) / "extensions.conf").exists()), None)
    if at is None:
        raise CannotInstallError(
            f"no extensions.conf in {', '.join(map(str, tried))}: --etc names Asterisk's folder"
        )
    folder, main = _etc(at), read(at, "asterisk.conf")
    agi = next((each for each in _agi_folders(main, agi_bin) if each.is_dir()), None)
    if agi is None:
        raise CannotInstallError(
            f"{at}/asterisk.conf names no folder of AGI programs that is there: --agi-bin does"
        )
    is_freepbx = FREEPBX in read(folder, "extensions.conf").included
    return Place(folder, agi.absolute(), at.absolute() / "asterisk.conf", is_freepbx)


def _etc(at: Path) -> Path:
    """Give where the other files are, if asterisk.conf is *at*: there, unless it says otherwise."""
    return Path(read(at, "asterisk.conf").value("directories", "astetcdir") or at).absolute()


def _agi_folders(main: Conf, given: Path | None) -> Iterator[Path]:
    """Give where AGI programs may be: as given, as asterisk.conf says, or as Asterisks are built.

    What is named and is not there is an error, not a reason to look elsewhere.
    """
    named = main.value("directories", "astagidir")
    data = main.value("directories", "astdatadir")
    if given:
        yield given
    elif named:
        yield Path(named)
    elif data:
        yield Path(data) / "agi-bin"
    else:
        yield from map(Path, AGI_BIN)
