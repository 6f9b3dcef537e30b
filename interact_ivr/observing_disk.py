"""What is measured when Prometheus asks: the store's file and disk, and a certificate's end."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from interact_ivr.config_keys import Config
from interact_ivr.doctor.machine import certificate
from interact_ivr.metrics import Metrics

_UNKNOWN = float("nan")


def measure(config: Config, metrics: Metrics) -> None:
    """Have the gauges shown that this configuration has."""
    if not config.store.is_shared:
        path = config.store.path
        metrics.gauge("store_bytes", "The store's files", partial(_known, _size, path))
        metrics.gauge("store_free_bytes", "Free on the store's disk", partial(_known, _free, path))
    if config.http.tls_certificate:
        metrics.gauge(
            "certificate_end_timestamp_seconds",
            "When the certificate of HTTPS ends",
            partial(_known, _end, Path(config.http.tls_certificate)),
        )


def _known(measured: Callable[[Path], float], file: Path) -> float:
    """Give what is measured, or NaN: what cannot be read must not cost all other metrics."""
    try:
        return measured(file)
    except OSError:
        return _UNKNOWN


def _size(store: Path) -> float:
    """Give how many bytes the file has, with what is in its WAL."""
    return sum(file.stat().st_size for file in store.parent.glob(f"{store.name}*"))


def _free(store: Path) -> float:
    return shutil.disk_usage(store.parent).free


def _end(file: Path) -> float:
    ends = certificate("http.tls_certificate", str(file)).ends
    return _UNKNOWN if ends is None else ends.timestamp()
