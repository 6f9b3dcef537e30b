"""The picture of a number's life, drawn from the table that the service lives by.

`docs/states.svg` is written by `make docs`; an arrow is there because a row of the table is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from interact_ivr.domain.lifecycle import MOVES, Move, State

LEADS_TO = {
    Move.LEND: State.ALLOCATED,
    Move.LEND_EARLY: State.ALLOCATED,
    Move.RENEW: State.ALLOCATED,
    Move.HAND_OVER: State.RESTING,
    Move.END: State.RESTING,
    Move.RECORD_EXPIRY: State.RESTING,
}
"""What a number is behind a move; behind NOTHING it is what it was."""
BY_TIME = {
    (State.ALLOCATED, State.LAPSED): "nobody calls within the hold",
    (State.RESTING, State.IDLE): "it has rested",
}
AT = {
    State.IDLE: (130, 90),
    State.ALLOCATED: (480, 90),
    State.LAPSED: (830, 90),
    State.RESTING: (480, 350),
}
"""The middle of each box."""
HALF_WIDTH, HALF_HEIGHT = 80, 26
LINE = 18
"""From one line of text to the next."""
DRAWN = {
    (State.IDLE, State.ALLOCATED): ("M210 90H398", (304, 78, "middle")),
    (State.IDLE, State.RESTING): ("M112 116V340H398", (126, 330, "start")),
    (State.RESTING, State.IDLE): ("M400 358H60V118", (230, 378, "middle")),
    (State.RESTING, State.RESTING): ("M456 376c0 40 48 40 48 2", (480, 424, "middle")),
    (State.RESTING, State.ALLOCATED): ("M500 324V118", (512, 230, "start")),
    (State.ALLOCATED, State.RESTING): ("M460 116V322", (448, 190, "end")),
    (State.ALLOCATED, State.ALLOCATED): ("M456 64c0 -40 48 -40 48 -2", (480, 26, "middle")),
    (State.ALLOCATED, State.LAPSED): ("M560 90H748", (654, 78, "middle")),
    (State.LAPSED, State.RESTING): ("M830 116V350H562", (818, 220, "end")),
}
"""The way of each arrow, and where its first line is written; one that is missing is an error."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """From a state to another, or back to it, and what it says."""

    origin: State
    target: State
    lines: tuple[str, ...]
    by_time: bool = False


def arrows() -> list[Arrow]:
    """Give all arrows, one for each pair of states, each with what leads along it."""
    found: dict[tuple[State, State], list[str]] = {}
    for (state, event), move in MOVES.items():
        if move is not Move.NOTHING:
            lines = found.setdefault((state, LEADS_TO[move]), [])
            lines.append(f"{_words(event.name)}: {_words(move.name)}")
    moved = [Arrow(*pair, tuple(lines)) for pair, lines in found.items()]
    return moved + [Arrow(*pair, (text,), by_time=True) for pair, text in BY_TIME.items()]


def picture() -> str:
    """Give what the SVG consists of; raises KeyError for an arrow that has no place in it."""
    return "\n".join([*map(_box, State), *(line for each in arrows() for line in _drawn(each))])


def _words(name: str) -> str:
    return name.lower().replace("_", " ")


def _box(state: State) -> str:
    x, y = AT[state]
    return (
        f'  <rect x="{x - HALF_WIDTH}" y="{y - HALF_HEIGHT}" width="{2 * HALF_WIDTH}" '
        f'height="{2 * HALF_HEIGHT}" rx="8" fill="#e0f2fe" stroke="#0284c7"/>\n'
        f'  <text x="{x}" y="{y + 5}" text-anchor="middle" font-weight="600" fill="#0c4a6e">'
        f"{state.value}</text>"
    )


def _drawn(arrow: Arrow) -> Iterator[str]:
    """Give an arrow's path, and each line of its text."""
    path, (x, y, anchor) = DRAWN[arrow.origin, arrow.target]
    dashes = ' stroke-dasharray="5 5"' if arrow.by_time else ""
    yield f'  <path d="{path}"{dashes}/>'
    for number, line in enumerate(arrow.lines):
        at = f'x="{x}" y="{y + LINE * number}" text-anchor="{anchor}"'
        yield f'  <text {at} font-size="13" fill="#1e293b">{line}</text>'
