import pytest

from gateway.authserver.answers import error_answer, page_answer, redirect_answer
from gateway.errors import GatewayError, IdentityUnavailable, InvalidDpopProof
from gateway.oauth.errors import InvalidClient, InvalidGrant
from gateway.pages.page import build_form_page


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (InvalidGrant("x"), 400, b"invalid_grant"),
        (InvalidClient("x"), 401, b"invalid_client"),
        (InvalidDpopProof(), 400, b"invalid_dpop_proof"),
        (IdentityUnavailable("x"), 503, b"temporarily_unavailable"),
        (GatewayError("x"), 500, b"server_error"),
    ],
)
def test_error_is_what_clients_read(error: GatewayError, status: int, code: bytes) -> None:
    """RFC 6749 §5.2."""
    answer = error_answer(error)

    assert answer.status == status
    assert isinstance(answer.body, bytes)
    assert code in answer.body
    assert answer.headers["Cache-Control"] == "no-store"
    assert "WWW-Authenticate" not in answer.headers


def test_what_may_be_tried_again_says_when() -> None:
    assert error_answer(IdentityUnavailable("x")).headers["Retry-After"] == "5"


def test_redirect_is_kept_by_no_cache_and_tells_nobody_where_it_was() -> None:
    answer = redirect_answer("https://a.example/")

    assert answer.status == 302
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_page_brings_its_policy_and_can_be_neither_framed_nor_guessed_at() -> None:
    page = build_form_page("x", "")

    headers = page_answer(page, 400).headers

    assert headers["Content-Security-Policy"] == page.content_security_policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
