"""What is counted, and how Prometheus reads it. Nothing here names a caller or an interaction."""

from bisect import bisect_left
from collections import Counter as Counts
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from itertools import accumulate, product

import msgspec
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = CONTENT_TYPE_LATEST
_NAMESPACE = "interact_ivr"
_WHYS = ("wrong", "too many")
"""Why a password is not accepted."""
_QUOTAS = ("open at once", "a minute")
_SECRETS = ("key", "token", "session")
_SECRET_WHYS = ("wrong", "again", "too many")
"""Why one of them is not accepted; again: the same as before, which is no other guess."""
_TURNED_AWAY = ("stranger", "full", "silent")
"""Why a connection to FastAGI is no call."""
_LATE_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0)
_CALL_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 1.8, 2.5)
_REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class PbxMetrics(msgspec.Struct, frozen=True):
    """What is counted of one PBX."""

    events: Counter
    malformed: Counter
    unread: Counter
    failed: Counter
    connections: Counter
    watching: Gauge
    late: Histogram


class Metrics:
    """The counters, each a method of what it hears."""

    def __init__(self, version: str) -> None:
        # a series more for each; the library has only this switch
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        registry = self._registry
        counter = partial(Counter, registry=registry, namespace=_NAMESPACE)
        histogram = partial(Histogram, registry=registry, namespace=_NAMESPACE)
        self._gauge = partial(Gauge, registry=registry, namespace=_NAMESPACE)
        build = Info("build", "What runs", registry=registry, namespace=_NAMESPACE)
        build.info({"version": version})
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        self._retrievals = cache(
            counter("retrievals", "Calls that asked whose number it is", ["status"]).labels
        )
        self._unavailable = counter(
            "calls_unavailable", "Calls told UNAVAILABLE, and why", ["script", "code"]
        )
        self._untold = counter("calls_untold", "Calls gone before they were told", ["script"])
        self._retrieval_seconds = histogram(
            "retrieval_seconds", "How long a call waited for that", buckets=_CALL_SECONDS
        )
        self._allocations = cache(counter("allocations", "Numbers lent", ["how"]).labels)
        self._exhausted = counter("exhausted", "Allocations refused for want of numbers")
        self._quotas = counter("quota_refusals", "Allocations refused for a quota", ["quota"])
        for quota in _QUOTAS:
            self._quotas.labels(quota)
        self._frees = cache(counter("frees", "Requests to free a number", ["status"]).labels)
        self._expired = counter("expired", "Allocations that ran out")
        self._ambiguous = counter("ambiguous_dnids", "DNIDs dialed that fit several numbers")
        self._answers = _Answers()
        registry.register(self._answers)
        self._failed_logins = counter("failed_logins", "Passwords not accepted", ["why"])
        for why in _WHYS:  # there before the first: a rise from nothing is none to Prometheus
            self._failed_logins.labels(why)
        self._foreign = counter("foreign_numbers", "Numbers programs asked for, and have not")
        self._strays = counter("callers_trying_numbers", "Callers who dial number after number")
        self._failed_secrets = counter(
            "failed_secrets", "Keys, tokens and sessions not accepted", ["what", "why"]
        )
        for what, why in product(_SECRETS, _SECRET_WHYS):
            self._failed_secrets.labels(what, why)
        self._turned_away = counter(
            "agi_turned_away", "Connections to FastAGI that were closed as no calls", ["why"]
        )
        for why in _TURNED_AWAY:
            self._turned_away.labels(why)
        named = ["pbx"]
        self._pbx_events = counter("pbx_events", "What came over ARI", named)
        self._pbx_malformed = counter("pbx_malformed_events", "Events not understood", named)
        self._pbx_unread = counter("pbx_unread_numbers", "Calls whose number was not read", named)
        self._pbx_failed = counter("pbx_failed_notes", "Calls not taken note of", named)
        self._pbx_connections = counter("pbx_connections", "How often watching began", named)
        self._pbx_watching = self._gauge("pbx_watching", "1 while its calls are watched", named)
        self._pbx_late = histogram(
            "pbx_event_late_seconds", "How late events are done with", named, buckets=_LATE_SECONDS
        )
        self._directory_up = self._gauge("directory_up", "1 while its PBX can be asked", named)
        self._directory_reads = counter("directory_reads", "How often it was read", named)
        self._directory_age = self._gauge(
            "directory_age_seconds", "How long ago it was read", named
        )
        self._extensions = self._gauge(
            "directory_extensions", "Extensions that a PBX knows", ["pbx", "type"]
        )
        self._nodes_alive = self._gauge("nodes_alive", "Nodes of the store that are not silent")
        self._node_age = self._gauge(
            "node_age_seconds", "How long ago a node was seen, the latest of its name", ["node"]
        )
        self._numbers = self._gauge(
            "numbers",
            "Enabled numbers by what they are now",
            ["environment", "application", "state"],
        )
        of_pool = ["environment", "application"]
        self._blocking = self._gauge(
            "blocking_ratio", "Share of interactions refused at the last hour's load", of_pool
        )
        self._dry = self._gauge(
            "pool_dry_seconds", "When nothing is free at the present rate; +Inf: never", of_pool
        )
        self._warnings = self._gauge(
            "pool_warning",
            "1 while the log and the console warn of it: it runs dry, or is small",
            [*of_pool, "reason"],
        )

    def retrieved(self, status: str, seconds: float) -> None:
        """Count a call's retrieval, which took *seconds*."""
        self._retrievals(status).inc()
        self._retrieval_seconds.observe(seconds)

    def unavailable(self, script: str, code: str) -> None:
        """Count a call that was told UNAVAILABLE."""
        self._unavailable.labels(script, code).inc()

    def untold(self, script: str) -> None:
        """Count a call that was gone before it was told."""
        self._untold.labels(script).inc()

    def foreign_number(self) -> None:
        """Count a number that a program has asked for, and that its pool has not."""
        self._foreign.inc()

    def tries_numbers(self) -> None:
        """Count a caller who has dialed many numbers that wait for nobody."""
        self._strays.inc()

    def turned_away(self, why: str) -> None:
        """Count a connection to FastAGI that was closed: a stranger's, one too many, a silent."""
        self._turned_away.labels(why).inc()

    def allocated(self, how: str) -> None:
        """Count a number that was lent, and how: allocated, renewed, lent early, replaced."""
        self._allocations(how).inc()

    def exhausted(self) -> None:
        """Count an interaction for which there was no number."""
        self._exhausted.inc()

    def quota_reached(self, quota: str) -> None:
        """Count an interaction that was refused a number for the application's quota."""
        self._quotas.labels(quota).inc()

    def freed(self, status: str) -> None:
        """Count a request to free a number."""
        self._frees(status).inc()

    def expired(self) -> None:
        """Count an allocation that ran out."""
        self._expired.inc()

    def ambiguous(self) -> None:
        """Count a DNID that fits several numbers."""
        self._ambiguous.inc()

    def answered(self, path: str, status: int, seconds: float) -> None:
        """Count a request; *path* is the route's, so there are only as many as routes."""
        self._answers.add(path, status, seconds)

    def login_failed(self, why: str) -> None:
        """Count a password that was wrong, or not looked at for too many others."""
        self._failed_logins.labels(why).inc()

    def secret_failed(self, what: str, why: str) -> None:
        """Count a key, a token or a session that was no good, or not looked up for too many."""
        self._failed_secrets.labels(what, why).inc()

    def numbers(self, counts: Mapping[tuple[str, str, str], int]) -> None:
        """Take note of how many numbers an application's pool has in each state."""
        self._numbers.clear()
        for labels, count in counts.items():
            self._numbers.labels(*labels).set(count)

    def nodes(self, alive: int, ages: Mapping[str, float]) -> None:
        """Take note of how many nodes are alive, and how many seconds ago each was seen."""
        self._nodes_alive.set(alive)
        self._node_age.clear()
        for name, age in ages.items():
            self._node_age.labels(name).set(age)

    def pools(self, standings: Iterable[tuple[str, str, float, float]]) -> None:
        """Take note of each pool's (environment, application) blocking and seconds until dry."""
        self._blocking.clear()
        self._dry.clear()
        for environment, application, blocking, dry in standings:
            self._blocking.labels(environment, application).set(blocking)
            self._dry.labels(environment, application).set(dry)

    def pool_warnings(self, warnings: Iterable[tuple[str, str, str, bool]]) -> None:
        """Take note of what each pool (environment, application) may be warned of, and is."""
        self._warnings.clear()
        for environment, application, reason, is_so in warnings:
            self._warnings.labels(environment, application, reason).set(is_so)

    def pbx(self, name: str) -> PbxMetrics:
        """Give what is counted of one PBX."""
        return PbxMetrics(
            events=self._pbx_events.labels(name),
            malformed=self._pbx_malformed.labels(name),
            unread=self._pbx_unread.labels(name),
            failed=self._pbx_failed.labels(name),
            connections=self._pbx_connections.labels(name),
            watching=self._pbx_watching.labels(name),
            late=self._pbx_late.labels(name),
        )

    def directory_read(self, pbx: str, extensions: Mapping[str, int]) -> None:
        """Count a reading of a PBX's directory, and take note of how many of each type it has."""
        self._directory_up.labels(pbx).set(1)
        self._directory_reads.labels(pbx).inc()
        for kind, count in extensions.items():
            self._extensions.labels(pbx, kind).set(count)

    def directory_lost(self, pbx: str) -> None:
        """Take note that a PBX's directory cannot be read."""
        self._directory_up.labels(pbx).set(0)

    def directory_age(self, pbx: str, seconds: Callable[[], float]) -> None:
        """Show how old a PBX's directory is when Prometheus asks; NaN: it was never read."""
        self._directory_age.labels(pbx).set_function(seconds)

    def gauge(self, name: str, what: str, value: Callable[[], float]) -> None:
        """Show *value* as it is when Prometheus asks."""
        self._gauge(name, what).set_function(value)

    def text(self) -> bytes:
        """Write everything as Prometheus reads it."""
        return generate_latest(self._registry)


class _Answers(Collector):
    """Requests over HTTP, counted at a tenth of what the library's own labels and locks cost each.

    Counted in the event loop's thread only, which is also where Prometheus is answered.
    """

    def __init__(self) -> None:
        self._counts: Counts[tuple[str, int]] = Counts()
        self._took = [0] * (len(_REQUEST_SECONDS) + 1)
        self._seconds = 0.0

    def add(self, path: str, status: int, seconds: float) -> None:
        self._counts[path, status] += 1
        self._took[bisect_left(_REQUEST_SECONDS, seconds)] += 1
        self._seconds += seconds

    def collect(self) -> Iterator[Metric]:
        counted = CounterMetricFamily(
            f"{_NAMESPACE}_http_requests", "Requests over HTTP", labels=["path", "status"]
        )
        for (path, status), count in self._counts.items():
            counted.add_metric([path, str(status)], count)
        yield counted
        bounds = [*map(str, _REQUEST_SECONDS), "+Inf"]
        buckets = list(zip(bounds, accumulate(self._took), strict=True))
        yield HistogramMetricFamily(
            f"{_NAMESPACE}_http_request_seconds",
            "How long they took",
            buckets=buckets,
            sum_value=self._seconds,
        )
