"""What a route says of itself, so that a document can say it to programs.

The structs named here are those by which a request is checked and an answer is made.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from interact_ivr.api.faults import Table
from interact_ivr.domain.errors import Refusal

JSON = "application/json"


class Content(msgspec.Struct, frozen=True):
    """What an answer's body is."""

    media: str
    kind: Any = str
    """The type whose schema it has."""


class Answer(msgspec.Struct, frozen=True):
    """One way a request can succeed, or be answered as no refusal is."""

    status: int
    text: str
    content: Content | None = None


class Refusing(msgspec.Struct, frozen=True):
    """How an API refuses."""

    table: Table
    content: Callable[[int], Content]
    """The body by status."""
    headers: Mapping[int, Mapping[str, str]] = msgspec.field(default_factory=dict)
    """What a refusal's headers say, by status and name."""


class Description(msgspec.Struct, frozen=True):
    """What a route takes and gives, beside what its method, path and needs say already."""

    name: str
    """Names it in the programs that are made from the document."""
    summary: str
    answers: tuple[Answer, ...]
    refusing: Refusing
    refuses: tuple[type[Refusal], ...] = ()
    """Beside what every route that needs as much may refuse."""
    asks: type[msgspec.Struct] | None = None
    """The parameters of a GET or DELETE, else the body."""
    body: Content | None = None
    """The body, where it is no JSON."""
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    """What may be sent as well, by name."""


IN_QUERY = frozenset({"GET", "DELETE"})
"""The methods whose requests have no body."""
