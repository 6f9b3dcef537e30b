"""What every request gets: a reference number, a line in the log, an answer in its API's form."""

import itertools
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TypeVar

import msgspec
import structlog
from aiohttp import hdrs, web
from multidict import istr

from interact_ivr.api.connections import REFERENCE_HEADER, SERVER
from interact_ivr.api.faults import Broken, Dialect, NoSuchPath, TooLarge, WrongMethod
from interact_ivr.api.pacing import Pace
from interact_ivr.api.routes import ANSWERED, NEEDS, WHO, Needs, Who
from interact_ivr.api.sources import Sources
from interact_ivr.domain.errors import BadInput, Refusal, StoreUnavailable
from interact_ivr.log import RequestLine, RequestLines

REFERENCE = web.RequestKey("reference", str)
_CONTENT_TYPE_OPTIONS = istr("X-Content-Type-Options")
_NOBODY = Who()
_QUIET = (Needs.NOTHING, Needs.OPERATOR)
"""Probes come every few seconds, and say nothing as long as all is well."""

Answer = TypeVar("Answer", bound=web.StreamResponse)
Raised = TypeVar("Raised", bound=Exception)
Observed = Callable[[str, int, float], None]
"""Hears of each answer: the route's path, the status, the seconds it took."""


def references() -> Iterator[str]:
    """Give numbers under which to find a request in the log: no two alike, in this run or another.

    Random for the run, then counted: they sort as the requests came.
    """
    run = secrets.token_hex(6)
    return (f"{run}-{count:08x}" for count in itertools.count(1))


class Speech(msgspec.Struct, frozen=True):
    """Which dialect is spoken under the paths that begin as *paths* says."""

    paths: re.Pattern[str]
    dialect: Dialect
    absent: Callable[[web.Request, Refusal], Refusal] = lambda _, otherwise: otherwise
    """Says of a request that no route takes why it is not served: there may be a better reason."""
    at: Callable[[str], Dialect] | None = None
    """Gives the dialect for one path, where what is said depends on it."""

    def spoken(self, path: str) -> Dialect:
        """Give the dialect in which what was asked for at *path* is refused."""
        return self.dialect if self.at is None else self.at(path)


def marked(request: web.Request, response: Answer) -> Answer:
    """Give *response* the headers that every answer has."""
    headers = response.headers
    headers[REFERENCE_HEADER] = request[REFERENCE]
    headers[hdrs.SERVER] = SERVER
    headers[_CONTENT_TYPE_OPTIONS] = "nosniff"
    if hdrs.CACHE_CONTROL not in headers:
        headers[hdrs.CACHE_CONTROL] = "no-store"
    return response


def _alone(error: Raised) -> Raised:
    """Have *error* know no frame: one that knows it, too, would stay with all that it has."""
    return error.with_traceback(None)


class Answering:
    """The one middleware: nothing that is answered goes around it."""

    def __init__(
        self,
        speeches: Sequence[Speech],
        sources: Sources,
        body_limit: int,
        observed: Observed,
        calls: Callable[[], int],
        *,
        log_all: bool = True,
    ) -> None:
        """The last of *speeches* is spoken wherever no other one fits; *calls* are there now."""
        self._speeches = speeches
        self._sources = sources
        self._body_limit = body_limit
        self._observed = observed
        self._log_all = log_all
        self._pace = Pace(calls)
        self._references = references()
        self._log = structlog.get_logger("http")
        self._lines = RequestLines()

    @web.middleware
    async def middleware(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Answer *request*."""
        begun = time.perf_counter()
        request[REFERENCE] = next(self._references)
        if not self._pace.begins():
            await self._pace.turn()
        response = await self._answer(request, handler)
        if not response.prepared:
            marked(request, response)
        ended = request.get(ANSWERED) or time.perf_counter()
        self._tell(request, response.status, ended - begun)
        return response

    async def close(self, _: web.Application) -> None:
        """Write the last requests' lines."""
        self._lines.write()

    async def _answer(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        refusal: Refusal
        try:
            if (request.content_length or 0) > self._body_limit:
                raise TooLarge(self._body_limit)
            return await handler(request)
        except Refusal as error:
            refusal = _alone(error)
            if isinstance(error, StoreUnavailable):
                self._failed(request, reason=str(error), cause=repr(error.__cause__))
        except web.HTTPNotFound as error:
            _alone(error)
            refusal = self._absent(request, NoSuchPath())
        except web.HTTPMethodNotAllowed as error:
            _alone(error)
            allowed = ", ".join(sorted(error.allowed_methods))
            refusal = self._absent(request, WrongMethod(error.method, allowed))
        except web.HTTPRequestEntityTooLarge:
            refusal = TooLarge(self._body_limit)
        except web.RequestPayloadError:
            refusal = BadInput("body", "chunks or a coding as the headers say", "something else")
        except ConnectionError:
            raise  # nobody is there to be answered
        except Exception:  # noqa: BLE001  the edge: told by its reference, the log has the rest
            self._failed(request, exc_info=True)
            refusal = Broken(request[REFERENCE])
        response = self.refused(request.rel_url.raw_path, refusal, request[REFERENCE])
        if not request.content.is_eof():  # what is still to come of the body is not waited for
            response.force_close()
        return response

    def refused(self, path: str, refusal: Refusal, reference: str) -> web.Response:
        """Say *refusal* as the API does that *path* belongs to."""
        return self._speech(path).spoken(path).refused(refusal, reference)

    def _absent(self, request: web.Request, otherwise: Refusal) -> Refusal:
        return self._speech(request.path).absent(request, otherwise)

    def _speech(self, path: str) -> Speech:
        for speech in self._speeches[:-1]:
            if speech.paths.match(path):
                return speech
        return self._speeches[-1]

    def _failed(self, request: web.Request, **facts: object) -> None:
        self._log.error("a request failed", reference=request[REFERENCE], **facts)

    def _tell(self, request: web.Request, status: int, seconds: float) -> None:
        resource = request.match_info.route.resource
        self._observed(resource.canonical if resource else "", status, seconds)
        if not self._log_all and status < 400:
            return
        who = request.get(WHO, _NOBODY)
        quiet = status < 400 and request.get(NEEDS) in _QUIET
        self._lines.tell(
            RequestLine(
                request[REFERENCE],
                request.method,
                request.rel_url.raw_path,
                status,
                round(seconds * 1000, 1),
                self._sources.address(request),
                who.environment or None,
                who.user or None,
                level="debug" if quiet else "info",
            )
        )
