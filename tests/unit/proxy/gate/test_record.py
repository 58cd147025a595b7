"""The record of one request."""

import pytest

from gateway.proxy.gate.record import RequestRecord, harmless_request_id, new_request_id


def test_a_harmless_request_id_is_kept() -> None:
    assert harmless_request_id("a1b2-c3d4_5.6") == "a1b2-c3d4_5.6"


@pytest.mark.requirement("O5")
@pytest.mark.parametrize(
    "sent", [None, "", "short", "x" * 65, "a b c d e f", "a\r\nX: 1", "<script>abc"]
)
def test_any_other_is_forgotten(sent: str | None) -> None:
    assert harmless_request_id(sent) is None


@pytest.mark.requirement("U11")
def test_the_gateways_own_id_is_never_the_clients() -> None:
    record = RequestRecord("POST")
    record.sent_request_id = "trace-me-123"

    assert record.request_id != new_request_id()
    assert len(record.request_id) == 16
    assert record.wire_id == "trace-me-123"
