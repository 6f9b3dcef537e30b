"""A plan: the steps that lead from what is there to what shall be. Values; nothing is done here."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from interact_ivr.asterisk.record import Record

_SECRET = re.compile(r"(?im)^(\s*\w*(?:password|secret|md5_cred)\s*=>?\s*).+")


class MakeFolder(msgspec.Struct, frozen=True):
    """A folder of ours."""

    path: Path
    like: Path
    mode: int


class Write(msgspec.Struct, frozen=True):
    """A file gets a content; *before* is None where there is none yet.

    Without a mode its mode and all else is as *like*'s.
    """

    path: Path
    before: bytes | None
    after: bytes
    mode: int | None
    like: Path
    secret: str = ""


class Delete(msgspec.Struct, frozen=True):
    """A file goes; *before* is None where whatever is in it may go."""

    path: Path
    before: bytes | None


class RemoveFolder(msgspec.Struct, frozen=True):
    """A folder of ours goes, if nothing of others' is in it."""

    path: Path


Step = MakeFolder | Write | Delete | RemoveFolder


class Plan(msgspec.Struct, frozen=True):
    """*during* is on record before the first step, *after* behind the last; None: nothing is."""

    during: Record
    steps: tuple[Step, ...]
    after: Record | None
    kept: tuple[Path, ...] = ()
    """Files of ours that somebody has edited, and that stay for it."""


def diff(plan: Plan, ours: Path) -> Iterator[str]:
    """Give the lines of a unified diff, without secrets and without what is put into *ours*."""
    for step in plan.steps:
        if isinstance(step, Write | Delete) and not step.path.is_relative_to(ours):
            yield from _diff(step)


def _diff(step: Write | Delete) -> Iterator[str]:
    after, secret = (step.after, step.secret) if isinstance(step, Write) else (None, "")
    old, new = _lines(step.before, secret), _lines(after, secret)
    if step.path.name.endswith(("-password", "-secret")):
        old, new = ["********"] * bool(old), ["********"] * bool(new)
    names = (
        "/dev/null" if step.before is None else str(step.path),
        "/dev/null" if after is None else str(step.path),
    )
    yield from difflib.unified_diff(old, new, *names, lineterm="")


def _lines(content: bytes | None, secret: str) -> list[str]:
    """Give a file's lines; the administrator's own secrets may stand around ours."""
    text = _SECRET.sub(r"\1********", (content or b"").decode("utf-8", errors="replace"))
    return (text.replace(secret, "********") if secret else text).splitlines()
