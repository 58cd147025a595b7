"""Where numbers are kept between scrapes.

prometheus_client's own cells lock and loop: 0.46 µs an increment and 0.91 µs an observation,
against 0.15 and 0.20 here. One thread, the event loop's, writes and scrapes.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

from prometheus_client import Metric as Family
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.utils import floatToGoString

from gateway.observability.metrics.catalogue import Metric

LabelValues = tuple[str, ...]


class HistogramCell:
    """One label combination of a histogram: counts per bucket and the sum."""

    __slots__ = ("_bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count a value in the first bucket whose upper bound holds it."""
        self.counts[bisect_left(self._bounds, value)] += 1
        self.total += value


class Histogram:
    """The cells of one histogram; a cell is made at its first use."""

    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        self.cells: dict[LabelValues, HistogramCell] = {}
        self._bounds = [*map(floatToGoString, metric.buckets), "+Inf"]

    def cell(self, *labels: str) -> HistogramCell:
        """Give the cell of these label values."""
        found = self.cells.get(labels)
        if found is None:
            found = self.cells[labels] = HistogramCell(self.metric.buckets)
        return found

    def family(self) -> Family:
        """Build what a scrape shows."""
        family = HistogramMetricFamily(
            self.metric.full_name, self.metric.help, labels=self.metric.labels
        )
        for labels, cell in self.cells.items():
            buckets = list(zip(self._bounds, accumulate(cell.counts), strict=True))
            family.add_metric(labels, buckets, cell.total)
        return family


class Counter:
    """The counts of one counter by label values. Hot paths add to `counts` themselves."""

    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        self.counts: defaultdict[LabelValues, float] = defaultdict(float)

    def prepare(self, *labels: str) -> None:
        """Show a zero, so that the first event is an increase and not a new series."""
        self.counts[labels] += 0

    def increment(self, *labels: str) -> None:
        """Count one."""
        self.counts[labels] += 1

    def family(self) -> Family:
        """Build what a scrape shows."""
        family = CounterMetricFamily(
            self.metric.full_name, self.metric.help, labels=self.metric.labels
        )
        for labels, count in self.counts.items():
            family.add_metric(labels, count)
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


def families(cells: Sequence[Counter | Histogram]) -> Iterator[Family]:
    """Build every family in its order."""
    return (cell.family() for cell in cells)
