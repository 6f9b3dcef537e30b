"""Configurations of other people's PBXes, as trees of files; and what is in such a tree."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from interact_ivr.asterisk.finding import Place, find
from testbed.samples import bring_samples, copy_samples

NOBODY = 65534
TOUCHED = ("asterisk.conf", "extensions.conf", "http.conf", "ari.conf", "manager.conf")

FREEPBX = {
    "extensions.conf": "#include extensions_additional.conf\n#include extensions_custom.conf\n",
    "extensions_additional.conf": "[globals]\n#include globals_custom.conf\nA=1\n[from-did]\n",
    "extensions_custom.conf": "[from-internal-custom]\nexten => 1,1,NoOp()\n",
    "http.conf": "[general]\n#include http_additional.conf\n#include http_custom.conf\n",
    "http_additional.conf": "enabled=no\nbindport=8089\n",
    "ari.conf": "[general]\nenabled=yes\n#include ari_additional_custom.conf\n",
    "manager.conf": "[general]\nenabled = yes\nport = 5039\nbindaddr = 0.0.0.0\n"
    "#include manager_additional.conf\n#include manager_custom.conf\n",
    "manager_custom.conf": "[other]\r\nsecret=theirs",
    "asterisk.conf": "[directories]\nastagidir => {agi}\n",
}
"""A FreePBX: it keeps `_custom` files only, of which most are not there yet."""

ODD = {
    "extensions.conf": "[general]\r\nstatic=yes\r\n[globals]\r\nA=\xe4",
    "http.conf": "; nothing\n\n",
    "ari.conf": "",
    "manager.conf": "[general]\nenabled=no",
    "asterisk.conf": "[directories](!)\nastagidir => /nowhere\n[directories]\nastagidir => {agi}\n",
}
"""What editors leave: no end of the last line, two kinds of ends, an empty file, a link."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A file or folder of a tree: what it is, whose, with which mode; and when it changed last."""

    content: bytes | str | None
    """A link's target as text; None for a folder."""
    mode: int
    owner: tuple[int, int]
    changed: int

    @classmethod
    def of(cls, path: Path) -> Kept:
        """Look at *path*, not at what it links to."""
        stat = path.lstat()
        content: bytes | str | None = None
        if path.is_symlink():
            content = str(path.readlink())
        elif path.is_file():
            content = path.read_bytes()
        return cls(content, stat.st_mode, (stat.st_uid, stat.st_gid), stat.st_mtime_ns)


def seen(folder: Path) -> dict[str, Kept]:
    """Give all that is in *folder*."""
    return {str(path.relative_to(folder)): Kept.of(path) for path in sorted(folder.rglob("*"))}


def without_times(tree: dict[str, Kept]) -> list[tuple[str, object, int, object]]:
    """Give the same but for when it changed."""
    return [(name, kept.content, kept.mode, kept.owner) for name, kept in tree.items()]


def samples(folder: Path) -> Place:
    """Make a tree of the samples that Asterisk ships, of those that we have to do with."""
    etc, agi = folder / "etc", folder / "agi"
    for each in (etc, agi):
        each.mkdir(parents=True)
    for name in TOUCHED:
        shutil.copy2(bring_samples() / name, etc / name)
    return find(etc, agi)


def all_samples(folder: Path) -> Place:
    """Make a tree of all the samples that Asterisk ships."""
    (folder / "agi").mkdir(parents=True)
    return find(copy_samples(folder / "etc"), folder / "agi")


def freepbx(folder: Path) -> Place:
    """Make a tree like FreePBX's, whose owner is another where we may say so."""
    return _tree(folder, FREEPBX)


def bare(folder: Path) -> Place:
    """Make a tree with no HTTP, ARI or AMI in it, whose asterisk.conf is elsewhere."""
    text = f"[directories]\nastetcdir={folder}/etc\nastdatadir={folder}\n"
    for name in ("etc", "agi-bin", "main"):
        (folder / name).mkdir(parents=True)
    (folder / "main/asterisk.conf").write_text(text)
    (folder / "etc/extensions.conf").write_text("[default]\n")
    return find(folder / "main")


def odd(folder: Path) -> Place:
    """Make a tree as editors leave it: extensions.conf is a link to a file elsewhere."""
    place = _tree(folder, ODD)
    linked, elsewhere = place.etc / "extensions.conf", folder / "elsewhere"
    elsewhere.mkdir()
    shutil.move(linked, elsewhere / "theirs.conf")
    linked.symlink_to("../elsewhere/theirs.conf")
    return place


def _tree(folder: Path, files: dict[str, str]) -> Place:
    etc, agi = folder / "etc", folder / "agi"
    for each in (etc, agi):
        each.mkdir(parents=True)
    for name, text in files.items():
        file = etc / name
        file.write_bytes(text.replace("{agi}", str(agi)).encode("latin-1"))
        file.chmod(0o640)
        if os.geteuid() == 0:
            os.chown(file, NOBODY, NOBODY)
    return find(etc)


TREES: dict[str, Callable[[Path], Place]] = {
    "samples": samples,
    "all samples": all_samples,
    "freepbx": freepbx,
    "odd": odd,
    "bare": bare,
}
