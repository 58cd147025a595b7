import dataclasses

import pytest

from gateway.config.issuer import Issuer
from gateway.identity.explain import Refusal, explain_refusal
from gateway.identity.reasons import DESCRIPTIONS, TOKEN_REASONS

REFUSAL = Refusal(
    reason="expired",
    header={"alg": "HS256", "typ": "JWT", "kid": "k\x1b[31m"},
    claims={"iss": "https://as.example", "aud": "https://b.example", "exp": 5, "nbf": 9},
    issuer=Issuer(issuer="https://as.example", max_lifetime=60.0),
    trusted=["https://as.example"],
    audiences=("https://a.example",),
    now=7.0,
)


@pytest.mark.parametrize(
    ("reason", "detail"),
    [
        ("wrong_audience", 'aud is "https://b.example", accepted are ["https://a.example"]'),
        ("bad_algorithm", 'alg is "HS256", accepted are ["RS256", "ES256"]'),
        ("wrong_type", 'typ is "JWT", accepted are ["at+jwt"]'),
        ("unknown_key", r'kid "k\u001b[31m" is not among'),
        ("missing_claim", 'missing are ["sub"]'),
        ("expired", "exp is 5, now is 7"),
        ("not_yet_valid", "nbf is 9, iat is null, now is 7"),
        ("lifetime_too_long", "max_lifetime is 60.0 seconds"),
    ],
)
def test_explanation_shows_what_was_found_and_what_is_accepted(reason: str, detail: str) -> None:
    assert detail in explain_refusal(dataclasses.replace(REFUSAL, reason=reason))


@pytest.mark.parametrize("reason", TOKEN_REASONS)
def test_every_reason_is_explained_with_its_own_words(reason: str) -> None:
    text = explain_refusal(dataclasses.replace(REFUSAL, reason=reason))

    assert any(text.startswith(description) for description in DESCRIPTIONS.values())
    assert text.endswith(".")


def test_issuer_that_is_not_trusted_is_shown_beside_those_that_are() -> None:
    refusal = dataclasses.replace(REFUSAL, reason="wrong_issuer", issuer=None, claims={"iss": "x"})

    assert 'iss is "x", trusted are ["https://as.example"]' in explain_refusal(refusal)


def test_opaque_token_is_explained() -> None:
    refusal = dataclasses.replace(REFUSAL, reason="malformed", header={}, claims={})

    assert "not a JWT" in explain_refusal(refusal)


def test_missing_subject_is_explained() -> None:
    refusal = dataclasses.replace(
        REFUSAL, reason="missing_claim", claims={"iss": "x", "aud": "x", "exp": 1, "sub": "x"}
    )

    assert "names no subject" in explain_refusal(refusal)
