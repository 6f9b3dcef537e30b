"""What is told of the watching of one PBX: a line in the log for people, counts for Prometheus."""

import time

import structlog

from interact_ivr.ari.client import Watch
from interact_ivr.ari.connection import Standing
from interact_ivr.domain.errors import Refusal
from interact_ivr.metrics import PbxMetrics

_QUIET_SECONDS = 10.0
"""After a line about what cannot be understood, others are only counted for as long."""


class ObservingPbx:
    """Hears what happens. Nothing here may fail or wait."""

    def __init__(self, pbx: str, metrics: PbxMetrics) -> None:
        self._metrics = metrics
        self._log = structlog.get_logger("ari").bind(pbx=pbx)
        self._quiet_until = 0.0

    def received(self) -> None:
        """Count something that came, of interest or not."""
        self._metrics.events.inc()

    def event(self, late: float) -> None:
        """Count an event that is done with."""
        self._metrics.late.observe(late)

    def malformed(self, reason: str) -> None:
        """Hear of something that cannot be understood."""
        self._metrics.malformed.inc()
        now = time.monotonic()
        if now >= self._quiet_until:
            self._quiet_until = now + _QUIET_SECONDS
            self._log.warning("an event is malformed", reason=reason)

    def unread(self, call: str, reason: str) -> None:
        """Hear of a call whose dialed number could not be read."""
        self._metrics.unread.inc()
        self._log.warning("a dialed number could not be read", call=call, reason=reason)

    def unknown(self, call: str, reason: str) -> None:
        """Hear of a call on a phone of which something could not be asked."""
        self._log.warning("a call on a phone is not known whole", call=call, reason=reason)

    def failed(self, call: str, error: Exception) -> None:
        """Hear of a call that could not be taken note of."""
        self._metrics.failed.inc()
        told = "a call could not be taken note of"
        if isinstance(error, Refusal):
            self._log.warning(told, call=call, reason=str(error))
        else:
            self._log.error(told, call=call, reason=repr(error), exc_info=error)

    def stands(self, standing: Standing) -> None:
        """Hear how it stands with the watching."""
        watching = standing.state is Watch.WATCHING
        self._metrics.watching.set(watching)
        if watching:
            self._metrics.connections.inc()
            self._log.info(
                "the pbx is watched", version=standing.version, filtered=standing.filtered
            )
        else:
            self._log.warning(
                "the pbx is not watched", state=standing.state.value, reason=standing.reason
            )
