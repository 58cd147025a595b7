import pytest

from gateway.observability.reasons import (
    AUTHENTICATION_REASONS,
    AUTHORIZATION_REASONS,
    GATEWAY_REASONS,
    REQUEST_REASONS,
    STAGE_OF,
    UPSTREAM_REASONS,
    closed_reason,
    decision_of,
)


def test_each_reason_stands_in_one_set_only() -> None:
    sets = [
        AUTHENTICATION_REASONS,
        AUTHORIZATION_REASONS,
        REQUEST_REASONS,
        UPSTREAM_REASONS,
        GATEWAY_REASONS,
    ]

    assert sum(map(len, sets)) == len(STAGE_OF)


def test_unlisted_word_is_other() -> None:
    assert closed_reason("expired") == "expired"
    assert closed_reason("ok") == "ok"
    assert closed_reason("anything else") == "other"


@pytest.mark.parametrize(
    ("reason", "decision"),
    [
        ("ok", "allow"),
        ("missing", "deny"),
        ("scope_missing", "deny"),
        ("parse_error", "deny"),
        ("idp_unavailable", "error"),
        ("unreachable", "error"),
        ("internal", "error"),
        ("never heard of", "error"),
    ],
)
def test_decision_follows_from_the_reason(reason: str, decision: str) -> None:
    assert decision_of(reason) == decision
