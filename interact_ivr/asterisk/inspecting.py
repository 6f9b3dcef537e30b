"""How it stands with an installation: what is there, what is missing, what an end would bring."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from interact_ivr.asterisk.faults import CannotInstallError
from interact_ivr.asterisk.finding import Place
from interact_ivr.asterisk.planning import to_install, to_remove
from interact_ivr.asterisk.record import Phase, Record, read_record
from interact_ivr.asterisk.steps import Delete, MakeFolder, Plan, RemoveFolder, Step, Write
from interact_ivr.asterisk.talking import AsteriskError, Console
from interact_ivr.asterisk.wanted import wanted


class State(StrEnum):
    """How it stands; a sentence says what to do."""

    ABSENT = "not installed"
    WHOLE = "installed"
    CHANGED = "installed, and changed since"
    BEGUN = "installation begun and not finished"
    LEAVING = "removal begun and not finished"

    @property
    def advice(self) -> str:
        """Say what to do."""
        install = "`interact-ivr asterisk install`"
        return {
            State.ABSENT: f"{install} does",
            State.WHOLE: "",
            State.CHANGED: f"{install} mends it",
            State.BEGUN: f"{install} finishes it, `interact-ivr asterisk remove` takes it back",
            State.LEAVING: f"`interact-ivr asterisk remove` finishes it, {install} turns it back",
        }[self]


class Standing(msgspec.Struct, frozen=True):
    """What was found."""

    state: State
    missing: tuple[str, ...] = ()
    """What is still to be done, a sentence each."""
    not_loaded: str = ""
    """Why Asterisk cannot be said to have it loaded."""

    @property
    def is_well(self) -> bool:
        """Whether all is there, and loaded."""
        return self.state is State.WHOLE and not self.not_loaded


def inspect(place: Place, console: Console | None) -> Standing:
    """Compare what is there with what was chosen; ask Asterisk, if there is a *console*.

    Raises:
        CannotInstallError: the record cannot be understood.
        OSError: what is there cannot be read.
    """
    record = read_record(place)
    if record is None:
        return Standing(State.BEGUN if place.ours.exists() else State.ABSENT)
    if record.phase is Phase.REMOVING:
        plan = to_remove(place)
        kept = (f"{path} is not as we wrote it: remove --force takes it" for path in plan.kept)
        return Standing(State.LEAVING, (*kept, *_told(place, plan)))
    try:
        missing = (*_told(place, to_install(place, record.choice)),)
    except CannotInstallError as error:
        missing = error.faults
    if record.phase is Phase.INSTALLING:
        return Standing(State.BEGUN, missing)
    state = State.CHANGED if missing else State.WHOLE
    return Standing(state, missing, _not_loaded(place, record, console))


def _not_loaded(place: Place, record: Record, console: Console | None) -> str:
    try:
        if console:
            console.prove(wanted(place, record.choice).proofs)
    except (AsteriskError, CannotInstallError) as error:
        return str(error)
    return ""


def _told(place: Place, plan: Plan) -> Iterator[str]:
    for step in plan.steps:
        if not step.path.is_relative_to(place.ours):
            yield _sentence(step)


def _sentence(step: Step) -> str:
    match step:
        case MakeFolder():
            return f"{step.path} is missing"
        case RemoveFolder():
            return f"{step.path} is still there"
        case Write():
            return f"{step.path} is {'missing' if step.before is None else 'not as it should be'}"
        case Delete():
            return f"{step.path} is still there"
