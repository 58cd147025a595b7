"""The document that tells clients where to get a token."""

import pytest

from gateway.oauth.resource_metadata import (
    build_resource_metadata,
    resource_metadata_url,
    well_known_path,
)

ISSUERS = ["https://idp.example"]


@pytest.mark.requirement("4", "81")
@pytest.mark.parametrize(
    ("resource", "path"),
    [
        ("https://a/files/mcp", "/.well-known/oauth-protected-resource/files/mcp"),
        ("https://a", "/.well-known/oauth-protected-resource"),
        ("https://a/", "/.well-known/oauth-protected-resource"),
    ],
)
def test_the_well_known_part_is_inserted_before_the_path(resource: str, path: str) -> None:
    """RFC 9728 §3."""
    assert well_known_path(resource) == path
    assert resource_metadata_url(resource) == "https://a" + path


@pytest.mark.requirement("1", "2", "79", "84")
def test_the_document_names_the_resource_as_configured_and_its_issuers() -> None:
    document = build_resource_metadata("https://A/mcp", ISSUERS, names={}, extra={})

    assert document == {
        "resource": "https://A/mcp",
        "authorization_servers": ISSUERS,
        "bearer_methods_supported": ["header"],
    }


@pytest.mark.requirement("82")
def test_members_without_elements_are_left_out() -> None:
    """RFC 9728 §3.2."""
    document = build_resource_metadata(
        "https://a", ISSUERS, names={"resource_name": None}, extra={}
    )

    assert "scopes_supported" not in document
    assert "resource_name" not in document


@pytest.mark.requirement("17", "68")
def test_offline_access_is_never_listed() -> None:
    document = build_resource_metadata(
        "https://a", ISSUERS, scopes_supported={"offline_access", "b", "a"}, names={}, extra={}
    )

    assert document["scopes_supported"] == ["a", "b"]


def test_extra_members_are_added_and_replace_none() -> None:
    document = build_resource_metadata(
        "https://a", ISSUERS, names={}, extra={"resource": "https://evil", "x_team": "core"}
    )

    assert (document["resource"], document["x_team"]) == ("https://a", "core")
