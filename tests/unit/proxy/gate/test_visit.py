"""The record of one request."""

import pytest

from gateway.proxy.gate.visit import Visit, harmless_request_id, new_request_id


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
    visit = Visit("POST")
    visit.sent_request_id = "trace-me-123"

    assert visit.request_id != new_request_id()
    assert len(visit.request_id) == 16
    assert visit.wire_id == "trace-me-123"
