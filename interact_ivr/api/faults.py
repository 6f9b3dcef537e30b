"""What every API may refuse, as facts, and how a dialect says it: one table a dialect, and total.

A dialect's table goes from a kind of refusal to a status and a wording; what is not named there
is said as the nearest kind it is of.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import msgspec
from aiohttp import web

from interact_ivr.domain.errors import BadInput, QuotaReached, Refusal, TooManyAttempts


class NoSuchPath(Refusal):
    """Nothing is served under this path."""

    code = "no_such_path"

    def __init__(self) -> None:
        super().__init__("there is nothing under this path")


class WrongMethod(Refusal):
    """The path is served, by other methods."""

    code = "wrong_method"

    def __init__(self, method: str, allowed: str) -> None:
        super().__init__(f"method: expected {allowed}, got {method}")
        self.allowed = allowed


class NotHttp(Refusal):
    """What came is no request that can be read."""

    code = "not_http"

    def __init__(self, reason: str) -> None:
        super().__init__(f"bad request: {reason}")


class TooLarge(Refusal):
    """The body is larger than any that is taken."""

    code = "too_large"

    def __init__(self, most: int) -> None:
        super().__init__(f"body: expected at most {most} bytes")
        self.most = most


class TooSlow(Refusal):
    """The body did not come in time."""

    code = "too_slow"

    def __init__(self, within: float) -> None:
        super().__init__(f"body: expected within {within:g} seconds")


class NotAccepting(Refusal):
    """No new sessions are taken now; another host may."""

    code = "not_accepting"

    def __init__(self) -> None:
        super().__init__("no new sessions are taken now")


class FromElsewhere(Refusal):
    """A form was sent by another site's page."""

    code = "from_elsewhere"

    def __init__(self) -> None:
        super().__init__("the form was sent by another site's page")


class TooManyStreams(Refusal):
    """No further event stream is begun now."""

    code = "too_many_streams"

    def __init__(self) -> None:
        super().__init__("no further event stream is begun now")


class NoSuchInteraction(Refusal):
    """The operator's registry knows no such interaction."""

    code = "no_such_interaction"

    def __init__(self, interaction: str) -> None:
        super().__init__(f"interaction {interaction!r} was not found")
        self.interaction = interaction


class Broken(Refusal):
    """Something failed that should not; the log says what, under the reference."""

    code = "internal_error"

    def __init__(self, reference: str) -> None:
        super().__init__(f"internal error, reference {reference}")
        self.reference = reference


class Said(msgspec.Struct, frozen=True):
    """How a kind of refusal is said."""

    status: int
    wording: Callable[[Any], str] = str
    headers: Callable[[Any], Mapping[str, str]] = msgspec.field(default=lambda _: {})
    code: str = ""
    """The dialect's own code, where it has any beside the status."""


def allow(refusal: WrongMethod) -> Mapping[str, str]:
    """Say which methods the path has (RFC 9110, 15.5.6)."""
    return {"Allow": refusal.allowed}


def retry_after(refusal: TooManyAttempts | QuotaReached) -> Mapping[str, str]:
    """Say when to come again (RFC 6585, 4)."""
    return {"Retry-After": str(refusal.retry_after)}


@contextmanager
def named(**wire_names: str) -> Iterator[None]:
    """Let a `BadInput` out of the block name its field as who asked wrote it."""
    try:
        yield
    except BadInput as error:
        raise renamed(error, **wire_names) from None


def renamed(error: BadInput, **wire_names: str) -> BadInput:
    """Give *error* with its field named as who asked wrote it."""
    field_name = wire_names.get(error.field, error.field)
    return BadInput(field_name, error.expected, error.got, is_missing=error.is_missing)


Table = Mapping[type[Refusal], Said]


def said(table: Table, refusal: Refusal) -> Said:
    """Find how *refusal* is said, by the nearest kind it is of; KeyError where there is none."""
    return said_of(table, type(refusal))


def said_of(table: Table, kind: type[Refusal]) -> Said:
    """Find how refusals of a *kind* are said."""
    for nearest in kind.__mro__:
        if nearest in table:
            return table[nearest]
    raise KeyError(kind)


class Dialect(Protocol):
    """The form in which an API refuses."""

    def refused(self, refusal: Refusal, reference: str) -> web.Response:
        """Say *refusal*; what is nobody's fault who asked is told by its *reference* only."""
