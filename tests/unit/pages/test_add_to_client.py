"""What a person sees who opens the URL of an MCP server in a browser."""

import pytest

from gateway.pages.add_to_client import add_to_client_page

CLIENTS = [
    "Claude Code",
    "Claude Desktop",
    "claude.ai",
    "Cursor",
    "VS Code",
    "ChatGPT",
    "Codex",
    "Gemini CLI",
    "mcp-remote",
    "MCP Inspector",
]


def test_the_page_shows_the_address_and_how_to_add_it() -> None:
    page = add_to_client_page(title="Files", name="files", url="https://mcp.example.com/files/mcp")

    assert "<h1>Files is an MCP server</h1>" in page.html
    assert "claude mcp add --transport http files https://mcp.example.com/files/mcp" in page.html
    assert [client for client in CLIENTS if client not in page.html] == []


@pytest.mark.requirement("F4")
def test_a_name_cannot_inject_markup_or_shell() -> None:
    page = add_to_client_page(title="<img src=x>", name="$(rm -rf)", url="https://a/mcp")

    assert "<img" not in page.html
    assert "$(" not in page.html


def test_a_name_of_nothing_but_odd_characters_still_gets_a_key() -> None:
    assert (
        "add --transport http server https"
        in add_to_client_page(title="", name="\u00e9", url="https://a").html
    )


@pytest.mark.requirement("U7")
def test_the_name_for_people_is_in_the_snippets_too() -> None:
    page = add_to_client_page(title="Acme Wiki (test)", name="mcp", url="https://a/mcp")

    assert "add --transport http acme-wiki-test https://a/mcp" in page.html
    assert page.html.count("&quot;acme-wiki-test&quot;") == 3


def test_a_name_for_people_without_latin_letters_leaves_the_servers_own() -> None:
    page = add_to_client_page(title="\u6587\u4ef6", name="files", url="https://a/mcp")

    assert "add --transport http files https://a/mcp" in page.html


def test_a_client_that_can_be_opened_has_a_link() -> None:
    page = add_to_client_page(title="Files", name="files", url="https://a/mcp").html

    assert '<a class="button" href="cursor://' in page
    assert '<a class="button" href="vscode:mcp/install?' in page
