import pytest

from gateway.observability.audit.outcome import Result
from gateway.observability.metrics.labels import CODE_LABELS, METHOD_LABELS, UNROUTED, result_of


@pytest.mark.parametrize(
    ("status", "reason", "result"),
    [
        (200, "ok", "ok"),
        (404, "ok", "jsonrpc_error"),
        (401, "missing", "denied"),
        (403, "scope_missing", "denied"),
        (503, "idp_unavailable", "gateway_error"),
        (400, "parse_error", "invalid"),
        (502, "unreachable", "upstream_error"),
        (500, "internal", "gateway_error"),
        (500, "a new word", "gateway_error"),
    ],
)
def test_end_of_a_request_is_one_word(status: int, reason: str, result: Result) -> None:
    assert result_of(reason, status) == result


@pytest.mark.requirement("U11")
def test_end_of_an_answered_request_is_what_the_answer_says() -> None:
    assert result_of("ok", 200, answer="tool_error") == "tool_error"


def test_client_that_is_gone_got_no_answer() -> None:
    assert result_of("ok", 200, client_gone=True, answer="tool_error") == "client_gone"


def test_client_that_left_before_an_answer_is_a_499() -> None:
    assert CODE_LABELS[0] == "499"


def test_method_that_is_not_known_has_no_label_of_its_own() -> None:
    assert METHOD_LABELS.get("tools/call") == "tools/call"
    assert METHOD_LABELS.get("tools/call2") is None
    assert METHOD_LABELS[None] == "_none"


def test_label_for_no_server_is_no_server_name() -> None:
    assert not UNROUTED[0].isalpha()
