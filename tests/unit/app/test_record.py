"""What is told about each record."""

import json
from pathlib import Path

import pytest

from gateway.app.record import FULL, Observers, outcome_of
from gateway.errors import InvalidToken, UpstreamTimeout
from gateway.identity.principal import Principal
from gateway.mcp.operation import Operation
from gateway.observability.audit.audit import AuditLog
from gateway.observability.metrics.metrics import Metrics
from gateway.proxy.gate.record import RequestRecord
from tests.support.rig import running_rig


def test_a_visit_becomes_one_record() -> None:
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


@pytest.mark.requirement("20", "O6")
async def test_the_audit_log_tells_of_every_request_and_never_a_token(tmp_path: Path) -> None:
    audit = tmp_path / "audit.jsonl"
    async with running_rig(f"log: {{audit_file: {audit}}}\n") as rig:
        token = rig.token()
        await rig.call(token=token)
        await rig.call(token="e30.e30.e30")  # noqa: S106  # no password

    text = audit.read_text(encoding="utf-8")
    events = [json.loads(line) for line in text.splitlines()]
    assert [event["decision"] for event in events] == ["allow", "deny"]
    assert events[0]["name"] == "whoami"
    assert token not in text


@pytest.mark.requirement("U12")
def test_clients_that_find_the_listener_full_are_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    metrics = Metrics(["files"], [], "1.2.3")
    observers = Observers(metrics, AuditLog(None, print))

    for _ in range(100):
        observers.refused(503, "192.0.2.1")

    assert [record.getMessage() for record in caplog.records] == [FULL]
    assert vars(caplog.records[0])["address"] == "192.0.2.1"
