import base64
from collections.abc import Mapping

import pytest

from gateway.client.failure import ClientFailure, Refused
from gateway.client.tokens.logins import Registration
from gateway.client.tokens.token_endpoint import authenticate, error_text, exchange, parse_tokens
from gateway.client.web import Web, WebAnswer
from tests.support.issuer_service import IssuerService, Scene

FORM = {"grant_type": "authorization_code"}
GOOD: Mapping[str, object] = {"access_token": "abc", "token_type": "bearer"}
NOW = 1000.0


def test_public_client_names_itself_in_the_form() -> None:
    headers, form = authenticate(Registration("c"), FORM)

    assert "Authorization" not in headers
    assert form == {**FORM, "client_id": "c"}


def test_secret_goes_into_the_form_or_into_the_header_never_both() -> None:
    """RFC 6749 §2.3.1: what Basic carries is form-encoded first."""
    _, post = authenticate(Registration("c:1", "s&", "client_secret_post"), FORM)
    headers, basic = authenticate(Registration("c:1", "s&", "client_secret_basic"), FORM)

    assert post["client_secret"] == "s&"  # noqa: S105  # not a password
    assert "client_secret" not in basic
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")) == b"c%3A1:s%26"


def test_token_response_is_read() -> None:
    tokens = parse_tokens({**GOOD, "expires_in": "60", "refresh_token": "r", "scope": "a  b"}, NOW)

    assert (tokens.access_token, tokens.refresh_token) == ("abc", "r")
    assert (tokens.issued_at, tokens.expires_at) == (NOW, NOW + 60)
    assert tokens.scopes == ("a", "b")


def test_what_a_token_response_does_not_say_is_not_known() -> None:
    tokens = parse_tokens({**GOOD, "refresh_token": "", "expires_in": "soon"}, NOW)

    assert (tokens.expires_at, tokens.refresh_token, tokens.scopes) == (None, None, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"token_type": "DPoP"},
        {"token_type": 7},
        {"access_token": None},
        {"access_token": ""},
        {"access_token": "a b"},
        {"access_token": "a\r\nX-Admin: yes"},
    ],
)
def test_token_that_cannot_be_presented_is_refused(wrong: Mapping[str, object]) -> None:
    with pytest.raises(ClientFailure):
        parse_tokens({**GOOD, **wrong}, NOW)


@pytest.mark.parametrize(
    "scene",
    [
        Scene({"error": "invalid_grant", "error_description": "gone"}, 400),
        Scene({"error": "invalid_grant", "error_description": "gone"}, 200),
    ],
)
async def test_error_is_told_with_any_status(scene: Scene) -> None:
    async with IssuerService({"/token": scene}) as service, Web() as web:
        with pytest.raises(Refused, match="invalid_grant: gone") as refused:
            await exchange(web, f"{service.url}/token", Registration("c"), FORM, NOW)

    assert refused.value.code == "invalid_grant"


def test_error_page_is_told_by_its_status_and_a_long_text_is_cut() -> None:
    assert error_text(WebAnswer(503, (), b"<html>")) == "status 503"
    assert len(error_text(WebAnswer(400, (), b'{"error": "%s"}' % (b"x" * 999)))) == 200
