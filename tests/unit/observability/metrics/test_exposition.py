from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client import Histogram as PeerHistogram

from gateway.observability.metrics.catalogue import HTTP_REQUESTS, OVERHEAD
from gateway.observability.metrics.exposition import (
    counter_family,
    gauge_family,
    histogram_family,
    named_gauge,
)
from gateway.observability.metrics.instruments import Counter, Histogram


def test_value_on_a_bound_belongs_to_its_bucket() -> None:
    """Prometheus: `le` is "less than or equal"."""
    histogram = Histogram(OVERHEAD)

    histogram.cell("files").observe(0.0001)

    buckets = {
        s.labels["le"]: s.value for s in histogram_family(histogram).samples if "le" in s.labels
    }
    assert buckets["5e-05"] == 0
    assert buckets["0.0001"] == 1
    assert buckets["+Inf"] == 1


@given(st.lists(st.floats(min_value=0, max_value=1)))
def test_histogram_agrees_with_that_of_prometheus_client(values: list[float]) -> None:
    ours = Histogram(OVERHEAD)
    theirs = PeerHistogram(
        OVERHEAD.full_name,
        OVERHEAD.help,
        ["server"],
        buckets=OVERHEAD.buckets,
        registry=CollectorRegistry(),
    )
    for value in values:
        ours.cell("files").observe(value)
        theirs.labels("files").observe(value)

    peer = {(s.name, s.labels.get("le")): s.value for f in theirs.collect() for s in f.samples}
    own = {(s.name, s.labels.get("le")): s.value for s in histogram_family(ours).samples}
    assert own.items() <= peer.items()


def test_prepared_counter_shows_a_zero() -> None:
    counter = Counter(HTTP_REQUESTS)

    counter.prepare("files", "GET", "200")

    assert [sample.value for sample in counter_family(counter).samples] == [0]


def test_counter_counts_by_labels() -> None:
    counter = Counter(HTTP_REQUESTS)

    counter.increment("files", "GET", "200")
    counter.increment("files", "GET", "200")
    counter.increment("files", "POST", "200")

    assert [sample.value for sample in counter_family(counter).samples] == [2, 1]


def test_named_gauge_is_a_gauge_with_one_label() -> None:
    assert named_gauge(OVERHEAD, {"files": 1}) == gauge_family(OVERHEAD, {("files",): 1})
