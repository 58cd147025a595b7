import pytest

from gateway.client.discovery.challenge import Challenge
from gateway.client.discovery.published import (
    AuthorizationServer,
    ProtectedResource,
    parse_resource_metadata,
    resource_metadata_urls,
)
from gateway.client.failure import ClientFailure
from gateway.oauth.server_metadata import ServerMetadata

SERVER = "https://mcp.example/a/mcp"
PATH = "https://mcp.example/.well-known/oauth-protected-resource"


def server(**members: object) -> AuthorizationServer:
    return AuthorizationServer(ServerMetadata("https://idp.example", None, members), SERVER)


def test_document_is_looked_for_at_the_path_and_at_the_root() -> None:
    assert resource_metadata_urls(SERVER, None) == [f"{PATH}/a/mcp", PATH]
    assert resource_metadata_urls(f"{SERVER}/", None) == [f"{PATH}/a/mcp", f"{PATH}/a/mcp/", PATH]


def test_link_of_the_challenge_comes_first() -> None:
    challenge = Challenge("bearer", {"resource_metadata": "https://mcp.example/about"})

    assert resource_metadata_urls(SERVER, challenge)[0] == "https://mcp.example/about"


def test_link_to_another_origin_is_not_followed() -> None:
    challenge = Challenge("bearer", {"resource_metadata": "https://evil.example/about"})

    assert resource_metadata_urls(SERVER, challenge) == [f"{PATH}/a/mcp", PATH]


def test_document_says_who_issues_tokens() -> None:
    document = {
        "resource": SERVER,
        "authorization_servers": ["https://idp.example", 7],
        "scopes_supported": ["a", "b"],
    }

    found = parse_resource_metadata(document, SERVER)

    assert found == ProtectedResource(SERVER, ("https://idp.example",), ("a", "b"))


@pytest.mark.parametrize("resource", ["https://mcp.example/b/mcp", None, ["x"]])
def test_document_about_another_server_is_refused(resource: object) -> None:
    with pytest.raises(ValueError, match="not about"):
        parse_resource_metadata({"resource": resource}, SERVER)


def test_endpoint_must_be_one_that_may_be_used() -> None:
    name = "revocation_endpoint"

    assert server(revocation_endpoint="https://idp.example/r").endpoint(name) is not None
    assert server(revocation_endpoint="http://127.0.0.1/r").endpoint(name) is None
    assert server(revocation_endpoint="javascript:x").endpoint(name) is None
    with pytest.raises(ClientFailure, match="no usable revocation_endpoint"):
        server().needed_endpoint(name)


def test_flags_and_lists_are_read_strictly() -> None:
    said = server(
        authorization_response_iss_parameter_supported="true",
        client_id_metadata_document_supported=True,
        scopes_supported=["a", None],
        grant_types_supported="code",
    )

    assert not said.sends_issuer
    assert said.takes_client_metadata_documents
    assert said.listed("scopes_supported") == ("a",)
    assert said.listed("grant_types_supported") is None
