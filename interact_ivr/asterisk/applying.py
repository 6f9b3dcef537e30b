"""Carries plans out, step by step; one at a time in a PBX's configuration."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from interact_ivr.asterisk.faults import CannotInstallError
from interact_ivr.asterisk.finding import Place
from interact_ivr.asterisk.hand import Hand, unfinished
from interact_ivr.asterisk.record import Record, file_of, written
from interact_ivr.asterisk.steps import Delete, MakeFolder, Plan, RemoveFolder, Step, Write


@contextmanager
def alone(place: Place) -> Iterator[None]:
    """Keep others from installing here meanwhile.

    Raises:
        CannotInstallError: somebody does.
    """
    opened = os.open(place.etc, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _lock(opened, place)
        yield
    finally:
        os.close(opened)


def _lock(opened: int, place: Place) -> None:
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise CannotInstallError(f"another installation is at work in {place.etc}") from error


def carry_out(place: Place, plan: Plan, hand: Hand, told: Callable[[], None]) -> None:
    """Do what *plan* says; Asterisk is *told* when all is in its place, before the last record.

    Raises:
        CannotInstallError: somebody has changed a file since it was looked at.
        OSError: a step cannot be done. What was done is on record.
    """
    if not place.ours.exists():
        hand.make_folder(place.ours, place.etc, 0o700)
    _note(place, plan.during, hand)
    for step in plan.steps:
        _do(step, hand)
    told()
    if plan.after:
        _note(place, plan.after, hand)
        return
    for file in (unfinished(file_of(place)), file_of(place)):
        if file.exists():
            hand.delete(file)
    hand.remove_folder(place.ours)


def _note(place: Place, record: Record, hand: Hand) -> None:
    hand.write(file_of(place), written(record), 0o600, place.ours)
    hand.put(file_of(place))


def _do(step: Step, hand: Hand) -> None:
    match step:
        case MakeFolder():
            hand.make_folder(step.path, step.like, step.mode)
        case Write():
            _expect(step)
            hand.write(step.path, step.after, step.mode, step.like)
            hand.put(step.path)
        case Delete():
            if step.before is not None:
                _expect(step)
            hand.delete(step.path)
        case RemoveFolder():
            hand.remove_folder(step.path)


def _expect(step: Write | Delete) -> None:
    there = step.path.read_bytes() if step.path.exists() else None
    if there != step.before:
        raise CannotInstallError(f"{step.path} was changed meanwhile: nothing is lost, try again")
