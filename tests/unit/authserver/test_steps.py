import logging
import re
from pathlib import Path

import pytest

from gateway.authserver import clients
from gateway.authserver.steps import ADVICE, Step, Steps
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


@pytest.mark.parametrize("path", ["document_fetch.py", "metadata_document.py"])
def test_operators_are_told_what_to_do_about_every_document(path: str) -> None:
    source = (Path(clients.__path__[0]) / path).read_text(encoding="utf-8")

    reasons = re.findall(r'reason="(client_document_\w+)"', source)

    assert reasons
    assert set(reasons) <= ADVICE.keys()
