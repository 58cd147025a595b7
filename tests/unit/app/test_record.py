"""What is told about each record."""

import json
from pathlib import Path

import pytest

from gateway.app.record import FULL, Observers
from gateway.observability.audit.audit import AuditLog
from gateway.observability.metrics.metrics import Metrics
from tests.support.rig import running_rig


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
