"""What Prometheus sees: every number as prometheus_client's registry wants it.

Apart from the numbers, so that a start need not wait for prometheus_client.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client import Metric as Family
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from gateway.observability.metrics import catalogue
from gateway.observability.metrics.catalogue import Metric
from gateway.observability.metrics.instruments import Counter, Histogram, LabelValues
from gateway.observability.metrics.metrics import Metrics


def registry_of(metrics: Metrics) -> CollectorRegistry:
    """Build one registry with everything in it, of the process too."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(MetricsCollector(metrics))
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    return registry


class MetricsCollector(Collector):
    """Turns the numbers into families, at each scrape."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def describe(self) -> Iterable[Family]:
        """Name nothing beforehand: the catalogue's test keeps names unique."""
        return ()

    def collect(self) -> Iterator[Family]:
        """Build what a scrape shows, in the catalogue's order."""
        numbers = self._metrics
        yield from _families([numbers.http_requests, numbers.auth_decisions])
        yield from _families([numbers.authz_decisions, numbers.shadow_denials])
        yield from _families([numbers.rate_limited, numbers.shared_limit_failures])
        yield from _families([numbers.mcp_requests, numbers.request_duration])
        yield from _families([numbers.auth_duration, numbers.upstream_duration, numbers.overhead])
        yield from self._server_gauges()
        yield from _families([numbers.upstream_errors, numbers.token_cache, numbers.jwks_fetches])
        yield from _families([numbers.issuer_requests, numbers.streams_ended])
        yield from _families([numbers.sessions_started, numbers.sessions_ended])
        yield histogram_family(numbers.session_duration)
        yield from self._issuer_gauges()
        yield from self._process_gauges()

    def _server_gauges(self) -> Iterator[Family]:
        servers = self._metrics.servers.values()
        in_flight = {server.name: server.in_flight for server in servers}
        yield named_gauge(catalogue.IN_FLIGHT, in_flight)
        sessions = {server.name: server.sessions_open() for server in servers}
        yield named_gauge(catalogue.SESSIONS_OPEN, sessions)
        streams = {server.name: server.streams_open for server in servers}
        yield named_gauge(catalogue.STREAMS_OPEN, streams)
        up = {s.name: s.upstream_up for s in servers if s.upstream_up is not None}
        yield named_gauge(catalogue.UPSTREAM_UP, up)

    def _issuer_gauges(self) -> Iterator[Family]:
        issuers = self._metrics.issuers
        states = [state for state in self._metrics.issuer_states() if state.name in issuers]
        fetched = {s.name: s.last_success_at for s in states if s.last_success_at is not None}
        yield named_gauge(catalogue.JWKS_LAST_SUCCESS, fetched)
        keys = {state.name: state.keys for state in states if state.keys is not None}
        yield named_gauge(catalogue.JWKS_KEYS, keys)
        circuits: dict[LabelValues, float] = {
            (state.name, kind): float(is_open)
            for state in states
            for kind, is_open in state.open_circuits.items()
        }
        yield gauge_family(catalogue.ISSUER_CIRCUIT_OPEN, circuits)

    def _process_gauges(self) -> Iterator[Family]:
        count, is_current = self._metrics.revocations()
        yield gauge_family(catalogue.REVOCATIONS, {(): float(count)})
        yield gauge_family(catalogue.REVOCATIONS_CURRENT, {(): float(is_current)})
        reload = self._metrics.reload
        if reload:
            yield gauge_family(catalogue.RELOAD_SUCCESSFUL, {(): reload["successful"]})
        if "time" in reload:
            yield gauge_family(catalogue.RELOAD_TIME, {(): reload["time"]})
        yield named_gauge(catalogue.INSECURE_SETTINGS, dict.fromkeys(self._metrics.insecure, 1))
        yield from _families([self._metrics.login_steps])
        yield counter_family(self._metrics.audit_losses)
        yield gauge_family(catalogue.BUILD, {self._metrics.build: 1.0})


def counter_family(counter: Counter) -> Family:
    """Build what a scrape shows of a counter."""
    metric = counter.metric
    family = CounterMetricFamily(metric.full_name, metric.help, labels=metric.labels)
    for labels, count in counter.counts.items():
        family.add_metric(labels, count)
    return family


def histogram_family(histogram: Histogram) -> Family:
    """Build what a scrape shows of a histogram."""
    metric = histogram.metric
    family = HistogramMetricFamily(metric.full_name, metric.help, labels=metric.labels)
    bounds = [*map(floatToGoString, metric.buckets), "+Inf"]
    for labels, cell in histogram.cells.items():
        buckets = list(zip(bounds, accumulate(cell.counts), strict=True))
        family.add_metric(labels, buckets, cell.total)
    return family


def gauge_family(metric: Metric, values: Mapping[LabelValues, float]) -> Family:
    """Build a gauge from its values of this moment."""
    family = GaugeMetricFamily(metric.full_name, metric.help, labels=metric.labels)
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family


def named_gauge(metric: Metric, values: Mapping[str, float]) -> Family:
    """Build a gauge with one label."""
    return gauge_family(metric, {(name,): value for name, value in values.items()})


def _families(instruments: Sequence[Counter | Histogram]) -> Iterator[Family]:
    for each in instruments:
        yield counter_family(each) if isinstance(each, Counter) else histogram_family(each)
