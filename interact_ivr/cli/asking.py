"""How a command gets its answer: from the running service, else under the store's lock."""

import functools
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

import click

from interact_ivr.domain.shown import shown_lines

OPTIONS = (
    click.option("--config", metavar="FILE", help="The configuration file."),
    click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs."),
)

environment_option = click.option(
    "--environment", default="", metavar="[TENANT/]NAME", help="Where; else the configured default."
)
application_option = click.option(
    "--application", default="", metavar="NAME", help="The DNIS application; else default."
)


def asking_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options every question has, ``--config`` and ``--json``."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def fail(*faults: str) -> NoReturn:
    """Say why the thing asked failed, and end with exit status 1."""
    for fault in faults:
        click.echo(f"{click.style('error:', fg='red', bold=True)} {shown_lines(fault)}", err=True)
    sys.exit(1)


def warn(*warnings: str) -> None:
    """Say what was done all the same, and why one would rather not."""
    for warning in warnings:
        click.echo(
            f"{click.style('warning:', fg='yellow', bold=True)} {shown_lines(warning)}", err=True
        )


def failing(command: Callable[..., None]) -> Callable[..., None]:
    """End *command* with a sentence and exit status 1 where the administrator can do something."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        import sqlite3

        from dialplan import PlanError
        from interact_ivr.config import ConfigError
        from interact_ivr.domain.errors import BadDialPlan, BadRows, NumbersAllocated, Refusal
        from interact_ivr.stores.migrating import CopyError, SchemaError
        from interact_ivr.stores.sqlite.failures import unavailable
        from interact_ivr.stores.sqlite.lock import StoreHeldError

        try:
            command(*args, **kwargs)
        except (BadDialPlan, BadRows, NumbersAllocated) as error:
            fail(*error.faults)
        except (ConfigError, PlanError) as error:
            fail(*str(error).splitlines())
        except (Refusal, StoreHeldError, SchemaError, CopyError, OSError) as error:
            fail(str(error))
        except sqlite3.Error as error:
            fail(str(unavailable(error)))

    return run


def ask(config_file: str | None, request: str, **arguments: object) -> Any:
    """Give the plain values that answer *request*, or end the command with the reason."""
    return converse(config_file, request, arguments)


def converse(
    config_file: str | None,
    request: str,
    arguments: Mapping[str, object],
    *,
    parts: Iterable[object] = (),
    told: Callable[[Any], None] = lambda _: None,
) -> Any:
    """Ask as `ask` does; *parts* follow the request, what comes before the answer is *told*."""
    import asyncio
    from pathlib import Path

    from interact_ivr.config import config_file as named
    from interact_ivr.config import load_config
    from interact_ivr.control.client import NotRunning, Refused
    from interact_ivr.control.client import ask as ask_service

    config = load_config(named(config_file))
    socket = Path(config.control.socket)
    try:
        return ask_service(socket, request, arguments, parts=parts, told=told)
    except Refused as refused:
        fail(*refused.faults)
    except NotRunning:
        from interact_ivr.app import carry_out
        from interact_ivr.log import configure_logging

        configure_logging("error")  # what the command itself says is not said twice
        return asyncio.run(carry_out(config, request, arguments, parts, told))


def ask_running(config_file: str | None, request: str, **arguments: object) -> Any:
    """Give the running service's answer, or end the command with the reason."""
    from pathlib import Path

    from interact_ivr.config import config_file as named
    from interact_ivr.config import load_config
    from interact_ivr.control.client import NotRunning, Refused
    from interact_ivr.control.client import ask as ask_service

    socket = load_config(named(config_file)).control.socket
    try:
        return ask_service(Path(socket), request, arguments)
    except Refused as refused:
        fail(*refused.faults)
    except NotRunning:
        fail(f"no service listens on {socket}")
