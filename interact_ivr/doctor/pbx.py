"""Gathers what a PBX answers: over ARI, over AMI, else by its own command line."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, Final

from msgspec.structs import replace

from interact_ivr.ami.session import Account, AmiLost, AmiRefused, Session, logged_in
from interact_ivr.ari.client import Access, AriError, Client
from interact_ivr.ari.events import MalformedError, application_of
from interact_ivr.config_pbx import PbxConfig, secret, trust
from interact_ivr.doctor import gosubs
from interact_ivr.doctor.asterisk_dialplan import AsteriskDialplan, Reader, Step
from interact_ivr.doctor.command_line import CommandLine
from interact_ivr.doctor.facts import AmiFacts, AriFacts, FileFacts, PbxFacts
from interact_ivr.domain.shown import shown

_PATIENCE_SECONDS: Final = 5.0
_RIGHTS: Final = (
    "ShowDialPlan",
    "ExtensionStateList",
    "CoreStatus",
    "ModuleCheck",
    "GetConfig",
)
"""Asked for by the directory of extensions, and by us; what a user may not ask is not listed."""
_DENIED: Final = "Permission denied"


async def asked(config: PbxConfig, command_line: CommandLine) -> PbxFacts:
    """Ask a PBX everything."""
    facts = PbxFacts(config)
    if config.ari_url:
        facts = replace(facts, ari=await _ari(config))
    if config.ami_host:
        facts = await _over_ami(config, facts)
    if facts.dialplan is None and facts.ami is None:
        facts = await asyncio.to_thread(command_line.added_to, facts)
    return facts


async def _ari(config: PbxConfig) -> AriFacts | None:
    tls = partial(trust, config.ca_file) if config.ari_url.startswith("https:") else lambda: True
    url, password = config.ari_url.rstrip("/"), partial(secret, config.ari_password)
    access = Access(url, config.ari_user, password, config.application, tls)
    async with Client(access) as client:
        try:
            client.read_password()
            answer = await client.ask("GET", "/asterisk/info", within=_PATIENCE_SECONDS)
        except AriError as error:
            return AriFacts(str(error), error.status)
        ahead = _ahead(answer.date)
        try:
            known = application_of((await client.ask("GET", client.application)).body)
        except AriError as error:
            return AriFacts(registered=None if error.status != 404 else False, ahead=ahead)
        except MalformedError as error:
            return AriFacts(str(error), ahead=ahead)
    return AriFacts(registered=True, all_calls=known.channels, ahead=ahead)


def _ahead(date: str | None) -> timedelta | None:
    try:
        return None if date is None else parsedate_to_datetime(date) - datetime.now(UTC)
    except ValueError:
        return None


async def _over_ami(config: PbxConfig, facts: PbxFacts) -> PbxFacts:
    account = Account(
        *(config.ami_host, config.ami_port, config.ami_user, partial(secret, config.ami_secret)),
        partial(trust, config.ca_file) if config.ami_tls else lambda: None,
    )
    try:
        async with logged_in(account, lambda _: None, _PATIENCE_SECONDS) as session:
            return await _asked(session, config, facts)
    except AmiLost as error:
        fault = str(error)
        return replace(facts, ami=AmiFacts(fault, refused=fault.startswith("refused")))


async def _asked(session: Session, config: PbxConfig, facts: PbxFacts) -> PbxFacts:
    listed = await session.ask("ListCommands")
    may_not = tuple(action for action in _RIGHTS if action not in listed)
    ami = AmiFacts(may_not=may_not, ahead=await _clock(session), http=await _http(session))
    if may_not:
        return replace(facts, ami=ami)
    return replace(
        facts,
        ami=ami,
        dialplan=await _dialplan(session),
        files=await _files(session, config),
        missing_modules=await _missing_modules(session),
        address=await _global(session, "INTERACT_AGI"),
    )


async def _global(session: Session, name: str) -> str | None:
    try:
        return str((await session.ask("Getvar", Variable=name)).get("Value", ""))
    except AmiRefused:
        return None


async def _clock(session: Session) -> timedelta | None:
    """Say by how much the PBX's clock, which tells whole seconds, is ahead of ours."""
    told = await _global(session, "EPOCH")
    if not told or not told.isdecimal():
        return None
    return datetime.fromtimestamp(int(told), UTC) - datetime.now(UTC)


async def _http(session: Session) -> Mapping[str, str] | None:
    lines = await _lines(session, Filename="http.conf", Category="general")
    return None if lines is None else dict(lines)


async def _lines(session: Session, **which: str) -> Sequence[tuple[str, str]] | None:
    """Give a file's lines as Asterisk reads them now; None where it will not say."""
    try:
        told = await session.ask("GetConfig", **which)
    except AmiRefused:
        return None
    lines = [str(value) for key, value in told.items() if key.startswith("Line-")]
    return [(key, value) for key, _, value in (line.partition("=") for line in lines)]


async def _dialplan(session: Session) -> AsteriskDialplan | None:
    try:
        listed = await session.ask_all("ShowDialPlan")
    except AmiRefused:
        return None
    return await asyncio.to_thread(_read, listed)


def _read(listed: Sequence[Mapping[str, Any]]) -> AsteriskDialplan:
    reader = Reader()
    for message in listed:
        context = str(message.get("Context", ""))
        if included := message.get("IncludeContext"):
            reader.include(context, str(included))
        elif (priority := str(message.get("Priority", ""))).isdecimal():
            application = str(message.get("Application", "")).lower()
            data = str(message.get("AppData", "")).strip()
            extension = str(message.get("Extension", ""))
            reader.step(Step(context, extension, int(priority), application, data))
    return reader.dialplan()


async def _files(session: Session, config: PbxConfig) -> FileFacts:
    """Read what extensions.conf has now of our contexts and of those where calls come in."""
    try:
        await session.ask("GetConfig", Filename="extensions.conf", Category="globals")
    except AmiRefused as error:
        if "format" in str(error):
            return FileFacts(fault=shown(str(error)))
    reader = Reader()
    for context in (*gosubs.shipped().steps, *config.contexts):
        if lines := await _lines(session, Filename="extensions.conf", Category=context):
            reader.context(context)
            for key, value in lines:
                reader.line(key, value)
    ours = await _lines(session, Filename=gosubs.FILE, Category="interact-guard")
    return FileFacts(reader.dialplan(), has_ours=bool(ours))


async def _missing_modules(session: Session) -> tuple[str, ...]:
    missing = []
    for module in gosubs.needed_modules():
        try:
            await session.ask("ModuleCheck", Module=module)
        except AmiRefused as error:
            if _DENIED not in str(error):
                missing.append(module)
    if gosubs.ONLY_WITH_PJSIP in missing and not await _has(session, "res_pjsip"):
        missing.remove(gosubs.ONLY_WITH_PJSIP)
    return tuple(missing)


async def _has(session: Session, module: str) -> bool:
    try:
        await session.ask("ModuleCheck", Module=module)
    except AmiRefused:
        return False
    return True
