"""The record of one request."""

import pytest

from gateway.proxy.visit import request_id


def test_a_harmless_request_id_is_kept() -> None:
    assert request_id("a1b2-c3d4_5.6") == "a1b2-c3d4_5.6"


@pytest.mark.requirement("O5")
@pytest.mark.parametrize(
    "sent", [None, "", "short", "x" * 65, "a b c d e f", "a\r\nX: 1", "<script>abc"]
)
def test_any_other_is_replaced(sent: str | None) -> None:
    made = request_id(sent)

    assert made != sent
    assert len(made) == 16
