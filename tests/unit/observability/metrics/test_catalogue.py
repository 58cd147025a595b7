import re

from gateway.observability.metrics.catalogue import METRICS

# operations and privacy: what must never become a label
NEVER = {"subject", "sub", "email", "client_id", "session", "tool", "name", "address", "uri"}


def test_every_metric_has_the_prefix_and_a_help_text() -> None:
    assert all(metric.full_name == f"mcpgw_{metric.name}" for metric in METRICS)
    assert all(metric.help.endswith(".") for metric in METRICS if metric.name != "build_info")


def test_names_are_unique_and_carry_their_unit() -> None:
    names = [metric.name for metric in METRICS]

    assert len(names) == len(set(names))
    assert all(m.name.endswith("_total") == (m.kind == "counter") for m in METRICS)
    assert all(m.name.endswith("_seconds") for m in METRICS if m.kind == "histogram")
    assert all(re.fullmatch(r"[a-z_]+", name) for name in names)


def test_no_metric_is_labelled_with_who_or_what_a_caller_names() -> None:
    assert not NEVER.intersection(label for metric in METRICS for label in metric.labels)


def test_no_histogram_has_more_than_two_labels() -> None:
    """Each combination is some twenty series: per tool they would stall every scrape."""
    assert all(len(metric.labels) <= 2 for metric in METRICS if metric.kind == "histogram")


def test_buckets_ascend() -> None:
    histograms = [metric for metric in METRICS if metric.kind == "histogram"]

    assert all(list(metric.buckets) == sorted(set(metric.buckets)) for metric in histograms)
    assert all(bool(m.buckets) == (m.kind == "histogram") for m in METRICS)
