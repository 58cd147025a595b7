"""What the root of a public host says about itself."""

import pytest

from gateway.pages.server_info import ServerSummary, server_info, server_info_page

FILES = ServerSummary(
    name="files",
    title="Files & more",
    url="https://a/mcp",
    resource_metadata="https://a/.well-known/oauth-protected-resource/mcp",
    authorization_servers=["https://idp.example"],
    scopes=["mcp:read"],
)


def test_the_facts_name_each_server_and_how_to_authenticate() -> None:
    facts = server_info([FILES])

    assert facts["authentication"] == {"type": "oauth2", "bearer_methods_supported": ["header"]}
    servers = facts["servers"]
    assert isinstance(servers, list)
    assert servers[0]["resource_metadata"] == FILES.resource_metadata


@pytest.mark.parametrize(("count", "noun"), [(1, "1 MCP server "), (2, "2 MCP servers ")])
def test_the_page_shows_each_server(count: int, noun: str) -> None:
    page = server_info_page([FILES] * count)

    assert noun in page.html
    assert page.html.count("<h2><bdi>Files &amp; more</bdi></h2>") == count
