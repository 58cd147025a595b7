import time

import pytest
from prometheus_client import generate_latest
from prometheus_client.exposition import choose_encoder

from gateway.observability.metrics.catalogue import METRICS
from gateway.observability.metrics.exposition import registry_of
from gateway.observability.metrics.labels import MCP_METHODS
from gateway.observability.metrics.metrics import IssuerState, Metrics
from tests.unit.observability.conftest import a_call, sample


def test_good_call_is_counted_in_every_family(metrics: Metrics) -> None:
    metrics.server("files").finished(a_call())

    http = {"server": "files", "http_method": "POST", "code": "200"}
    auth = {"server": "files", "scheme": "jwt", "decision": "allow", "reason": "ok"}
    authz = {"decision": "allow", "reason": "rule_allow"}
    call = {"server": "files", "method": "tools/call"}
    assert sample(metrics, "mcpgw_http_requests_total", **http) == 1
    assert sample(metrics, "mcpgw_auth_decisions_total", **auth) == 1
    assert sample(metrics, "mcpgw_authz_decisions_total", **call, **authz) == 1
    assert sample(metrics, "mcpgw_mcp_requests_total", **call, outcome="ok") == 1
    assert sample(metrics, "mcpgw_request_duration_seconds_sum", **call) == 0.004
    assert sample(metrics, "mcpgw_auth_duration_seconds_count", server="files", scheme="jwt") == 1
    assert sample(metrics, "mcpgw_upstream_duration_seconds_sum", server="files") == 0.003
    assert sample(metrics, "mcpgw_gateway_overhead_seconds_count", server="files") == 1
    assert sample(metrics, "mcpgw_upstream_up", server="files") == 1


def test_missing_token_is_no_jwt_decision(metrics: Metrics) -> None:
    denied = a_call(status=401, decision="deny", reason="missing", subject=None, scheme="none")

    metrics.server("files").finished(denied)

    labels = {"server": "files", "scheme": "none", "decision": "deny", "reason": "missing"}
    assert sample(metrics, "mcpgw_auth_decisions_total", **labels) == 1


def test_caller_without_a_scope_is_authenticated_and_not_authorized(metrics: Metrics) -> None:
    denied = a_call(status=403, decision="deny", reason="scope_missing", mcp_method=None)

    metrics.server("files").finished(denied)

    auth = {"server": "files", "scheme": "jwt", "decision": "allow", "reason": "ok"}
    authz = {"server": "files", "method": "_none", "decision": "deny", "reason": "scope_missing"}
    assert sample(metrics, "mcpgw_auth_decisions_total", **auth) == 1
    assert sample(metrics, "mcpgw_authz_decisions_total", **authz) == 1


def test_unreachable_upstream_is_an_upstream_error_and_down(metrics: Metrics) -> None:
    metrics.server("files").finished(a_call(status=502, reason="unreachable"))

    labels = {"server": "files", "reason": "unreachable"}
    assert sample(metrics, "mcpgw_upstream_errors_total", **labels) == 1
    assert sample(metrics, "mcpgw_upstream_up", server="files") == 0


def test_full_pool_does_not_call_the_upstream_down(metrics: Metrics) -> None:
    metrics.server("files").finished(a_call(status=503, reason="busy"))

    assert sample(metrics, "mcpgw_upstream_up", server="files") is None


def test_request_refused_before_anybody_was_asked_decides_nothing(metrics: Metrics) -> None:
    metrics.server("files").finished(a_call(status=403, reason="foreign_origin", subject=None))

    auth = {"server": "files", "scheme": "jwt", "decision": "allow", "reason": "ok"}
    assert sample(metrics, "mcpgw_auth_decisions_total", **auth) == 0


def test_preflight_is_no_mcp_request(metrics: Metrics) -> None:
    preflight = a_call(http_method="OPTIONS", status=204, subject=None, mcp_method=None)

    metrics.server("files").finished(preflight)

    assert not metrics.mcp_requests.counts


def test_stream_says_nothing_about_overhead(metrics: Metrics) -> None:
    metrics.server("files").finished(a_call(streamed=True, duration_s=600.0))

    assert sample(metrics, "mcpgw_gateway_overhead_seconds_count", server="files") == 0


def test_request_that_reaches_no_server_is_counted_without_one(metrics: Metrics) -> None:
    metrics.unrouted.finished(a_call(server="", status=404, reason="no_route"))

    labels = {"server": "_unrouted", "http_method": "POST", "code": "404"}
    assert sample(metrics, "mcpgw_http_requests_total", **labels) == 1
    assert sample(metrics, "mcpgw_requests_in_flight", server="_unrouted") is None


@pytest.mark.requirement("O6")
def test_nothing_that_a_caller_writes_becomes_a_label(metrics: Metrics) -> None:
    canary = "eyJcanary.canary.canary"
    outcome = a_call(
        http_method=canary,
        status=799,
        reason=canary,
        subject=canary,
        issuer=canary,
        client_id=canary,
        mcp_method=canary,
        name=canary,
        jsonrpc_id=canary,
        address=canary,
    )

    metrics.server("files").finished(outcome)
    metrics.jwks_fetch(canary, canary)

    assert b"canary" not in generate_latest(registry_of(metrics))


def test_gauges_show_what_is_under_way_now(metrics: Metrics) -> None:
    server = metrics.server("mail")
    server.in_flight += 2
    server.streams_open += 1

    assert sample(metrics, "mcpgw_requests_in_flight", server="mail") == 2
    assert sample(metrics, "mcpgw_streams_open", server="mail") == 1
    assert sample(metrics, "mcpgw_requests_in_flight", server="files") == 0


def test_state_of_issuers_is_asked_at_each_scrape(metrics: Metrics) -> None:
    states = [IssuerState("corp", 0, None)]
    metrics.watch_issuers(lambda: states)

    assert sample(metrics, "mcpgw_jwks_last_success_timestamp_seconds", issuer="corp") is None

    states[0] = IssuerState("corp", 2, 1763910000.0)
    assert sample(metrics, "mcpgw_jwks_keys", issuer="corp") == 2
    fetched = sample(metrics, "mcpgw_jwks_last_success_timestamp_seconds", issuer="corp")
    assert fetched == 1763910000.0


def test_fetches_cache_and_losses_are_counted(metrics: Metrics) -> None:
    metrics.jwks_fetch("corp", "ok")
    metrics.jwks_fetch("corp", "anything but ok")
    metrics.server("files").tally(a_call(), "hit").add(0.1, 0.0, 0.0)
    metrics.audit_dropped(3)

    assert sample(metrics, "mcpgw_jwks_fetches_total", issuer="corp", result="ok") == 1
    assert sample(metrics, "mcpgw_jwks_fetches_total", issuer="corp", result="failed") == 1
    assert sample(metrics, "mcpgw_token_cache_requests_total", result="hit") == 1
    assert sample(metrics, "mcpgw_audit_events_dropped_total") == 3


def test_failed_reload_keeps_the_time_of_the_good_one(metrics: Metrics) -> None:
    metrics.config_loaded(ok=True, now=100.0)
    metrics.config_loaded(ok=False, now=200.0)

    assert sample(metrics, "mcpgw_config_last_reload_successful") == 0
    assert sample(metrics, "mcpgw_config_last_reload_success_timestamp_seconds") == 100.0


def test_insecure_settings_are_shown_by_name(metrics: Metrics) -> None:
    metrics.insecure_settings(["insecure_http_public_url"])

    name = "mcpgw_insecure_setting_enabled"
    assert sample(metrics, name, setting="insecure_http_public_url") == 1


def test_every_metric_of_the_catalogue_is_exported(metrics: Metrics) -> None:
    metrics.config_loaded(ok=True, now=100.0)

    text = generate_latest(registry_of(metrics)).decode()

    assert not [m.name for m in METRICS if f"# TYPE {m.full_name} {m.kind}" not in text]
    assert "_created" not in text


def test_openmetrics_is_well_formed(metrics: Metrics) -> None:
    metrics.server("files").finished(a_call())

    encode, _ = choose_encoder("application/openmetrics-text; version=1.0.0")

    assert encode(registry_of(metrics)).endswith(b"# EOF\n")


def test_scrape_of_ten_busy_servers_holds_requests_up_for_little() -> None:
    """Reading the numbers is what happens on the event loop; 5 ms on the machine of 2025."""
    metrics = Metrics([f"s{n}" for n in range(10)], ["corp"], "1.2.3")
    for number in range(10):
        for method in MCP_METHODS[:10]:
            metrics.server(f"s{number}").finished(a_call(mcp_method=method))

    began = time.thread_time()
    families = list(registry_of(metrics).collect())

    assert time.thread_time() - began < 0.05
    assert len(families) > 20
