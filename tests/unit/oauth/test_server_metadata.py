"""An authorization server's own metadata."""

import pytest

from gateway.oauth.server_metadata import (
    OfferedEndpoints,
    build_server_metadata,
    discovery_urls,
    parse_server_metadata,
)

GOOD = {"issuer": "https://idp.example/t", "jwks_uri": "https://keys.example/jwks"}


@pytest.mark.requirement("86")
def test_an_issuer_with_a_path_has_three_places() -> None:
    """MCP 2026-07-28, authorization server discovery."""
    assert discovery_urls("https://idp.example/t") == (
        "https://idp.example/.well-known/oauth-authorization-server/t",
        "https://idp.example/.well-known/openid-configuration/t",
        "https://idp.example/t/.well-known/openid-configuration",
    )


def test_an_issuer_without_a_path_has_two() -> None:
    assert len(discovery_urls("https://idp.example/")) == 2


def test_a_good_document_is_kept_whole() -> None:
    metadata = parse_server_metadata(GOOD | {"x": 1}, "https://idp.example/t")

    assert metadata.jwks_uri == "https://keys.example/jwks"
    assert metadata.document["x"] == 1


@pytest.mark.requirement("64", "85", "88")
@pytest.mark.parametrize(
    "issuer", ["https://idp.example/t/", "https://IDP.example/t", "http://idp.example/t", "", None]
)
def test_another_issuer_by_a_single_character_is_refused(issuer: object) -> None:
    with pytest.raises(ValueError, match="another issuer"):
        parse_server_metadata(GOOD | {"issuer": issuer}, "https://idp.example/t")


@pytest.mark.parametrize("jwks_uri", [7, "", "/jwks", "ftp://a/b", "http://a/b", "https:///x"])
def test_keys_must_be_where_they_can_be_fetched_safely(jwks_uri: object) -> None:
    with pytest.raises(ValueError, match="jwks_uri"):
        parse_server_metadata(GOOD | {"jwks_uri": jwks_uri}, "https://idp.example/t")


def test_a_plain_http_issuer_may_have_plain_http_keys() -> None:
    document = {"issuer": "http://127.0.0.1:9", "jwks_uri": "http://127.0.0.1:9/jwks"}

    assert parse_server_metadata(document, "http://127.0.0.1:9").jwks_uri == document["jwks_uri"]


@pytest.mark.parametrize("document", [[], "x", None, 1])
def test_what_is_no_object_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match="not a JSON object"):
        parse_server_metadata(document, "https://idp.example/t")


def test_an_issuer_of_opaque_tokens_has_no_keys() -> None:
    assert (
        parse_server_metadata({"issuer": "https://a.example"}, "https://a.example").jwks_uri is None
    )


def test_an_endpoint_is_read_when_it_can_be_asked_safely() -> None:
    document = GOOD | {"introspection_endpoint": "https://idp.example/introspect", "x": "http://x/"}
    metadata = parse_server_metadata(document, "https://idp.example/t")

    assert metadata.endpoint("introspection_endpoint") == "https://idp.example/introspect"
    for name in ("x", "userinfo_endpoint"):
        with pytest.raises(ValueError, match=name):
            metadata.endpoint(name)


@pytest.mark.requirement("57", "58", "87")
def test_own_document_says_what_clients_demand() -> None:
    offered = OfferedEndpoints(
        {"jwks_uri": "https://a/jwks"}, ["authorization_code"], {"b", "a"}, ["ES256"]
    )

    document = build_server_metadata("https://a", offered)

    assert document["issuer"] == "https://a"
    assert document["jwks_uri"] == "https://a/jwks"
    assert document["scopes_supported"] == ["a", "b"]
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["authorization_response_iss_parameter_supported"] is True
    assert document["client_id_metadata_document_supported"] is False
    # The C# SDK takes the first entry whatever it is.
    methods = document["token_endpoint_auth_methods_supported"]
    assert isinstance(methods, list)
    assert methods[0] == "none"
    assert "private_key_jwt" not in methods


def test_own_document_leaves_out_what_has_no_elements() -> None:
    """RFC 8414 §3.2."""
    document = build_server_metadata("https://a", OfferedEndpoints({}, [], (), []))

    assert "scopes_supported" not in document
