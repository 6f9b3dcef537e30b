"""How the service logs: facts as JSON lines on standard error, in colour on a terminal."""

import logging
import sys
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
    return msgspec.json.encode(value, enc_hook=repr).decode()
