from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.client.discovery.published import AuthorizationServer, ProtectedResource
from gateway.client.failure import ClientFailure
from gateway.client.login.authorization import (
    AuthorizationRequest,
    ForeignResponse,
    build_authorization_url,
    check_pkce,
    choose_scopes,
    parse_response,
)
from gateway.oauth.pkce import build_code_challenge
from gateway.oauth.server_metadata import ServerMetadata

ISSUER = "https://idp.example"
RESOURCE = ProtectedResource("https://mcp.example/mcp", (ISSUER,), ("a", "b"))
OFFLINE = {"scopes_supported": ["openid", "offline_access"]}
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


def server(**members: object) -> AuthorizationServer:
    endpoint = {"authorization_endpoint": f"{ISSUER}/authorize?tenant=x"}
    metadata = ServerMetadata(ISSUER, None, endpoint | members)
    return AuthorizationServer(metadata, "https://mcp.example/mcp")


def sent(*scopes: str, **members: object) -> AuthorizationRequest:
    redirect = "http://127.0.0.1:1/callback"
    return AuthorizationRequest(
        server(**members), RESOURCE.resource, redirect, scopes, "the-state", VERIFIER
    )


def test_request_has_everything_and_keeps_the_query_of_the_endpoint() -> None:
    url = urlsplit(build_authorization_url(sent("a", "b"), "client"))

    assert url.geturl().startswith(f"{ISSUER}/authorize?tenant=x&")
    assert parse_qs(url.query) == {
        "tenant": ["x"],
        "response_type": ["code"],
        "client_id": ["client"],
        "redirect_uri": ["http://127.0.0.1:1/callback"],
        "state": ["the-state"],
        "code_challenge": [build_code_challenge(VERIFIER)],
        "code_challenge_method": ["S256"],
        "resource": [RESOURCE.resource],
        "scope": ["a b"],
    }


def test_offline_access_asks_for_consent() -> None:
    """OpenID Connect Core §11."""
    assert "prompt=consent" in build_authorization_url(sent("offline_access"), "client")
    assert "scope" not in build_authorization_url(sent(), "client")


def test_challenge_is_that_of_the_rfc() -> None:
    """RFC 7636 appendix B."""
    assert build_code_challenge(VERIFIER) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_secrets_of_an_attempt_are_in_no_representation() -> None:
    assert VERIFIER not in repr(sent())
    assert "the-state" not in repr(sent())


@pytest.mark.parametrize("said", [{}, {"code_challenge_methods_supported": ["plain"]}])
def test_issuer_without_s256_is_not_used(said: dict[str, object]) -> None:
    with pytest.raises(ClientFailure, match="PKCE"):
        check_pkce(server(**said))


def test_issuer_with_s256_is_used() -> None:
    check_pkce(server(code_challenge_methods_supported=["plain", "S256"]))


def test_scopes_are_those_of_the_person_the_challenge_or_the_server() -> None:
    """MCP authorization, scope selection."""
    assert choose_scopes(["x"], ["c"], RESOURCE, server(**OFFLINE)) == ("x",)
    assert choose_scopes([], ["c"], RESOURCE, server()) == ("c",)
    assert choose_scopes([], [], RESOURCE, server()) == ("a", "b")
    assert choose_scopes([], [], RESOURCE, server(**OFFLINE)) == ("a", "b", "offline_access")


FLAG = {"authorization_response_iss_parameter_supported": True}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"iss": ISSUER}, FLAG),
        ({"iss": ISSUER}, {}),
        ({}, {}),
    ],
)
def test_code_of_this_issuer_is_taken(query: dict[str, str], said: dict[str, object]) -> None:
    """RFC 9207 §2.4."""
    assert parse_response(sent(**said), {"state": "the-state", "code": "c", **query}) == "c"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({}, FLAG),
        ({"iss": f"{ISSUER}/"}, FLAG),
        ({"iss": "https://evil.example"}, {}),
        ({"iss": ""}, {}),
    ],
)
@pytest.mark.parametrize("outcome", [{"code": "c"}, {"error": "access_denied"}])
def test_response_of_another_issuer_is_not_used(
    query: dict[str, str], said: dict[str, object], outcome: dict[str, str]
) -> None:
    """RFC 9207 §2.4: an error of somebody else means nothing either."""
    with pytest.raises(ClientFailure, match="instead of https"):
        parse_response(sent(**said), {"state": "the-state", **outcome, **query})


@pytest.mark.parametrize("query", [{}, {"state": ""}, {"state": "the-statee"}, {"state": "ß"}])
def test_response_without_this_state_belongs_to_another_flow(query: dict[str, str]) -> None:
    with pytest.raises(ForeignResponse):
        parse_response(sent(), {"code": "c", **query})


def test_refusal_is_told_with_its_reason() -> None:
    query = {"state": "the-state", "error": "access_denied", "error_description": "not \x1b[1m you"}

    with pytest.raises(ClientFailure, match="refuses the login: access_denied: not"):
        parse_response(sent(), query)
    with pytest.raises(ClientFailure, match="no code"):
        parse_response(sent(), {"state": "the-state"})
