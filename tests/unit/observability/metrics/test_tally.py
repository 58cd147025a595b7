"""Where requests of one kind are counted."""

from collections import defaultdict

from gateway.observability.metrics.instruments import HistogramCell, LabelValues
from gateway.observability.metrics.tally import Tally


def test_every_series_is_raised_by_each_request() -> None:
    one: defaultdict[LabelValues, float] = defaultdict(float)
    other: defaultdict[LabelValues, float] = defaultdict(float)
    tally = Tally([(one, ("a",)), (one, ("b",)), (other, ())])

    tally.add(0.1, 0.0, 0.0)
    tally.add(0.1, 0.0, 0.0)

    assert (one, other) == ({("a",): 2, ("b",): 2}, {(): 2})


def test_each_time_is_counted_where_it_belongs() -> None:
    duration, auth, upstream, overhead = (HistogramCell([1.0]) for _ in range(4))

    Tally([], duration, auth, upstream, overhead).add(2.0, 0.25, 0.5)

    totals = [each.total for each in (duration, auth, upstream, overhead)]
    assert totals == [2.0, 0.25, 0.5, 1.5]


def test_the_upstream_is_told_of() -> None:
    told = []

    Tally([], tell_upstream=lambda: told.append("asked")).add(0.1, 0.0, 0.1)

    assert told == ["asked"]
