"""Builds `docs/metrics.md` from the catalogue and the closed label sets."""

from collections.abc import Iterable
from typing import get_args

from gateway.observability.audit.outcome import Result, Scheme
from gateway.observability.metrics.catalogue import METRICS, Metric
from gateway.observability.metrics.labels import ISSUER_REQUEST_KINDS, MCP_METHODS, STREAM_ENDS
from gateway.observability.reasons import (
    AUTHENTICATION_REASONS,
    AUTHORIZATION_REASONS,
    OTHER,
    UPSTREAM_REASONS,
)

_INTRODUCTION = """\
# Metrics

`GET /metrics` on the admin listener, in the Prometheus text format or, where the scraper asks for
it, OpenMetrics. `server` and `issuer` are names from your configuration; every other label has
its values from a closed set, so no caller can make new series. No label ever holds a subject, an
e-mail address, a client id, a session id, an address, a tool name or an error text.

This page is made by `python -m gateway.observability.metrics.catalogue_page`; a test compares.
"""

_QUESTIONS = """\
## Questions and queries

Who is kept out, and why; a missing token is every client's first request, expiry is daily life:

```promql
sum by (reason) (rate(mcpgw_auth_decisions_total{decision="deny", reason!~"missing|expired"}[5m]))
```

What the gateway itself adds, 99th percentile by server:

```promql
histogram_quantile(0.99, sum by (server, le) (rate(mcpgw_gateway_overhead_seconds_bucket[5m])))
```

How old the keys of each issuer are, in seconds:

```promql
time() - mcpgw_jwks_last_success_timestamp_seconds
```

Which issuer does not answer, so that new callers get 503:

```promql
sum by (issuer, kind) (rate(mcpgw_issuer_requests_total{result!="ok"}[5m])) > 0
```

How often a remembered verdict is enough:

```promql
sum(rate(mcpgw_token_cache_requests_total{result="hit"}[5m]))
  / sum(rate(mcpgw_token_cache_requests_total[5m]))
```
"""


def metrics_page() -> str:
    """Build the whole page."""
    labels = {
        "server": ["a configured name", "`_unrouted` when the request reached no server"],
        "method": ["`_none` when no message was read", "`_other`", *_code(MCP_METHODS)],
        "reason of `mcpgw_auth_decisions_total`": _code(["ok", *AUTHENTICATION_REASONS]),
        "reason of `mcpgw_authz_decisions_total`": _code(["rule_allow", *AUTHORIZATION_REASONS]),
        "reason of `mcpgw_upstream_errors_total`": _code([*UPSTREAM_REASONS, OTHER]),
        "outcome": _code(get_args(Result)),
        "decision": _code(["allow", "deny", "error"]),
        "scheme": _code(get_args(Scheme)),
        "kind": _code(ISSUER_REQUEST_KINDS),
        "result of `mcpgw_issuer_requests_total`": _code(["ok", "failed", "refused"]),
        "reason of `mcpgw_streams_ended_total`": _code(STREAM_ENDS),
        "result of `mcpgw_token_cache_requests_total`": _code(["hit", "miss", "negative"]),
        "result of `mcpgw_jwks_fetches_total`": _code(["ok", "failed"]),
    }
    sets = "".join(f"- **{label}**: {', '.join(values)}\n" for label, values in labels.items())
    return f"{_INTRODUCTION}\n{_table()}\n## Label values\n\n{sets}\n{_buckets()}\n{_QUESTIONS}"


def _table() -> str:
    rows = "".join(
        f"| `{metric.full_name}` | {metric.kind} | {_labels(metric)} | {metric.help} |\n"
        for metric in METRICS
    )
    return f"| metric | type | labels | meaning |\n|---|---|---|---|\n{rows}"


def _labels(metric: Metric) -> str:
    return ", ".join(_code(metric.labels)) or "none"


def _buckets() -> str:
    histograms = [metric for metric in METRICS if metric.kind == "histogram"]
    rows = [f"- `{metric.full_name}`: {_bounds(metric)}\n" for metric in histograms]
    return "## Buckets, in seconds\n\n" + "".join(rows)


def _bounds(metric: Metric) -> str:
    return ", ".join(f"{bound:g}" for bound in metric.buckets)


def _code(values: Iterable[str]) -> list[str]:
    return [f"`{value}`" for value in values]


if __name__ == "__main__":
    print(metrics_page(), end="")  # noqa: T201  # the page is what this prints
