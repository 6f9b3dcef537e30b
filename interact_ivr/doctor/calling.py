"""Places a test call through a PBX: an idle number is lent, dialed from inside, and freed again.

The call comes in by a Local channel in the inbound context, as a trunk's would, and hangs up as
soon as it is told whose it is. What the Asterisk dialplan does with a call that is FOUND, it does
with this one for as long, too: an agent's phone may ring for an instant.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from interact_ivr.ami.session import Account, AmiLost, AmiRefused, logged_in
from interact_ivr.ari.client import Access, AriError, Client
from interact_ivr.config_keys import Config
from interact_ivr.config_pbx import PbxConfig, secret, trust
from interact_ivr.control.client import NotRunning, Refused, ask
from interact_ivr.doctor.checks_dialplan import dialed_as
from interact_ivr.doctor.command_line import CommandLine, CommandLineError
from interact_ivr.doctor.facts import Facts, PbxFacts
from interact_ivr.doctor.finding import Finding
from interact_ivr.doctor.kinds import Found, Kind, Severity

_PATIENCE_SECONDS: Final = 5.0
_TOLD_SECONDS: Final = 10.0
_CALL_SECONDS: Final = 5
"""How long the calling half waits before it hangs up by itself."""
_RETRIEVED: Final = "retrieved"
_NOBODY: Final = "nobody"

Confirm = Callable[[str, str], bool]
"""Asks people whether a number may be dialed on a PBX."""


class _Lent(msgspec.Struct, frozen=True):
    """What is lent to the test."""

    interaction: str
    environment: str
    number: str
    entered: str
    allocation: str


async def called(
    facts: Facts, findings: Sequence[Finding], command_line: CommandLine, confirm: Confirm
) -> Sequence[Finding]:
    """Place a call on each PBX, and say what came of it; none where a problem is known already."""
    config = facts.config
    problems = [each.code for each in findings if each.severity is Severity.PROBLEM]
    if config is None or problems:
        why = f"because of {problems[0]}"
        return [Finding("call", "", "not_looked_at", Severity.NOT_LOOKED_AT, why)]
    return [await _called(config, each, command_line, confirm) for each in facts.pbxes]


async def _called(
    config: Config, pbx: PbxFacts, command_line: CommandLine, confirm: Confirm
) -> Finding:
    context, environment = next(iter(pbx.config.contexts.items()), ("", ""))
    try:
        async with _lent(config, environment) as lent:
            dialed = dialed_as(pbx.dialplan, context, lent.number, lent.entered)
            if not confirm(lent.entered, pbx.name):
                return _said(pbx, Kind.CALL_NOT_PLACED("it was not wanted"))
            return await _told(config, pbx, command_line, lent, f"Local/{dialed}@{context}")
    except NotRunning:
        return _said(pbx, Kind.CALL_NOT_PLACED("no service runs"))
    except (Refused, OSError) as error:
        return _said(pbx, Kind.CALL_NOT_PLACED(f"no number could be lent: {error}"))


async def _told(
    config: Config, pbx: PbxFacts, command_line: CommandLine, lent: _Lent, channel: str
) -> Finding:
    """Place the call, and wait until the journal says that it was told."""
    refused = []
    for place in (
        partial(_over_ami, pbx.config),
        partial(_over_ari, pbx.config),
        partial(_by_command_line, command_line),
    ):
        try:
            hang_up = await place(channel)
        except (AmiLost, AmiRefused, AriError, CommandLineError) as error:
            refused.append(str(error))
            continue
        was_told = await _is_told(config, lent)
        await hang_up()
        if was_told:
            told = (
                f"a call to {lent.entered} over {channel} was FOUND, and the number is free again"
            )
            return Finding("call", pbx.name, "ok", Severity.OK, told)
        return _said(
            pbx, Kind.CALL_FAILED(f"{channel} was told nothing within {_TOLD_SECONDS:g} s")
        )
    return _said(pbx, Kind.CALL_NOT_PLACED("; ".join(refused)))


def _said(pbx: PbxFacts, found: Found) -> Finding:
    kind = found.kind
    facts = f"{kind.what}: {found.facts}"
    return Finding("call", pbx.name, kind.code, kind.severity, facts, found.advice)


@asynccontextmanager
async def _lent(config: Config, environment: str) -> AsyncIterator[_Lent]:
    """Lend an idle number to an interaction of our own; it is free afterwards, used or not.

    Raises:
        NotRunning, Refused, OSError: none can be lent; one that is not idle is none.
    """
    interaction = f"interact-ivr-doctor-{secrets.token_hex(8)}"
    where = {"environment": environment}
    given = await _ask(config, "allocate", interaction=interaction, **where)
    try:
        if given["lent_early"]:
            raise Refused("exhausted", ["no number is idle: each is in use or rests"])
        yield _Lent(interaction, environment, given["number"], given["entered"], given["id"])
    finally:
        with suppress(NotRunning, Refused, OSError):  # then it expires as any other
            await _ask(config, "free", number=given["number"], allocation=given["id"], **where)


async def _ask(config: Config, request: str, **arguments: object) -> Any:
    socket = Path(config.control.socket)
    return await asyncio.to_thread(ask, socket, request, arguments, timeout=20)


async def _is_told(config: Config, lent: _Lent) -> bool:
    """Wait for the journal to say that the call was told whose it is."""
    after = ""
    with suppress(TimeoutError):
        async with asyncio.timeout(_TOLD_SECONDS):
            while True:
                page = await _ask(
                    config,
                    "journal.list",
                    interaction=lent.interaction,
                    environment=lent.environment,
                    after=after,
                    wait_seconds=2,
                )
                if any(entry["event"] == _RETRIEVED for entry in page["entries"]):
                    return True
                after = page["entries"][-1]["id"] if page["entries"] else after
    return False


async def _nothing() -> None:
    """It ends by itself."""


async def _over_ami(pbx: PbxConfig, channel: str) -> Callable[[], Awaitable[None]]:
    if not pbx.ami_host:
        raise AmiLost("pbx.ami_host is empty")
    account = Account(
        *(pbx.ami_host, pbx.ami_port, pbx.ami_user, partial(secret, pbx.ami_secret)),
        partial(trust, pbx.ca_file) if pbx.ami_tls else lambda: None,
    )

    async def say(action: str, **headers: str) -> None:
        async with logged_in(account, lambda _: None, _PATIENCE_SECONDS) as session:
            await session.ask(action, **headers)

    async def hang_up() -> None:
        with suppress(AmiLost, AmiRefused):  # it ends by itself a little later
            await say("Hangup", Channel=f"/^{channel}-.*$/")

    await say(
        "Originate",
        Channel=channel,
        Application="Wait",
        Data=str(_CALL_SECONDS),
        CallerID=_NOBODY,
        Async="true",
    )
    return hang_up


async def _over_ari(pbx: PbxConfig, channel: str) -> Callable[[], Awaitable[None]]:
    if not pbx.ari_url:
        raise CommandLineError("pbx.ari_url is empty")
    tls = partial(trust, pbx.ca_file) if pbx.ari_url.startswith("https:") else lambda: True
    url, password = pbx.ari_url.rstrip("/"), partial(secret, pbx.ari_password)
    access = Access(url, pbx.ari_user, password, pbx.application, tls)
    name = f"interact-ivr-doctor-{secrets.token_hex(4)}"

    async def say(method: str, path: str, parameters: dict[str, str]) -> None:
        async with Client(access) as client:
            client.read_password()
            await client.ask(method, path, parameters, within=_PATIENCE_SECONDS)

    async def hang_up() -> None:
        with suppress(AriError):  # it ends by itself a little later
            await say("DELETE", f"/channels/{name}", {})

    await say(
        "POST",
        f"/channels/{name}",
        {"endpoint": channel, "app": pbx.application, "callerId": _NOBODY},
    )
    return hang_up


async def _by_command_line(
    command_line: CommandLine, channel: str
) -> Callable[[], Awaitable[None]]:
    command = f"channel originate {channel} application Wait {_CALL_SECONDS}"
    await asyncio.to_thread(command_line.say, command)
    return _nothing
