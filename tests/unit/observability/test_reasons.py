import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import errors
from gateway.config.allow import Allow
from gateway.identity.principal import Principal
from gateway.identity.reasons import TOKEN_REASONS
from gateway.observability.reasons import (
    AUTHENTICATION_REASONS,
    AUTHORIZATION_REASONS,
    GATEWAY_REASONS,
    LOGIN_REASONS,
    REQUEST_REASONS,
    STAGE_OF,
    UPSTREAM_REASONS,
    closed_reason,
    decision_of,
)
from gateway.policy.admission import compile_admission
from gateway.policy.decision import Deny

STRANGER = Principal("https://idp.example.com", "mallory")
GATEWAY = Path(errors.__file__).parent


def test_every_word_for_a_bad_token_is_about_authentication() -> None:
    assert set(TOKEN_REASONS) <= set(AUTHENTICATION_REASONS)


def test_every_word_that_an_error_or_a_denial_is_given_is_listed() -> None:
    words = {word for path in GATEWAY.rglob("*.py") for word in _words(path)}

    assert len(words) > 25
    assert words <= set(STAGE_OF)


def test_every_word_for_a_caller_who_may_not_enter_is_about_authorization() -> None:
    anybody = {"emails": "x@x.example", "email_domains": "x.example"}
    fields = Allow.model_fields.keys() - {"all_of", "any_of"}
    sections = [Allow(**{field: frozenset({anybody.get(field, "x")})}) for field in fields]
    decisions = [compile_admission(frozenset(), section)(STRANGER) for section in sections]

    words = {decision.reason for decision in decisions if isinstance(decision, Deny)}

    assert len(decisions) == len(words) == 8
    assert words <= set(AUTHORIZATION_REASONS)


def _words(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.keyword(arg="reason", value=ast.Constant(value=str(word))):
                yield word
            case ast.Call(func=ast.Name(id="Deny"), args=[ast.Constant(value=str(word)), *_]):
                yield word
            case ast.Assign(
                targets=[ast.Name(id="default_reason")], value=ast.Constant(value=str(word))
            ):
                yield word
            case _:
                pass


def test_each_reason_stands_in_one_set_only() -> None:
    sets = [
        AUTHENTICATION_REASONS,
        AUTHORIZATION_REASONS,
        REQUEST_REASONS,
        LOGIN_REASONS,
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
