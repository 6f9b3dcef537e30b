"""What the PBXes of the configuration know of their extensions, each for its environments."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from dialplan import NOBODYS, Directories, Directory
from interact_ivr.config_pbx import PbxConfig, secret, trust
from interact_ivr.domain.names import EnvironmentName
from interact_ivr.metrics import Metrics
from interact_ivr.observing_directory import ObservingDirectory
from interact_ivr.pace import Pace
from interact_ivr.service.sites import Site

if TYPE_CHECKING:
    from interact_ivr.ami.watcher import PbxDirectory


class _Known(msgspec.Struct, frozen=True):
    pbx: PbxConfig
    directory: "PbxDirectory"


class PbxDirectories:
    """Keeps the directory of every PBX that has an AMI; of several the first comes first."""

    def __init__(self, pbxes: Sequence[PbxConfig], metrics: Metrics) -> None:
        self._pbxes = pbxes
        self._known = [_Known(pbx, _directory(pbx, metrics)) for pbx in pbxes if pbx.ami_host]
        for each in self._known:
            metrics.directory_age(each.pbx.name, partial(_age, each.directory))

    def of(self, environment: EnvironmentName, default: EnvironmentName) -> Directory:
        """Give what the PBXes know on which calls of *environment* come in, and no others.

        Contexts that name none are the *default* one's.
        """
        return Directories(
            tuple(
                each.directory
                for each in self._known
                if environment in {name or default for name in each.pbx.contexts.values()}
            )
        )

    def sites(self) -> Sequence[Site]:
        """Give the PBXes whose calls are followed, each with what it knows."""
        known = {each.pbx.name: each.directory for each in self._known}
        return [
            Site(pbx.name, frozenset(pbx.contexts.values()), known.get(pbx.name, NOBODYS))
            for pbx in self._pbxes
            if pbx.ari_url
        ]

    async def run(self) -> None:
        """Keep them until cancelled."""
        await asyncio.gather(*(each.directory.run() for each in self._known))

    def checks(self, *, required: bool) -> Mapping[str, Callable[[], Awaitable[str | None]]]:
        """Give what `/readyz` looks at, by name: of PBXes that must be there, or of others."""
        return {
            f"directory {each.pbx.name}": partial(_missing, each.directory)
            for each in self._known
            if each.pbx.required is required
        }

    def facts(self) -> Sequence[Mapping[str, object]]:
        """Say how it stands with each."""
        return [_facts(each.pbx.name, each.directory) for each in self._known]


def _directory(pbx: PbxConfig, metrics: Metrics) -> "PbxDirectory":
    """Make one, and load what it takes: a service without AMI starts without that."""
    from interact_ivr.ami.session import Account
    from interact_ivr.ami.watcher import PbxDirectory, Timing

    account = Account(
        *(pbx.ami_host, pbx.ami_port, pbx.ami_user, partial(secret, pbx.ami_secret)),
        partial(trust, pbx.ca_file) if pbx.ami_tls else lambda: None,
    )
    hears = ObservingDirectory(pbx.name, metrics)
    return PbxDirectory(account, hears, Timing(read_every=pbx.ami_reread_seconds), Pace())


def _age(directory: "PbxDirectory") -> float:
    return float("nan") if directory.age_seconds is None else directory.age_seconds


async def _missing(directory: "PbxDirectory") -> str | None:
    missing = directory.missing
    return f"its extensions are as they were told last, {missing}" if missing else None


def _facts(name: str, directory: "PbxDirectory") -> Mapping[str, object]:
    age = directory.age_seconds
    return {
        "name": name,
        "missing": directory.missing,
        "extensions": directory.extensions,
        "read_seconds_ago": None if age is None else round(age, 1),
        "sessions": directory.sessions,
        "refused": directory.refused,
    }
