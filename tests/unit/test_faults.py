"""The tables of refusals: every kind is said in every dialect, and nothing is said too much."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

import interact_ivr.house  # noqa: F401  every kind of refusal there is over HTTP
from interact_ivr.api.faults import Broken, Dialect, TooLarge, TooSlow, WrongMethod, said_of
from interact_ivr.api.icws.faults import IcwsDialect
from interact_ivr.api.native.problems import REFUSALS, REFUSING, NativeDialect, Problem, title_of
from interact_ivr.api.rest import RestDialect
from interact_ivr.api.soap.service import SoapDialect
from interact_ivr.domain.errors import (
    AmbiguousDnid,
    BadInput,
    BadRows,
    Refusal,
    StillHeld,
    StoreUnavailable,
    TooManyAttempts,
)

DIALECTS = (
    RestDialect("http://support.example"),
    SoapDialect(),
    IcwsDialect(lambda: ["ivr-2.example"]),
    NativeDialect(),
)
REFERENCE = "0123456789abcdef"
SECRET = "disk I/O error in /var/lib"
FACTS: dict[type[Refusal], tuple[Any, ...]] = {
    BadInput: ("limit", "a whole number", "'x'"),
    BadRows: (["number 1: so", "number 2: so"],),
    AmbiguousDnid: ("0200", ["+1", "+2"]),
    StoreUnavailable: (SECRET,),
    TooManyAttempts: (7,),
    Broken: (REFERENCE,),
    TooLarge: (1024,),
    TooSlow: (10.0,),
    WrongMethod: ("PUT", "GET, POST"),
}


def kinds(of: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    """Give every kind of refusal that there is."""
    for kind in of.__subclasses__():
        yield kind
        yield from kinds(kind)


KINDS = sorted(set(kinds()), key=lambda kind: kind.__name__)


def refusal(kind: type[Refusal]) -> Refusal:
    """Make one of a *kind*, of facts that its constructor takes."""
    if kind in FACTS:
        return kind(*FACTS[kind])
    if kind is StillHeld:
        return StillHeld("a", "+1", "01", ran_out=False)
    code = kind.__init__.__code__
    given = [["x"] if "faults" in name else "x" for name in code.co_varnames[1 : code.co_argcount]]
    return kind(*given)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: type(dialect).__name__)
def test_every_refusal_is_said_in_every_dialect(dialect: Dialect, kind: type[Refusal]) -> None:
    """With a status that is an error's, and never with what the store's driver said."""
    response = dialect.refused(refusal(kind), REFERENCE)
    assert 400 <= response.status < 600
    assert isinstance(response.body, bytes)
    assert SECRET not in response.body.decode()
    if response.status >= 500 and not isinstance(dialect, SoapDialect):
        assert REFERENCE in response.body.decode()


def problem_of(kind: type[Refusal]) -> dict[str, Any]:
    """Say a refusal of *kind* as a problem."""
    body = NativeDialect().refused(refusal(kind), REFERENCE).body
    assert isinstance(body, bytes)
    problem: dict[str, Any] = msgspec.json.decode(body)
    return problem


@pytest.mark.parametrize("kind", KINDS)
def test_every_refusal_is_a_problem_of_its_own(kind: type[Refusal]) -> None:
    """With its code, its title and the reference; the status of the body is that of the answer."""
    response = NativeDialect().refused(refusal(kind), REFERENCE)
    assert isinstance(response.body, bytes)
    problem = msgspec.json.decode(response.body, type=Problem)
    assert (problem.status, problem.code) == (response.status, kind.code)
    assert (problem.title, problem.reference) == (title_of(kind), REFERENCE)
    assert response.content_type == "application/problem+json"


def test_each_kind_has_a_code_and_a_row() -> None:
    """No two kinds share a code; the native table names each, or the kind that it is of."""
    assert len({kind.code for kind in KINDS}) == len(KINDS)
    assert Refusal not in REFUSALS
    for kind in KINDS:
        assert said_of(REFUSALS, kind).status


def test_a_refusal_has_the_headers_that_the_document_says() -> None:
    """Those of RFC 9110 and RFC 6750."""
    said: dict[int, set[str]] = {}
    for kind in KINDS:
        response = NativeDialect().refused(refusal(kind), REFERENCE)
        own = {"WWW-Authenticate", "Retry-After", "Allow"} & set(response.headers)
        said.setdefault(response.status, set()).update(own)
    assert said.pop(405) == {"Allow"}
    documented = {status: set(headers) for status, headers in REFUSING.headers.items()}
    assert {status: names for status, names in said.items() if names} == documented


def test_a_problem_has_the_members_of_its_kind() -> None:
    """A field's are those of a wrong field, faults those of several things that are wrong."""
    common = set(problem_of(StoreUnavailable))
    assert set(problem_of(BadInput)) - common == {"field", "expected", "got"}
    assert set(problem_of(BadRows)) - common == {"faults"}
