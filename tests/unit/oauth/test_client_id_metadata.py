"""draft-ietf-oauth-client-id-metadata-document-02."""

import json

import pytest

from gateway.oauth.client_id_metadata import (
    MAX_DOCUMENT_BYTES,
    MetadataAuthMethod,
    is_client_id_url,
    parse_client_id_metadata,
    parse_client_id_url,
)
from gateway.oauth.errors import InvalidClient, InvalidClientMetadata, InvalidRedirectUri

URL = "https://docs.example/client.json"
NONE: frozenset[MetadataAuthMethod] = frozenset({"none"})
BOTH: frozenset[MetadataAuthMethod] = frozenset({"none", "private_key_jwt"})
KEY = {"kty": "EC", "crv": "P-256", "x": "a", "y": "b"}
# The members of documents that clients really have, as seen in 2026.
REAL = {
    "Claude": ("https://claude.ai/oauth/mcp-oauth-client-metadata", {
        "redirect_uris": ["https://claude.ai/api/mcp/auth_callback"],
        "grant_types": [
            "authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:jwt-bearer",
        ],
        "token_endpoint_auth_method": "none",
    }),
    "Claude Code": ("https://claude.ai/oauth/claude-code-client-metadata", {
        "redirect_uris": ["http://localhost/callback", "http://127.0.0.1/callback"],
        "token_endpoint_auth_method": "none",
    }),
    "ChatGPT": ("https://chatgpt.com/oauth/client.json", {
        "redirect_uris": ["https://chatgpt.com/connector_platform_oauth_redirect"],
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
        "jwks_uri": "https://chatgpt.com/oauth/jwks.json",
    }),
    "VS Code": ("https://vscode.dev/oauth/client-metadata.json", {
        "redirect_uris": ["http://127.0.0.1:33418/", "https://vscode.dev/redirect"],
        "grant_types": [
            "authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code",
        ],
        "response_types": ["code"],
        "application_type": "native",
        "token_endpoint_auth_method": "none",
    }),
    "Grok": ("https://grok.com/oauth/mcp-client.json", {
        "redirect_uris": ["https://grok.com/connectors-oauth-exchange-code/"],
    }),
}  # fmt: skip


def _document(**members: object) -> bytes:
    document: dict[str, object] = {
        "client_id": URL,
        "client_name": "Example",
        "redirect_uris": ["http://127.0.0.1/callback"],
        **members,
    }
    told = {name: value for name, value in document.items() if value is not None}
    return json.dumps(told).encode()


def _complaint(raw: bytes, known: frozenset[MetadataAuthMethod] = NONE) -> str:
    with pytest.raises(InvalidClientMetadata) as caught:
        parse_client_id_metadata(raw, URL, known)
    return caught.value.description


@pytest.mark.parametrize("client_id", [URL, "http://docs.example/", "HTTPS:docs", "https:"])
def test_what_means_to_be_a_url_is_nobody_elses_business(client_id: str) -> None:
    assert is_client_id_url(client_id)


@pytest.mark.requirement("151")
@pytest.mark.parametrize("client_id", ["", "cli", "httpsome", "v1.sealed", "ftp://docs.example/"])
def test_other_identifiers_are(client_id: str) -> None:
    assert not is_client_id_url(client_id)


@pytest.mark.requirement("147")
@pytest.mark.parametrize(
    ("url", "host"),
    [
        (URL, "docs.example"),
        ("https://docs.example/", "docs.example"),
        ("https://docs.example:443/client.json", "docs.example"),
        ("https://DOCS.example:8443/client.json", "docs.example:8443"),
        ("https://docs.example/client.json?v=1", "docs.example"),
        ("https://xn--bcher-kva.example/c", "xn--bcher-kva.example"),
    ],
)
def test_the_host_is_what_people_are_shown(url: str, host: str) -> None:
    assert parse_client_id_url(url) == host


@pytest.mark.parametrize("url", ["https:///x", "https://docs.example", "https://a b/", "https://["])
def test_a_bad_url_is_refused_with_a_word_for_metrics(url: str) -> None:
    """All forms: attacks/test_client_documents.py."""
    with pytest.raises(InvalidClient) as caught:
        parse_client_id_url(url)

    assert caught.value.reason == "client_id_url"


@pytest.mark.parametrize(("url", "members"), REAL.values(), ids=REAL)
def test_documents_of_real_clients_are_taken(url: str, members: dict[str, object]) -> None:
    told = parse_client_id_metadata(_document(client_id=url, **members), url, NONE)

    assert list(told.redirect_uris) == members["redirect_uris"]
    assert (told.client_id, told.auth_method) == (url, "none")
    assert set(told.grant_types) == {"authorization_code", "refresh_token"} or (
        "grant_types" not in members
    )


@pytest.mark.requirement("61")
@pytest.mark.parametrize(
    "client_id",
    [f"{URL}/", f"{URL}#", "https://DOCS.example/client.json", "https://docs.example:443/client.json",
     None, 7, [URL]],
)  # fmt: skip
def test_the_client_id_inside_is_the_url_asked_byte_for_byte(client_id: object) -> None:
    assert "not the URL" in _complaint(_document(client_id=client_id))


@pytest.mark.requirement("61")
@pytest.mark.parametrize(
    "members", [{"client_name": None}, {"client_name": " \u202e"}, {"client_name": 7}]
)
def test_a_client_without_a_name_is_refused(members: dict[str, object]) -> None:
    assert "client_name" in _complaint(_document(**members))


@pytest.mark.requirement("61")
@pytest.mark.parametrize(
    "uris",
    [None, [], "https://docs.example/", [7], ["http://docs.example/"], ["javascript:alert(1)"],
     ["https://a.example/#"], ["https://a@b.example/"], ["https://a.example/cb", "x"]],
)  # fmt: skip
def test_one_bad_redirect_uri_spoils_the_document(uris: object) -> None:
    with pytest.raises(InvalidRedirectUri):
        parse_client_id_metadata(_document(redirect_uris=uris), URL, NONE)


@pytest.mark.requirement("148")
def test_a_document_has_a_cap() -> None:
    padded = _document(padding="x" * (MAX_DOCUMENT_BYTES - len(_document(padding=""))))

    assert len(padded) == MAX_DOCUMENT_BYTES
    parse_client_id_metadata(padded, URL, NONE)
    assert "more than 5120 bytes" in _complaint(padded + b" ")


@pytest.mark.requirement("61")
@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"<html>", b'{"client_id":', _document()[:-1] + b',"client_id":"x"}']
)
def test_what_is_not_one_object_that_all_read_alike_is_refused(raw: bytes) -> None:
    assert _complaint(raw) == "It is not one JSON object."


@pytest.mark.requirement("150")
@pytest.mark.parametrize(
    "members",
    [
        {"client_secret": "hunter2"},
        {"client_secret": None, "client_secret_expires_at": 0},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"token_endpoint_auth_method": "client_secret_post"},
        {"token_endpoint_auth_method": "client_secret_jwt"},
    ],
)
def test_a_document_holds_and_wants_no_secret(members: dict[str, object]) -> None:
    complaint = _complaint(_document(**members))

    assert "secret" in complaint
    assert "hunter2" not in complaint


@pytest.mark.requirement("150")
@pytest.mark.parametrize(
    "jwks",
    [
        {"keys": [KEY | {"d": "hidden"}]},
        {"keys": [KEY, {"kty": "oct", "k": "hidden"}]},
        {"keys": [{"kty": "RSA", "n": "a", "e": "b", "p": "hidden"}]},
        {"keys": ["hidden"]},
        {"keys": {}},
        ["hidden"],
    ],
)
def test_private_keys_are_refused_and_not_repeated(jwks: object) -> None:
    complaint = _complaint(_document(jwks=jwks))

    assert complaint == "Its jwks is not a set of public keys."


@pytest.mark.requirement("150")
@pytest.mark.parametrize(
    "keys", [{"jwks": {"keys": [KEY]}}, {"jwks_uri": "https://docs.example/k"}]
)
def test_a_declared_key_must_be_used_where_it_can_be_checked(keys: dict[str, object]) -> None:
    raw = _document(
        token_endpoint_auth_method="private_key_jwt",  # noqa: S106  # no password
        token_endpoint_auth_methods_supported=["none", "private_key_jwt"],
        **keys,
    )

    told = parse_client_id_metadata(raw, URL, BOTH)

    assert (told.auth_method, told.jwks, told.jwks_uri) == (
        "private_key_jwt", keys.get("jwks"), keys.get("jwks_uri"),
    )  # fmt: skip
    assert parse_client_id_metadata(raw, URL, NONE).auth_method == "none"


@pytest.mark.requirement("150")
@pytest.mark.parametrize("method", ["private_key_jwt", "tls_client_auth", "", 7])
def test_who_can_do_nothing_that_is_taken_here_is_refused(method: object) -> None:
    assert "authenticates" in _complaint(_document(token_endpoint_auth_method=method))


@pytest.mark.parametrize(
    ("members", "complaint"),
    [
        ({"jwks": {"keys": [KEY]}, "jwks_uri": "https://docs.example/k"}, "both"),
        ({"jwks_uri": "http://docs.example/k"}, "not an https URL"),
        ({"jwks_uri": 7}, "not an https URL"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "neither"),
        ({"response_types": ["token"]}, "response_types"),
        ({"grant_types": ["client_credentials"]}, "grant_types"),
    ],
)
def test_a_document_must_make_sense(members: dict[str, object], complaint: str) -> None:
    assert complaint in _complaint(_document(**members), BOTH)


def test_without_a_declared_method_the_client_is_public() -> None:
    """RFC 7591 §2 would make it client_secret_basic, which cannot be."""
    assert parse_client_id_metadata(_document(), URL, BOTH).auth_method == "none"
