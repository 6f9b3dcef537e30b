"""How the service logs: facts as JSON lines on standard error, in colour on a terminal."""

import asyncio
import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog


def configure_logging(level: str) -> None:
    """Log from *level* (``info``) on."""
    person = sys.stderr.isatty()
    renderer: Any = (
        structlog.dev.ConsoleRenderer(  # the usual one shows variables, passwords among them
            exception_formatter=structlog.dev.plain_traceback
        )
        if person
        else structlog.processors.JSONRenderer(serializer=_encode)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            *([] if person else [structlog.processors.format_exc_info]),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,  # so that a reload changes the level of every logger
    )


def _encode(value: Any, **_: Any) -> str:
    try:
        return msgspec.json.encode(value, enc_hook=repr).decode()
    except UnicodeEncodeError:  # a path or an argument that is no UTF-8
        return json.dumps(value, default=repr)


_GATHERED_SECONDS = 0.02
_LEVELS: dict[object, int] = {"debug": logging.DEBUG, "info": logging.INFO}


class RequestLines:
    """A line for each request over HTTP: they are many, so they are gathered for an instant."""

    def __init__(self) -> None:
        self._gathered: list[dict[str, object]] = []

    def tell(self, level: int, **facts: object) -> None:
        """Log a request's *facts* at *level*."""
        if not self._gathered:
            asyncio.get_running_loop().call_later(_GATHERED_SECONDS, self.write)
        name = logging.getLevelName(level).lower()
        facts |= {"event": "request", "level": name, "timestamp": datetime.now(UTC)}
        self._gathered.append(facts)

    def write(self) -> None:
        """Write what is gathered: by itself soon, or now, as nothing else will come."""
        gathered, self._gathered = self._gathered, []
        log = structlog.get_logger("http").bind()
        told = [each for each in gathered if log.is_enabled_for(_LEVELS[each["level"]])]
        if sys.stderr.isatty():
            for facts in told:
                log.log(_LEVELS[facts.pop("level")], facts.pop("event"), **facts)
        elif told:
            sys.stderr.write("".join(f"{_encode(facts)}\n" for facts in told))
            sys.stderr.flush()
