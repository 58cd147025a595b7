import pytest

from gateway.authserver.answers import error_answer, page_answer, redirect_answer
from gateway.errors import GatewayError, IdentityUnavailable, InvalidDpopProof
from gateway.oauth.errors import InvalidClient, InvalidGrant


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
    assert page_answer("x").headers["X-Content-Type-Options"] == "nosniff"
