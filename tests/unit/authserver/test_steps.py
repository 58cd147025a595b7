import logging

import pytest

from gateway.authserver.steps import Step, Steps
from gateway.oauth.errors import InvalidGrant


def test_failure_is_logged_with_advice_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    told: list[tuple[Step, str]] = []
    steps = Steps(lambda step, reason: told.append((step, reason)))

    with caplog.at_level(logging.WARNING):
        steps.failed("token", InvalidGrant("no", reason="code_reused"), "c" * 500, "r-1")
    steps.done("token")

    (record,) = caplog.records
    assert told == [("token", "code_reused"), ("token", "ok")]
    assert record.__dict__["client_id"] == "c" * 64
    assert record.__dict__["request_id"] == "r-1"
    assert "a code came twice" in record.__dict__["advice"]


def test_reason_without_advice_is_logged_too(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        Steps().failed("token", InvalidGrant("no", reason="unheard"), "", "")

    assert "advice" not in caplog.records[0].__dict__
