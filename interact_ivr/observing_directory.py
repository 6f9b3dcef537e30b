"""What is told of one PBX's directory: a line in the log for people, counts for Prometheus."""

from collections.abc import Mapping, Sequence

import structlog

from interact_ivr.metrics import Metrics


class ObservingDirectory:
    """Hears what happens. Nothing here may fail or wait."""

    def __init__(self, pbx: str, metrics: Metrics) -> None:
        self._pbx = pbx
        self._metrics = metrics
        self._log = structlog.get_logger("ami").bind(pbx=pbx)
        self._was: object = None
        metrics.directory_lost(pbx)

    def read(self, extensions: Mapping[str, int], refused: Sequence[str]) -> None:
        """Hear that it was read; a line is written where it is not what it was."""
        self._metrics.directory_read(self._pbx, extensions)
        now = ({**extensions}, [*refused])
        if now != self._was:
            self._was = now
            tell = self._log.warning if refused else self._log.info
            tell("the directory was read", extensions={**extensions}, refused=[*refused])

    def lost(self, why: str) -> None:
        """Hear that the PBX cannot be asked; what it told last stands."""
        self._was = None
        self._metrics.directory_lost(self._pbx)
        self._log.warning("the directory cannot be read", reason=why)
