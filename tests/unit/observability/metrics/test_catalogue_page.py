from pathlib import Path

from gateway.observability.metrics.catalogue import METRICS
from gateway.observability.metrics.catalogue_page import metrics_page

PAGE = Path(__file__).parents[4] / "docs" / "metrics.md"


def test_documentation_is_what_the_code_makes() -> None:
    assert PAGE.read_text(encoding="utf-8") == metrics_page()


def test_page_names_every_metric() -> None:
    page = metrics_page()

    assert not [metric.name for metric in METRICS if f"`{metric.full_name}`" not in page]
