"""The steps for one file: of ours, or another's with lines of ours; each kept, written or gone."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from interact_ivr.asterisk.finding import Place
from interact_ivr.asterisk.hand import unfinished
from interact_ivr.asterisk.marked import is_anothers, names_of_lines, with_line, without_lines
from interact_ivr.asterisk.record import Record, file_of
from interact_ivr.asterisk.steps import Delete, RemoveFolder, Step, Write
from interact_ivr.asterisk.wanted import Line, OwnFile, Wanted


def is_edited(path: Path, old: Record, want: Wanted) -> bool:
    """Whether at the *path* of a file of ours stands what neither we wrote nor *want* says."""
    content = _content(path)
    if content is None or old.is_ours(path, content) or old.was_there(path, content):
        return False
    return content not in {each.content for each in want.files if each.path == path}


def changed_own(
    place: Place, path: Path, own: OwnFile | None, old: Record, force: bool
) -> Iterator[Step]:
    """Bring *own* to *path*; without one take away what we wrote, for what was there before.

    What we have not written is saved first; where nothing is to come, it stays without *force*.
    """
    content = _content(path)
    if own is not None:
        if content != own.content:
            if content is not None and not old.is_ours(path, content):
                yield from _saved(place, path, content)
            yield Write(path, content, own.content, own.mode, own.like, own.secret)
    elif content is not None and not old.was_there(path, content):
        if not force and not old.is_ours(path, content):
            return
        before = _content(_backup(place, path)) if str(path) in old.replaced else None
        if before is None:
            yield Delete(path, content)
        else:
            yield Write(path, content, before, None, _backup(place, path))


def changed_lines(place: Place, path: Path, lines: Sequence[Line], old: Record) -> Iterator[Step]:
    """Have another's file include what *lines* say and nothing else of ours.

    One that we have made goes where nothing else is in it any more.
    """
    before = _content(path)
    after = before or b""
    names = [line.name for line in lines if not is_anothers(after, line.name)]
    if names != names_of_lines(after):
        after = functools.reduce(with_line, names, without_lines(after))
    if before is not None and not lines and old.lines.get(str(path)) and not after.strip():
        yield Delete(path, before)
    elif after != (before or b""):
        if before is not None and lines:
            yield from _saved(place, path, before)
        like = path if before is not None else lines[0].like
        yield Write(path, before, after, None, like)


def leftovers(paths: Iterable[Path]) -> Iterator[Step]:
    """Take away what somebody was writing when they were interrupted."""
    for path in paths:
        if unfinished(path).exists():
            yield Delete(unfinished(path), None)


def swept(place: Place) -> Iterator[Step]:
    """Empty our folder but for the record, which is written first and goes last."""
    record = (file_of(place), unfinished(file_of(place)))
    for path in sorted(place.ours.rglob("*"), reverse=True):
        if path.is_dir():
            yield RemoveFolder(path)
        elif path not in record:
            yield Delete(path, None)


def _backup(place: Place, path: Path) -> Path:
    return place.ours / "backup" / path.name


def _saved(place: Place, path: Path, content: bytes) -> Iterator[Step]:
    """Keep what is there, once: as it was before we came."""
    if not _backup(place, path).exists():
        yield Write(_backup(place, path), None, content, None, path)


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None
