"""What leads to an installation, and back: plans, from what is on record and what is on disk.

Both are looked at anew each time, so a plan that was interrupted is finished by the next one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from interact_ivr.asterisk.changing import changed_lines, changed_own, is_edited, leftovers, swept
from interact_ivr.asterisk.faults import CannotInstallError
from interact_ivr.asterisk.finding import Place
from interact_ivr.asterisk.record import Phase, Record, digest, read_record
from interact_ivr.asterisk.steps import MakeFolder, Plan, RemoveFolder, Step
from interact_ivr.asterisk.wanted import Choice, Line, OwnFile, Wanted, wanted


def to_install(place: Place, choice: Choice, *, force: bool = False) -> Plan:
    """Plan what brings *choice* to *place*, and takes away what is ours and not wanted any more.

    Raises:
        CannotInstallError: a file of ours was edited, or another's is in its place, and no *force*.
        OSError: what is there cannot be read.
    """
    old = read_record(place) or Record()
    want = _without_anothers(wanted(place, choice), old)
    after = _record(choice, want, old)
    steps = (*_steps(place, want, old, force=force),)
    edited = [path for path in _own_paths(old, want) if is_edited(path, old, want)]
    if edited and not force:
        raise CannotInstallError(
            *(f"{path} is not as we wrote it: --force replaces it" for path in edited)
        )
    return Plan(_during(old, after), steps, after)


def to_remove(place: Place, *, force: bool = False) -> Plan:
    """Plan what takes all away that is on record; an edited file of ours stays without *force*."""
    old = read_record(place) or Record()
    during = replace(old, phase=Phase.REMOVING)
    kept = [path for path in _own_paths(old, Wanted()) if is_edited(path, old, Wanted())]
    steps = (*_steps(place, Wanted(), old, force=force),)
    if kept and not force:
        own = {str(path): old.own[str(path)] for path in kept}
        return Plan(during, steps, replace(during, own=own, lines={}), tuple(kept))
    folders = (RemoveFolder(Path(each)) for each in reversed(old.folders))
    return Plan(during, (*steps, *folders, *swept(place)), None)


def _steps(place: Place, want: Wanted, old: Record, *, force: bool) -> Iterator[Step]:
    """Give the steps: our files come before the lines that include them, and go behind them."""
    wanted_own = {each.path: each for each in want.files}
    goes = [path for path in _own_paths(old, want) if path not in wanted_own]
    lines: dict[Path, list[Line]] = {Path(path): [] for path in old.lines}
    for line in want.lines:
        lines.setdefault(line.file, []).append(line)
    changes = [
        *(step for own in want.files for step in changed_own(place, own.path, own, old, force)),
        *(step for path, names in lines.items() for step in changed_lines(place, path, names, old)),
        *(step for path in goes for step in changed_own(place, path, None, old, force)),
    ]
    yield from leftovers([*_own_paths(old, want), *lines])
    yield from _folders(want)
    backup = place.ours / "backup"
    if any(backup in step.path.parents for step in changes) and not backup.exists():
        yield MakeFolder(backup, place.etc, 0o700)
    yield from changes


def _own_paths(old: Record, want: Wanted) -> list[Path]:
    return [*dict.fromkeys((*map(Path, old.own), *(each.path for each in want.files)))]


def _without_anothers(want: Wanted, old: Record) -> Wanted:
    """Leave out files that are there as they should be and are another's: they stay theirs."""

    def is_anothers(file: OwnFile) -> bool:
        there = file.path.exists() and file.path.read_bytes() == file.content
        return there and str(file.path) not in old.own

    return replace(want, files=tuple(each for each in want.files if not is_anothers(each)))


def _record(choice: Choice, want: Wanted, old: Record) -> Record:
    """Say what is ours once *want* is there."""
    own = {str(each.path): (digest(each.content),) for each in want.files}
    there = (each.path for each in want.files if each.path.exists())
    were = {str(path): digest(path.read_bytes()) for path in there if str(path) not in old.own}
    lines = {str(each.file): not each.file.exists() for each in want.lines}
    return Record(
        Phase.INSTALLED,
        choice,
        own,
        {path: kept for path, kept in {**were, **old.replaced}.items() if path in own},
        {path: old.lines.get(path, made) for path, made in lines.items()},
        (*dict.fromkeys((*old.folders, *map(str, _missing(want)))),),
    )


def _during(old: Record, after: Record) -> Record:
    """Say what may be ours until *after* is reached."""
    paths = dict.fromkeys((*old.own, *after.own))
    both = {path: (*old.own.get(path, ()), *after.own.get(path, ())) for path in paths}
    return replace(
        after,
        phase=Phase.INSTALLING,
        own={path: tuple(dict.fromkeys(digests)) for path, digests in both.items()},
        replaced={**after.replaced, **old.replaced},
        lines={**old.lines, **after.lines},
    )


def _missing(want: Wanted) -> list[Path]:
    """Give the folders that are to be made, each behind the one that it is in."""
    needed = dict.fromkeys(each.path.parent for each in want.files)
    above = (path for folder in needed for path in (*reversed(folder.parents), folder))
    return [path for path in dict.fromkeys(above) if not path.exists()]


def _folders(want: Wanted) -> Iterator[Step]:
    for path in _missing(want):
        yield MakeFolder(path, path.parent, 0o755)
