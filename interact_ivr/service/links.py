"""A node's links to its PBXes, read out of its facts: also out of another release's."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec


class Link(msgspec.Struct, frozen=True):
    """How it stands with a PBX; where ARI or AMI is not configured, nothing is told of it."""

    pbx: str
    ari: Mapping[str, Any]
    """As the facts `pbx` have it."""
    ami: Mapping[str, Any]
    """As the facts `directories` have it."""

    @property
    def is_watching(self) -> bool:
        """Whether calls are followed over ARI."""
        return self.ari.get("ari") == "watching"

    @property
    def is_read(self) -> bool:
        """Whether what AMI tells is read."""
        return not self.ami.get("missing")

    @property
    def words(self) -> Sequence[str]:
        """Say how it stands, ARI first."""
        return [*self._ari(), *self._ami()]

    def _ari(self) -> Iterator[str]:
        if self.ari:
            lag = f", {self.ari.get('late_seconds')} s late" if self.is_watching else ""
            yield f"ARI {self.ari.get('ari')}{lag}"

    def _ami(self) -> Iterator[str]:
        if self.ami:
            missing, age = self.ami.get("missing"), self.ami.get("read_seconds_ago")
            yield f"AMI {missing}" if missing else f"AMI read {age} s ago"


def links(facts: Mapping[str, Any]) -> Sequence[Link]:
    """Give those of which *facts* tell, a PBX's two as one."""
    ari = {each["name"]: each for each in facts.get("pbx", ())}
    ami = {each["name"]: each for each in facts.get("directories", ())}
    names = dict.fromkeys([*ari, *ami])
    return [Link(name, ari.get(name, {}), ami.get(name, {})) for name in names]
