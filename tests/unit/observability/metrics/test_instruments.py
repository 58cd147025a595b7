from gateway.observability.metrics.catalogue import OVERHEAD
from gateway.observability.metrics.instruments import Histogram


def test_cell_is_made_once() -> None:
    histogram = Histogram(OVERHEAD)

    assert histogram.cell("files") is histogram.cell("files")
