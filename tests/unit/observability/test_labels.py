import pytest

from gateway.observability.labels import CODE_LABELS, METHOD_LABELS, UNROUTED, mcp_result
from tests.unit.observability.conftest import a_call


@pytest.mark.parametrize(
    ("changes", "result"),
    [
        ({}, "ok"),
        ({"status": 404}, "jsonrpc_error"),
        ({"status": 401, "reason": "missing"}, "denied"),
        ({"status": 403, "reason": "scope_missing"}, "denied"),
        ({"status": 503, "reason": "idp_unavailable"}, "gateway_error"),
        ({"status": 400, "reason": "parse_error"}, "invalid"),
        ({"status": 502, "reason": "unreachable"}, "upstream_error"),
        ({"status": 500, "reason": "internal"}, "gateway_error"),
        ({"status": 500, "reason": "a new word"}, "gateway_error"),
        ({"status": 200, "client_gone": True}, "client_gone"),
    ],
)
def test_end_of_a_request_is_one_word(changes: dict[str, object], result: str) -> None:
    assert mcp_result(a_call(**changes)) == result


def test_client_that_left_before_an_answer_is_a_499() -> None:
    assert CODE_LABELS[0] == "499"


def test_method_that_is_not_known_has_no_label_of_its_own() -> None:
    assert METHOD_LABELS.get("tools/call") == "tools/call"
    assert METHOD_LABELS.get("tools/call2") is None
    assert METHOD_LABELS[None] == "_none"


def test_label_for_no_server_is_no_server_name() -> None:
    assert not UNROUTED[0].isalpha()
