"""Gathers what the running service answers: to the command line, to a call, and over HTTP."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec

from interact_ivr.agi.variables import HEALTH
from interact_ivr.config_keys import Config
from interact_ivr.control.client import NotRunning, Refused, ask
from interact_ivr.doctor.facts import PoolNumber, ServiceFacts
from interact_ivr.domain.lifecycle import State

_PATIENCE_SECONDS: Final = 5.0
_MOST_NUMBERS: Final = 20_000
"""Of each application; more are not compared with the Asterisk dialplan."""
_NOT_OURS: Final = (
    "what answers there is not this service, or agi.allow has not this machine's address"
)
_MOST_COMMANDS: Final = 20
_SET: Final = re.compile(rf"{HEALTH}=(\w+)")
_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  what to ask instead
_LENDABLE: Final = frozenset({State.IDLE.value, State.RESTING.value, State.LAPSED.value})
_GENTLY: Final = aiohttp.ClientTimeout(total=_PATIENCE_SECONDS)


def reachable(host: str) -> str:
    """Give an address at which what listens on *host* can be asked."""
    return _EVERYWHERE.get(host, host)


async def asked(config: Config) -> ServiceFacts:
    """Ask the service everything."""
    try:
        status = await _control(config, "status")
    except NotRunning:
        return ServiceFacts(running=False, fault=f"nobody listens on {config.control.socket}")
    except (OSError, Refused) as error:
        return ServiceFacts(running=False, fault=str(error))
    agi_fault, agi_ready = await _health(reachable(config.agi.host), config.agi.port)
    http_fault, missing = await _readyz(config)
    numbers, idle, whole = await _numbers(config)
    return ServiceFacts(
        running=True,
        status=status,
        agi_fault=agi_fault,
        agi_ready=agi_ready,
        http_fault=http_fault,
        missing=missing,
        numbers=numbers,
        idle=idle,
        whole=whole,
    )


async def _control(config: Config, request: str, **arguments: object) -> Any:
    socket = Path(config.control.socket)
    return await asyncio.to_thread(ask, socket, request, arguments, timeout=_PATIENCE_SECONDS)


async def _health(host: str, port: int) -> tuple[str, bool]:
    """Ask as a call does: whether it would be answered. Gives why not, and whether it would."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(_opening(host, port))
                return await _answers(reader, writer)
            finally:
                writer.close()
    except TimeoutError:
        return f"{host}:{port} is silent for {_PATIENCE_SECONDS:g} seconds", False
    except (OSError, ValueError) as error:
        return f"{host}:{port}: {error}", False


def _opening(host: str, port: int) -> bytes:
    """Write what Asterisk opens a session with."""
    facts = {
        "network": "yes",
        "network_script": "health",
        "request": f"agi://{host}:{port}/health",
        "channel": "interact-ivr-doctor",
        "uniqueid": "interact-ivr-doctor",
    }
    return "".join(f"agi_{name}: {value}\n" for name, value in facts.items()).encode() + b"\n"


async def _answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, bool]:
    """Do as one is told, to the end: a call that is gone before would count as one untold."""
    said = ""
    for _ in range(_MOST_COMMANDS):
        command = (await reader.readline()).decode("utf-8", "replace")
        if not command:
            break
        found = _SET.search(command)
        said = found[1] if found else said
        writer.write(b"200 result=1\n")
    return ("", said == "READY") if said else (_NOT_OURS, False)


async def _readyz(config: Config) -> tuple[str, Mapping[str, str]]:
    """Give why HTTP is not answered, and what the service misses."""
    scheme = "https" if config.http.tls_certificate else "http"
    host = reachable(config.http.host)
    where = f"{scheme}://{f'[{host}]' if ':' in host else host}:{config.http.port}/readyz"
    try:
        async with (
            aiohttp.ClientSession(timeout=_GENTLY) as http,
            http.get(where, ssl=False) as answer,  # whose certificate that is, another check looks
        ):
            told = msgspec.json.decode(await answer.read())
        return "", {str(name): str(what) for name, what in told["missing"].items()}
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return f"{where}: {str(error) or type(error).__name__}", {}
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return f"{where}: what answers there is not this service", {}


async def _numbers(
    config: Config,
) -> tuple[Mapping[str, tuple[PoolNumber, ...]] | None, int, bool]:
    """Give the enabled numbers by environment, how many could be lent, and whether that is all."""
    found: dict[str, tuple[PoolNumber, ...]] = {}
    idle, whole = 0, True
    try:
        applications = await _control(config, "application.list")
    except (NotRunning, Refused, OSError):
        return None, 0, True
    for each in applications:
        if each["allocates_from"]:
            continue
        where = {"environment": each["environment"], "application": each["application"]}
        try:
            listed = (await _control(config, "number.list", limit=_MOST_NUMBERS, **where))[
                "numbers"
            ]
        except (NotRunning, Refused, OSError):
            return None, 0, True
        enabled = [number for number in listed if number["enabled"]]
        idle += sum(number["state"] in _LENDABLE for number in enabled)
        whole = whole and len(listed) < _MOST_NUMBERS
        for name in _names(each["environment"], config.environment.default):
            found[name] = (*found.get(name, ()), *_pool(enabled))
    return found, idle, whole


def _names(environment: str, default: str) -> Sequence[str]:
    return (environment, "") if environment == default else (environment,)


def _pool(numbers: Sequence[Mapping[str, Any]]) -> tuple[PoolNumber, ...]:
    return tuple(
        PoolNumber(
            str(each["entered"]),
            "".join(filter(str.isdigit, str(each["number"]))),
            str(each["dnid"] or ""),
        )
        for each in numbers
    )
