import pytest

from gateway.errors import GatewayError
from gateway.oauth.errors import InvalidClientMetadata, InvalidRedirectUri
from gateway.oauth.registration import (
    DEVICE_GRANT,
    GRANTS_OF_DEVICES,
    Registration,
    build_registration_response,
    clean_name,
    parse_registration,
)

LOCAL = ["http://localhost:1/cb"]
# Bodies that real clients send.
CURSOR = {
    "client_name": "Cursor",
    "redirect_uris": [
        "cursor://anysphere.cursor-mcp/oauth/callback",
        "https://www.cursor.com/agents/mcp/oauth/callback",
        "http://localhost:8787/callback",
    ],
    "token_endpoint_auth_method": "none",
}
VSCODE = {
    "client_name": "Visual Studio Code",
    "redirect_uris": [
        "https://insiders.vscode.dev/redirect",
        "https://vscode.dev/redirect",
        "http://127.0.0.1/",
        "http://127.0.0.1:33418/",
    ],
    "grant_types": [
        "authorization_code",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:device_code",
    ],
    "token_endpoint_auth_method": "none",
    "application_type": "native",
    "client_uri": "https://code.visualstudio.com",
}
CLAUDE = {
    "client_name": "Claude",
    "redirect_uris": ["https://claude.ai/api/mcp/auth_callback"],
    "token_endpoint_auth_method": "client_secret_post",
    "scope": "",
}


@pytest.mark.requirement("144")
@pytest.mark.parametrize("body", [CURSOR, VSCODE, CLAUDE])
def test_bodies_of_real_clients_are_taken(body: dict[str, object]) -> None:
    registration = parse_registration(body)

    assert registration.client_name == body["client_name"]
    assert list(registration.redirect_uris) == body["redirect_uris"]
    assert registration.grant_types == ("authorization_code", "refresh_token")


def test_device_need_not_come_back_by_a_browser() -> None:
    """What `mcp-remote --device-code` registers; RFC 8628 §3.4."""
    body = {"redirect_uris": LOCAL, "grant_types": [DEVICE_GRANT, "refresh_token"]}

    assert parse_registration(body, GRANTS_OF_DEVICES).grant_types == (
        "refresh_token",
        DEVICE_GRANT,
    )
    with pytest.raises(InvalidClientMetadata):
        parse_registration(body)


def test_refreshing_alone_is_no_way_to_log_in() -> None:
    body = {"redirect_uris": LOCAL, "grant_types": ["refresh_token"]}

    with pytest.raises(InvalidClientMetadata):
        parse_registration(body, GRANTS_OF_DEVICES)


@pytest.mark.requirement("144", "145", "146", "F11")
@pytest.mark.parametrize(
    ("body", "error"),
    [
        ([], InvalidClientMetadata),
        ({}, InvalidRedirectUri),
        ({"redirect_uris": []}, InvalidRedirectUri),
        ({"redirect_uris": "https://a.example"}, InvalidRedirectUri),
        ({"redirect_uris": [1]}, InvalidRedirectUri),
        ({"redirect_uris": [f"http://localhost/{n}" for n in range(11)]}, InvalidRedirectUri),
        ({"redirect_uris": ["javascript:alert(1)"]}, InvalidRedirectUri),
        ({"redirect_uris": LOCAL, "client_name": 1}, InvalidClientMetadata),
        ({"redirect_uris": LOCAL, "scope": 1}, InvalidClientMetadata),
        ({"redirect_uris": LOCAL, "response_types": ["token"]}, InvalidClientMetadata),
        ({"redirect_uris": LOCAL, "response_types": "code"}, InvalidClientMetadata),
        ({"redirect_uris": LOCAL, "grant_types": ["client_credentials"]}, InvalidClientMetadata),
        ({"redirect_uris": LOCAL, "grant_types": "authorization_code"}, InvalidClientMetadata),
        (
            {"redirect_uris": LOCAL, "token_endpoint_auth_method": "private_key_jwt"},
            InvalidClientMetadata,
        ),
        ({"redirect_uris": LOCAL, "token_endpoint_auth_method": []}, InvalidClientMetadata),
        ({"redirect_uris": ["cursor://a/b"], "application_type": "web"}, InvalidRedirectUri),
    ],
)
def test_every_other_body_is_refused_with_its_own_code(
    body: object, error: type[GatewayError]
) -> None:
    with pytest.raises(error):
        parse_registration(body)


@pytest.mark.parametrize(
    ("uris", "given", "expected"),
    [
        (LOCAL, None, "native"),
        (["https://a.example/cb"], None, "web"),
        (["https://a.example/cb"], "native", "native"),
        (LOCAL, "web", "web"),
    ],
)
def test_application_type_is_understood(uris: list[str], given: str | None, expected: str) -> None:
    """SEP-837; OIDC Registration §2."""
    body = {"redirect_uris": uris, "application_type": given}

    assert parse_registration(body).application_type == expected


@pytest.mark.requirement("F4", "F11")
def test_name_is_one_line_without_invisible_characters() -> None:
    assert clean_name(" Cl\u200baude\u202e\n  <b>\x00 ") == "Claude <b>"
    assert len(clean_name("x" * 500)) == 100


def test_response_holds_all_that_was_registered() -> None:
    """RFC 7591 §3.2.1."""
    told = Registration(("https://a/b",), "A", "client_secret_post", ("x",), "web", "s")

    response = build_registration_response("id", "secret", told, 1.5)

    assert response == {
        "client_id": "id",
        "client_id_issued_at": 1,
        "client_secret": "secret",
        "client_secret_expires_at": 0,
        "redirect_uris": ["https://a/b"],
        "client_name": "A",
        "token_endpoint_auth_method": "client_secret_post",
        "grant_types": ["x"],
        "response_types": ["code"],
        "application_type": "web",
        "scope": "s",
    }


def test_response_of_a_public_client_holds_no_secret() -> None:
    told = Registration(("https://a/b",), None, "none", (), "web")

    response = build_registration_response("id", None, told, 1.5)

    assert not {"client_secret", "client_secret_expires_at", "client_name"} & response.keys()


def test_device_grant_is_registered_where_it_is_offered() -> None:
    """RFC 8628 §3.4."""
    registration = parse_registration(VSCODE, GRANTS_OF_DEVICES)

    assert registration.grant_types == GRANTS_OF_DEVICES
