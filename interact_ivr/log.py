"""How the service logs: facts as JSON lines on standard error, in colour on a terminal."""

import asyncio
import io
import json
import logging
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Literal, TextIO, cast

import msgspec
import structlog
from structlog.typing import EventDict, ExcInfo

from interact_ivr.domain.shown import harmless_json, shown_lines


class _Stderr(io.TextIOBase):
    """Standard error, on which nothing depends: what cannot be written there is lost.

    A full disk or a collector that has gone would else end whatever had something to say.
    """

    def write(self, text: str) -> int:
        """Write *text*, or lose it."""
        with suppress(OSError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        """Have it written, or lost."""
        with suppress(OSError):
            sys.stderr.flush()


_STDERR: Final = cast(TextIO, _Stderr())  # structlog asks for no more than writing


def configure_logging(level: str) -> None:
    """Log from *level* (``info``) on."""
    person = sys.stderr.isatty()
    renderer: Any = (
        structlog.dev.ConsoleRenderer(  # the usual one shows variables, passwords among them
            exception_formatter=_traceback
        )
        if person
        else structlog.processors.JSONRenderer(serializer=_encode)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,  # which call it is: who logs need not know
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            _harmless if person else structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.WriteLoggerFactory(file=_STDERR),
        cache_logger_on_first_use=False,  # so that a reload changes the level of every logger
    )


def _harmless(_logger: object, _method: str, facts: EventDict) -> EventDict:
    """Take from texts what would do something on a terminal: others have written some of them."""
    return {
        name: shown_lines(value) if isinstance(value, str) else value
        for name, value in facts.items()
    }


def _traceback(out: TextIO, failure: ExcInfo) -> None:
    text = io.StringIO()
    structlog.dev.plain_traceback(text, failure)
    out.write(shown_lines(text.getvalue()))


def _encode(value: Any, **_: Any) -> str:
    try:
        return harmless_json(msgspec.json.encode(value, enc_hook=repr).decode())
    except UnicodeEncodeError:  # a path or an argument that is no UTF-8
        return json.dumps(value, default=repr)


_GATHERED_SECONDS = 0.02
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO}


class RequestLine(msgspec.Struct, gc=False):
    """What a request's line tells."""

    reference: str
    method: str
    path: str
    status: int
    ms: float
    source: str
    environment: str | None
    user: str | None
    level: Literal["debug", "info"]
    event: str = "request"
    timestamp: datetime = msgspec.field(default_factory=partial(datetime.now, UTC))


class RequestLines:
    """A line for each request over HTTP: they are many, so they are gathered for an instant."""

    def __init__(self) -> None:
        self._gathered: list[RequestLine] = []

    def tell(self, line: RequestLine) -> None:
        """Log *line* soon."""
        if not self._gathered:
            asyncio.get_running_loop().call_later(_GATHERED_SECONDS, self.write)
        self._gathered.append(line)

    def write(self) -> None:
        """Write what is gathered: by itself soon, or now, as nothing else will come."""
        gathered, self._gathered = self._gathered, []
        log = structlog.get_logger("http").bind()
        told = [line for line in gathered if log.is_enabled_for(_LEVELS[line.level])]
        if sys.stderr.isatty():
            for line in told:
                facts = msgspec.structs.asdict(line)
                log.log(_LEVELS[facts.pop("level")], facts.pop("event"), **facts)
        elif told:
            _STDERR.write(_lines(told))
            _STDERR.flush()


def _lines(told: Sequence[RequestLine]) -> str:
    try:
        return harmless_json(_ENCODER.encode_lines(told).decode())
    except UnicodeEncodeError:  # a path that is no UTF-8
        return "".join(f"{_encode(msgspec.to_builtins(line))}\n" for line in told)


_ENCODER: Final = msgspec.json.Encoder()
