"""The tables of README.md that the code knows: `make docs` writes, `make lint` compares them."""

from collections.abc import Iterable, Sequence

from interact_ivr.agi.detail_variables import PREFIX, Detail
from interact_ivr.agi.variables import Variable
from interact_ivr.config import keys
from interact_ivr.domain.lifecycle import MOVES, Event, Move, State
from interact_ivr.domain.values import Status


def statuses() -> str:
    """Give the values of INTERACT_STATUS and what they mean."""
    return table(("`INTERACT_STATUS`", "meaning"), ((f"`{one}`", one.meaning) for one in Status))


def variables() -> str:
    """Give the channel variables that a retrieval fills."""
    rows = ((f"`{one}`", one.meaning) for one in Variable)
    return table(("channel variable", "holds"), rows)


def details() -> str:
    """Give the channel variables that tell what a number is."""
    rows = ((f"`{PREFIX}_{one}`", one.meaning) for one in Detail)
    return table(("channel variable", "holds"), rows)


def configuration() -> str:
    """Give every key of the configuration file."""
    return table(("key", "what", "expected", "default"), map(_configuration_row, keys()))


def moves() -> str:
    """Give the table of a number's life: states down, events across."""
    headings = ("state", *(event.name.lower() for event in Event))
    rows = (
        (f"**{state.value}**", *(_move(MOVES[state, event]) for event in Event)) for state in State
    )
    return table(headings, rows)


def _configuration_row(key: tuple[str, object, str, str]) -> tuple[str, ...]:
    name, default, title, expected = key
    return f"`{name}`", title, expected, f"`{default}`"


def _move(move: Move) -> str:
    return "-" if move is Move.NOTHING else move.name.lower().replace("_", " ")


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
