"""From the record of a request to what is told of it."""

import msgspec
import pytest

from gateway.app.outcome import outcome_of, own_part_of
from gateway.errors import InvalidToken, UpstreamTimeout
from gateway.identity.principal import Principal
from gateway.mcp.operation import Operation
from gateway.observability.audit.line_template import own_part
from gateway.proxy.gate.record import RequestRecord


def test_a_record_becomes_one_outcome() -> None:
    record = RequestRecord("POST")
    record.address, record.status = "192.0.2.1", 200
    record.principal = Principal("https://idp", "ada", client_id="cli")
    record.operation = Operation("tools/call", "add")

    outcome = outcome_of(record)

    assert (outcome.decision, outcome.reason) == ("allow", "ok")
    assert (outcome.subject, outcome.client_id, outcome.mcp_method) == ("ada", "cli", "tools/call")


@pytest.mark.parametrize(
    ("error", "decision", "reason"),
    [
        (InvalidToken("No.", reason="expired"), "deny", "expired"),
        (UpstreamTimeout("Late."), "error", "timeout"),
    ],
)
def test_an_error_says_who_is_to_blame(
    error: InvalidToken | UpstreamTimeout, decision: str, reason: str
) -> None:
    record = RequestRecord("POST")
    record.reason, record.status = error.reason, error.status

    outcome = outcome_of(record)

    assert (outcome.decision, outcome.reason) == (decision, reason)


def test_the_own_part_is_that_of_the_outcome() -> None:
    record = RequestRecord("POST")
    record.message_id, record.sent_request_id, record.bytes_in = "seven", "req-1111-1111", 9
    record.auth_s, record.upstream_s, record.bytes_out = 0.1, 0.2, 8
    record.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    outcome = outcome_of(record)

    own = own_part_of(record, outcome.duration_s)

    assert msgspec.to_builtins(own) == msgspec.to_builtins(own_part(outcome))
