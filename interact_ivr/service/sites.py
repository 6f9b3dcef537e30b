"""The PBXes whose calls are followed, and which of them is meant where none is named."""

from collections.abc import Collection, Iterator, Sequence

import msgspec

from dialplan import NOBODYS, Directory
from interact_ivr.domain.errors import BadInput, NoSuchEnvironment
from interact_ivr.domain.names import EnvironmentId
from interact_ivr.service.environments import Environments


class Site(msgspec.Struct, frozen=True):
    """A PBX whose calls are followed."""

    name: str
    environments: Collection[str]
    """Those whose calls come in there, as the configuration names them; empty: the default one."""
    directory: Directory = NOBODYS
    """What it knows of its extensions."""


class Sites:
    """All of them."""

    def __init__(self, sites: Sequence[Site], environments: Environments) -> None:
        self._sites = {site.name: site for site in sites}
        self._environments = environments

    def id_of(self, name: str) -> EnvironmentId | None:
        """Give the environment called *name*; None: there is none."""
        try:
            return self._environments.named(name).id
        except NoSuchEnvironment:
            return None

    def serves_alone(self, pbx: str, environment: EnvironmentId) -> bool:
        """Say whether no other environment's calls come in on *pbx*."""
        site = self._sites.get(pbx)
        return site is not None and self._ids_of(site) == {environment}

    def named(self, pbx: str) -> str:
        """Give *pbx*, or raise `BadInput` where its calls are not followed."""
        if pbx not in self._sites:
            raise BadInput("pbx", "the name of one that is watched", repr(pbx[:80]))
        return pbx

    def of_extension(
        self, environment: EnvironmentId, extension: str, pbx: str | None = None
    ) -> str:
        """Give the PBX whose *extension* is meant: that is named, or knows it, or is the only one.

        Only one that serves *environment* is meant without being named, where any does.

        Raises:
            BadInput: there is none of that name; or several may be meant, and none is named.
        """
        if pbx is not None:
            return self.named(pbx)
        sites = [*self._of(environment)] or [*self._sites.values()]
        knowing = [site for site in sites if site.directory.owner(extension)]
        for meant in (knowing, sites):
            if len(meant) == 1:
                return meant[0].name
        raise BadInput("pbx", _names(sites), "none")

    def extension_of(self, pbx: str, device: str, environment: str | None) -> str | None:
        """Give the extension whose phone *device* is; empty: nobody's; None: it is not known.

        As the dial plan of *environment* says; else the PBX. Without one, all that *pbx* serves.
        """
        site = self._sites[pbx]
        for name in site.environments if environment is None else (environment,):
            if self.id_of(name) is not None:
                known = self._environments.named(name).dial_plan.extension_of(device)
                if known is not None:
                    return known
        return site.directory.extension_of(device)

    def those(self, pbx: str | None) -> Sequence[str]:
        """Give the PBX that is named, or all; raise `BadInput` as `named` does."""
        return [*self._sites] if pbx is None else [self.named(pbx)]

    def _of(self, environment: EnvironmentId) -> Iterator[Site]:
        return (site for site in self._sites.values() if environment in self._ids_of(site))

    def _ids_of(self, site: Site) -> set[EnvironmentId | None]:
        return {self.id_of(name) for name in site.environments}


def _names(sites: Sequence[Site]) -> str:
    named = ", ".join(site.name for site in sites)
    return f"one of {named}" if sites else "none: no PBX is watched"
