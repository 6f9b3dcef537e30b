"""What a PBX's answers mean: ARI, AMI, its clock, and what it has loaded."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

import msgspec

from interact_ivr.doctor.checks_here import of_secret
from interact_ivr.doctor.facts import AriFacts, Facts, PbxFacts
from interact_ivr.doctor.finding import Unseen
from interact_ivr.doctor.kinds import Found, Kind
from interact_ivr.domain.networks import is_public

Outcome = Iterator[Found | Unseen]
PbxCheck = Callable[[Facts, PbxFacts], Outcome]

_APART: Final = timedelta(seconds=5)
"""Clocks are told in whole seconds, and an answer takes a while on a busy machine."""
_NO_ARI: Final = 404
_REFUSED: Final = (401, 403)
_USUAL_PORT: Final = "8088"


def ari_secret(facts: Facts, pbx: PbxFacts) -> Outcome:
    """Look at the password with which ARI is asked."""
    if not pbx.config.ari_url:
        yield Unseen("no pbx.ari_url is configured")
    yield from _secret(facts, f"pbx.{pbx.name}.ari_password")


def ami_secret(facts: Facts, pbx: PbxFacts) -> Outcome:
    """Look at the secret with which AMI is asked."""
    if not pbx.config.ami_host:
        yield Unseen("no pbx.ami_host is configured")
    yield from _secret(facts, f"pbx.{pbx.name}.ami_secret")


def _secret(facts: Facts, key: str) -> Outcome:
    for each in facts.secrets:
        if each.key == key:
            yield from of_secret(each)


def ari(_: Facts, pbx: PbxFacts) -> Outcome:
    """Say why ARI cannot be asked."""
    if pbx.ari is None:
        yield Unseen("no pbx.ari_url is configured: calls are not watched")
    elif pbx.ari.status in _REFUSED:
        key, user = f"pbx.{pbx.name}.ari_password", pbx.config.ari_user
        yield Kind.ARI_REFUSED(f"{pbx.config.ari_url}: {pbx.ari.fault}", key=key, user=user)
    elif pbx.ari.status == _NO_ARI:
        yield Kind.ARI_OFF(f"{pbx.config.ari_url}: {pbx.ari.fault}")
    elif pbx.ari.fault:
        yield _unreachable(pbx, pbx.ari)


def _unreachable(pbx: PbxFacts, ari: AriFacts) -> Found:
    http = pbx.ami.http if pbx.ami else None
    if http is None:
        return Kind.ARI_UNREACHABLE(f"{pbx.config.ari_url}: {ari.fault}")
    asked = urlsplit(pbx.config.ari_url)
    bound = f"{http.get('bindaddr', '0.0.0.0')}:{http.get('bindport', _USUAL_PORT)}"  # noqa: S104
    is_on = http.get("enabled", "no").lower() in ("yes", "true", "on", "y", "t", "1")
    where = f"bound to {bound}" if is_on else "off"
    if is_on and asked.port is not None and bound.endswith(f":{asked.port}"):
        local = not is_public(asked.hostname or "")
        if local and bound.startswith(("0.0.0.0:", f"{asked.hostname}:")):
            return Kind.ARI_UNREACHABLE(f"{pbx.config.ari_url}: {ari.fault}")
    return Kind.HTTP_ELSEWHERE(f"http.conf has it {where}, pbx.ari_url is {pbx.config.ari_url}")


def application(facts: Facts, pbx: PbxFacts) -> Outcome:
    """Say whether the service is told of all calls."""
    if facts.service is None or pbx.ari is None:
        yield Unseen("no pbx.ari_url is configured: calls are not watched")
        return
    told = facts.service.pbx(pbx.name)
    state, reason = told.get("ari"), told.get("reason")
    if state == "taken over":
        yield Kind.ARI_TAKEN_OVER(f"{pbx.config.application}: {reason}")
    elif state != "watching":
        yield Kind.ARI_UNWATCHED(f"{state or 'it is not in its configuration'}: {reason or ''}")
    elif not (pbx.ari.registered and pbx.ari.all_calls):
        yield Kind.ARI_NOT_ALL(f"{pbx.config.application} is not subscribed to all channels")


def ami(_: Facts, pbx: PbxFacts) -> Outcome:
    """Say why AMI cannot be asked."""
    if pbx.ami is None:
        if not pbx.config.ami_host:
            yield Unseen("no pbx.ami_host is configured: extensions are not known")
    elif pbx.ami.refused:
        key, user = f"pbx.{pbx.name}.ami_secret", pbx.config.ami_user
        yield Kind.AMI_REFUSED(f"{_ami(pbx)}: {pbx.ami.fault}", key=key, user=user)
    elif pbx.ami.fault:
        yield Kind.AMI_UNREACHABLE(f"{_ami(pbx)}: {pbx.ami.fault}")


def _ami(pbx: PbxFacts) -> str:
    return f"{pbx.config.ami_host}:{pbx.config.ami_port}"


def rights(_: Facts, pbx: PbxFacts) -> Outcome:
    """Say what the AMI user may not ask."""
    if pbx.ami is None:
        yield Unseen("no pbx.ami_host is configured")
    elif pbx.ami.may_not:
        told = f"{pbx.config.ami_user} may not ask {', '.join(pbx.ami.may_not)}"
        yield Kind.AMI_RIGHTS(told, user=pbx.config.ami_user)


def clock(_: Facts, pbx: PbxFacts) -> Outcome:
    """Compare the PBX's clock with ours."""
    told = [each.ahead for each in (pbx.ari, pbx.ami) if each and each.ahead is not None]
    if not told:
        yield Unseen("neither ARI nor AMI told the time")
    elif abs(told[0]) > _APART:
        ahead, seconds = told[0] > timedelta(0), round(abs(told[0]).total_seconds())
        way = "ahead of" if ahead else "behind"
        yield Kind.CLOCK(f"the PBX's clock is {seconds} seconds {way} ours")


def modules(_: Facts, pbx: PbxFacts) -> Outcome:
    """Say which modules are missing."""
    if pbx.missing_modules is None:
        yield Unseen(pbx.unseen or "the PBX did not tell its modules")
        return
    for each in pbx.missing_modules:
        yield Kind.MODULE_MISSING(f"{each} is not loaded", module=each)


class Host(msgspec.Struct, frozen=True):
    """An address as the Gosubs have it."""

    name: str
    port: str

    @classmethod
    def of(cls, text: str) -> "Host":
        """Read ``host:port``; without a port the usual one of FastAGI."""
        name, colon, port = text.rpartition(":")
        return cls(name, port) if colon else cls(text, "4573")
