"""What is remembered of requests that ended alike tells of each what is true of it."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import generate_latest

from gateway.app.kinds import RequestKinds, line_of
from gateway.app.outcome import outcome_of
from gateway.identity.principal import Principal
from gateway.mcp.answer import Answer
from gateway.mcp.message import Message
from gateway.mcp.operation import Operation, operation_of
from gateway.observability.audit.audit import audit_line
from gateway.observability.metrics.exposition import registry_of
from gateway.observability.metrics.metrics import Metrics
from gateway.proxy.gate.record import RequestRecord
from gateway.refusal_facts import Claimed

Change = Callable[[Any], object]
ADA = Principal("https://idp", "ada", client_id="cli")
CALL = Message("request", "tools/call", 1, "add", None, "tool")


def setting(**values: object) -> Change:
    def change(record: Any) -> None:
        for name, value in values.items():
            setattr(record, name, value)

    return change


CHANGES: dict[str, Change] = {
    "nothing": setting(),
    "status": setting(status=202),
    "reason": setting(reason="expired", status=401),
    "limited": setting(reason="rate_limited", status=429),
    "unreachable": setting(reason="unreachable", status=502),
    "credential": setting(reason="credential_refused", status=502),
    "internal": setting(reason="internal", status=500),
    "nobody": setting(principal=None),
    "nobody refused": setting(principal=None, reason="foreign_origin", status=403),
    "claimed": setting(
        principal=None, claimed=Claimed("https://idp", "eve", "cli", verified=False)
    ),
    "vouched": setting(principal=None, claimed=Claimed("https://idp", "eve", "cli", verified=True)),
    "subject": setting(principal=Principal("https://idp", "bob", client_id="cli")),
    "issuer": setting(principal=Principal("https://other", "ada", client_id="cli")),
    "client": setting(principal=Principal("https://idp", "ada", client_id="other")),
    "scheme": setting(principal=Principal("https://idp", "ada", client_id="cli", scheme="api_key")),
    "method": setting(operation=Operation("tools/list")),
    "unread": setting(operation=None),
    "name": setting(operation=Operation("tools/call", "sub")),
    "secret name": setting(operation=Operation("tools/call", "eyJhbGciOi.eyJzdWIi.sig")),
    "long name": setting(operation=Operation("tools/call", "x" * 5000)),
    "foreign name": setting(operation=Operation("tools/call", "na\u202eïve")),
    "accepted": setting(operation=operation_of([CALL], None), status=202),
    "address": setting(address="192.0.2.2"),
    "host": setting(host="other.example"),
    "streamed": setting(streamed=True),
    "gone": setting(client_gone=True),
    "ended": setting(ended="expired", streamed=True),
    "rule": setting(rule="rules[0]"),
    "shadow": setting(would_deny="group_missing"),
    "session": setting(session=SimpleNamespace(name="abc")),
    "tool error": setting(answer=Answer("tool_error")),
    "error code": setting(answer=Answer("jsonrpc_error", -32601)),
    "unread answer": setting(answer=Answer("unread")),
    "seen": setting(upstream_seen="status 500", reason="content_type", status=502),
    "get": setting(http_method="GET"),
    "other verb": setting(http_method="BREW"),
    "preflight": setting(http_method="OPTIONS"),
    "cache": setting(cache_result="hit"),
    "not authenticated": setting(auth_s=0.0),
    "not sent": setting(upstream_s=0.0),
    "own values": setting(
        request_id="fedcba9876543210",
        message_id="seven",
        sent_request_id="req-2222-2222",
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        bytes_in=9,
        bytes_out=8,
        auth_s=0.5,
        upstream_s=0.7,
        began_at=1763910001.5,
    ),
    "secret id": setting(message_id="Bearer eyJhbGciOi.eyJzdWIi.sig"),
    "control in id": setting(message_id="a\x7f\u202eb"),
    "long id": setting(message_id="i" * 5000),
}


def a_record(metrics: Metrics, change: Change) -> RequestRecord:
    kept = RequestRecord("POST")
    record: Any = kept
    record.route = SimpleNamespace(name="files", metrics=metrics.server("files"))
    record.principal, record.operation = ADA, Operation("tools/call", "add")
    record.address, record.status, record.message_id = "192.0.2.1", 200, 1
    record.auth_s, record.upstream_s, record.began_at = 0.001, 0.01, 1763910000.25
    record.request_id, record.host = "0123456789abcdef", "files.example"
    change(record)
    return kept


def some_metrics() -> Metrics:
    return Metrics(["files"], ["corp"], "1.2.3")


@pytest.mark.requirement("20")
@pytest.mark.parametrize("changed", CHANGES)
def test_a_line_says_what_it_would_say_if_nothing_were_remembered(changed: str) -> None:
    metrics, kinds = some_metrics(), RequestKinds()
    lines = []

    for each in ("nothing", changed, "nothing", changed):
        record = a_record(metrics, CHANGES[each])
        kind = kinds.find(record, metrics.server("files"))
        lines.append(json.loads(line_of(kind, record, 0.25)))
        expected = json.loads(audit_line(outcome_of(record))) | {"duration_s": 0.25}
        assert lines[-1] | {"duration_s": 0.25} == expected

    assert lines[0] == lines[2]


@pytest.mark.parametrize("changed", CHANGES)
def test_what_is_remembered_is_counted_where_it_would_be_otherwise(changed: str) -> None:
    remembering, forgetting, kinds = some_metrics(), some_metrics(), RequestKinds()

    for each in ("nothing", changed, "nothing", changed):
        record = a_record(remembering, CHANGES[each])
        kind = kinds.find(record, remembering.server("files"))
        kind.tally.add(0.0, record.auth_s, record.upstream_s)
        server = forgetting.server("files")
        server.tally(outcome_of(record), record.cache_result).add(
            0.0, record.auth_s, record.upstream_s
        )

    told = [
        line for line in generate_latest(registry_of(remembering)).splitlines() if b"mcpgw" in line
    ]
    assert told == [
        line for line in generate_latest(registry_of(forgetting)).splitlines() if b"mcpgw" in line
    ]


def test_requests_that_differ_in_their_own_part_only_are_of_one_kind() -> None:
    metrics, kinds = some_metrics(), RequestKinds()
    server = metrics.server("files")

    one = kinds.find(a_record(metrics, CHANGES["nothing"]), server)

    assert kinds.find(a_record(metrics, CHANGES["own values"]), server) is one
    assert one.template is not None


def test_only_so_many_kinds_are_remembered() -> None:
    metrics, kinds = some_metrics(), RequestKinds()
    first = a_record(metrics, CHANGES["nothing"])
    one = kinds.find(first, metrics.server("files"))

    for number in range(3000):
        named = setting(operation=Operation("tools/call", f"tool-{number}"))
        kinds.find(a_record(metrics, named), metrics.server("files"))

    assert len(kinds) <= 2048
    assert kinds.find(first, metrics.server("files")) is not one
