"""The PBXes of the configuration, each with what watches it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from interact_ivr.ari.client import Access
from interact_ivr.ari.watcher import Pbx, Watcher
from interact_ivr.config_keys import Config
from interact_ivr.config_pbx import PbxConfig, secret, trust
from interact_ivr.metrics import Metrics
from interact_ivr.observing_pbx import ObservingPbx
from interact_ivr.service.agents import Agents
from interact_ivr.service.ringing import Ringing


class Watching:
    """Watches every PBX that has an ARI."""

    def __init__(self, config: Config, ringing: Ringing, agents: Agents, metrics: Metrics) -> None:
        self._required = {pbx.name for pbx in config.pbx if pbx.required}
        self.watchers = [
            Watcher(
                _pbx(pbx, config.agi.dnis_from),
                ringing,
                agents,
                ObservingPbx(pbx.name, metrics.pbx(pbx.name)),
                lambda: datetime.now(UTC),
            )
            for pbx in config.pbx
            if pbx.ari_url
        ]

    async def run(self) -> None:
        """Watch until cancelled."""
        await asyncio.gather(*(watcher.run() for watcher in self.watchers))

    def checks(self, *, required: bool) -> Mapping[str, Callable[[], Awaitable[str | None]]]:
        """Give what `/readyz` looks at, by name: of PBXes that must be watched, or of others."""
        return {
            f"pbx {watcher.pbx.name}": partial(_missing, watcher)
            for watcher in self.watchers
            if (watcher.pbx.name in self._required) is required
        }

    def facts(self) -> Sequence[Mapping[str, object]]:
        """Say how it stands with each."""
        return [_facts(watcher) for watcher in self.watchers]


def _pbx(pbx: PbxConfig, dnis_from: Sequence[str]) -> Pbx:
    password = partial(secret, pbx.ari_password)
    access = Access(
        *(pbx.ari_url.rstrip("/"), pbx.ari_user, password, pbx.application),
        partial(trust, pbx.ca_file) if pbx.ari_url.startswith("https:") else lambda: True,
    )
    return Pbx(pbx.name, access, pbx.contexts, dnis_from)


async def _missing(watcher: Watcher) -> str | None:
    missing = watcher.standing.missing
    return f"its calls are not watched, {missing}" if missing else None


def _facts(watcher: Watcher) -> Mapping[str, object]:
    standing = watcher.standing
    return {
        "name": watcher.pbx.name,
        "ari": standing.state.value,
        "reason": standing.reason,
        "since": standing.since,
        "version": standing.version,
        "filtered": standing.filtered,
        "events": watcher.events,
        "malformed": watcher.malformed_events,
        "unread": watcher.unread,
        "reconnects": watcher.reconnects,
        "calls": watcher.calls,
        "on_phones": watcher.on_phones,
        "late_seconds": round(watcher.late, 3),
    }
