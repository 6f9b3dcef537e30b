"""Examines: gathers facts, has each check look at them, and names a cause once.

A check that needs what another one found broken is not done; its line says of what it waits.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from interact_ivr.config import ConfigError, load_config, warnings
from interact_ivr.config_keys import Config
from interact_ivr.config_pbx import PbxConfig
from interact_ivr.doctor import checks_dialplan, checks_here, checks_pbx, gosubs, machine, pbx
from interact_ivr.doctor import service as asking_service
from interact_ivr.doctor.checks_here import Outcome
from interact_ivr.doctor.command_line import CommandLine
from interact_ivr.doctor.facts import Facts, PbxFacts
from interact_ivr.doctor.finding import Finding, Unseen
from interact_ivr.doctor.kinds import Found, Severity


class Check(msgspec.Struct, frozen=True):
    """What is looked at under a name, and which other checks must have found no problem."""

    name: str
    needs: tuple[str, ...]
    look: Callable[[Facts], Outcome]


class PbxCheck(msgspec.Struct, frozen=True):
    """The same, of each PBX by itself."""

    name: str
    needs: tuple[str, ...]
    look: Callable[[Facts, PbxFacts], Outcome]


HERE: Final = (
    Check("configuration", (), checks_here.configuration),
    Check("secrets", ("configuration",), checks_here.secrets),
    Check("certificates", ("configuration",), checks_here.certificates),
    Check("store", ("configuration",), checks_here.store),
    Check("ports", ("configuration",), checks_here.ports),
    Check("service", ("configuration", "store", "ports"), checks_here.service),
    Check("fastagi", ("service",), checks_here.agi),
    Check("http", ("service",), checks_here.http),
    Check("pool", ("service",), checks_here.pool),
)
AT_THE_PBX: Final = (
    PbxCheck("ari secret", (), checks_pbx.ari_secret),
    PbxCheck("ari", ("ari secret",), checks_pbx.ari),
    PbxCheck("ari application", ("service", "ari"), checks_pbx.application),
    PbxCheck("ami secret", (), checks_pbx.ami_secret),
    PbxCheck("ami", ("ami secret",), checks_pbx.ami),
    PbxCheck("ami rights", ("ami",), checks_pbx.rights),
    PbxCheck("clock", (), checks_pbx.clock),
    PbxCheck("modules", ("ami rights",), checks_pbx.modules),
    PbxCheck("gosubs", ("ami rights",), checks_dialplan.gosubs),
    PbxCheck("dialplan", ("gosubs",), checks_dialplan.loaded),
    PbxCheck("contexts", ("gosubs", "dialplan"), checks_dialplan.contexts),
    PbxCheck("address", ("ami rights",), checks_dialplan.address),
    PbxCheck("places", ("gosubs", "dialplan"), checks_dialplan.misplaced),
    PbxCheck("numbers", ("pool", "contexts"), checks_dialplan.numbers),
)
"""In the order of causes: what a check needs comes before it."""
_OF_THIS_MACHINE: Final = PbxConfig(inbound_contexts=(), ari_url="", ami_host="")
"""Looked at where the configuration has no [[pbx]]: by the command line, if there is one."""


async def gathered(file: Path, command_line: CommandLine) -> Facts:
    """Gather all facts there are: of the configuration *file*, this machine, service and PBXes."""
    try:
        config = await asyncio.to_thread(load_config, file)
    except ConfigError as error:
        return Facts(file, machine.now(), faults=tuple(error.faults))
    return await of_config(file, config, command_line)


async def of_config(file: Path, config: Config, command_line: CommandLine) -> Facts:
    """Gather them for a configuration that is read already."""
    service = await asking_service.asked(config)
    configured = config.pbx or (_OF_THIS_MACHINE,)
    pbxes = await asyncio.gather(*(pbx.asked(each, command_line) for each in configured))
    return await asyncio.to_thread(
        lambda: Facts(
            file,
            machine.now(),
            config,
            doubts=tuple(warnings(config)),
            secrets=tuple(machine.secrets(config)),
            certificates=tuple(machine.certificates(config)),
            store=machine.store(config.store),
            ports=() if service.running else tuple(machine.ports(config)),
            service=service,
            pbxes=tuple(pbxes),
            gosubs=gosubs.shipped(),
        )
    )


async def examination(
    file: Path, config: Config, command_line: CommandLine | None = None
) -> Sequence[Finding]:
    """Do all of it, also within the running service: what takes a while is done in a thread."""
    facts = await of_config(file, config, command_line or CommandLine())
    return await asyncio.to_thread(examined, facts)


def examined(facts: Facts) -> Sequence[Finding]:
    """Have every check look at *facts*."""
    failed: dict[str, str] = {}
    findings: list[Finding] = []
    for check in HERE:
        findings += _looked(check.name, "", check.needs, partial(check.look, facts), failed)
    for each in facts.pbxes:
        found = dict(failed)
        for pbx_check in AT_THE_PBX:
            look = partial(pbx_check.look, facts, each)
            findings += _looked(pbx_check.name, each.name, pbx_check.needs, look, found)
    return findings


def _looked(
    name: str,
    about: str,
    needs: Sequence[str],
    look: Callable[[], Outcome],
    failed: dict[str, str],
) -> Iterator[Finding]:
    """Have one check look, unless what it needs has *failed*; note whether it has."""
    if cause := next((failed[need] for need in needs if need in failed), None):
        failed[name] = cause
        yield _unseen(name, about, f"because of {cause}")
        return
    found = list(look())
    for each in found:
        if isinstance(each, Unseen):
            yield _unseen(name, about, each.why)
        else:
            yield _finding(name, about, each)
            if each.kind.severity is Severity.PROBLEM:
                failed.setdefault(name, each.kind.code)
    if not found:
        yield Finding(name, about, "ok", Severity.OK, "")


def _finding(name: str, about: str, found: Found) -> Finding:
    kind = found.kind
    facts = f"{kind.what}: {found.facts}" if found.facts else kind.what
    return Finding(name, about, kind.code, kind.severity, facts, found.advice)


def _unseen(name: str, about: str, why: str) -> Finding:
    return Finding(name, about, "not_looked_at", Severity.NOT_LOOKED_AT, why)


def is_well(findings: Sequence[Finding]) -> bool:
    """Say whether nothing is wrong; a warning is nothing wrong."""
    return all(each.severity is not Severity.PROBLEM for each in findings)
