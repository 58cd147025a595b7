"""Each client's own form: `docs/clients.md` of its vendor, ready to copy."""

import base64
import json
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from gateway.pages.client_instructions import Instructions, instructions, key_of

URL = "https://mcp.example.com/files/mcp"
BY_CLIENT = {each.client: each for each in instructions("acme-files", URL)}


def _told(client: str) -> Instructions:
    return next(told for name, told in BY_CLIENT.items() if name.startswith(client))


@pytest.mark.parametrize(
    ("client", "copied"),
    [
        ("Claude Code", f"claude mcp add --transport http acme-files {URL}"),
        ("Claude Desktop and claude.ai", URL),
        ("ChatGPT", URL),
        ("Codex", f"codex mcp add acme-files --url {URL}\ncodex mcp login acme-files"),
        ("Gemini CLI", f"gemini mcp add --scope user --transport http acme-files {URL}"),
        ("Any other client, by mcp-remote", f"npx -y mcp-remote {URL}"),
        (
            "MCP Inspector",
            f"npx @modelcontextprotocol/inspector --transport http --server-url {URL}",
        ),
    ],
)
def test_what_is_typed_or_pasted(client: str, copied: str) -> None:
    assert BY_CLIENT[client].copied == copied


@pytest.mark.parametrize(
    ("client", "document"),
    [
        (
            "Claude Desktop, for",
            {"mcpServers": {"acme-files": {"command": "npx", "args": ["-y", "mcp-remote", URL]}}},
        ),
        ("Cursor", {"mcpServers": {"acme-files": {"url": URL}}}),
        ("VS Code", {"servers": {"acme-files": {"type": "http", "url": URL}}}),
    ],
)
def test_what_stands_in_a_file(client: str, document: object) -> None:
    assert json.loads(_told(client).copied) == document


def test_the_link_that_opens_cursor_has_the_server() -> None:
    link = urlsplit(BY_CLIENT["Cursor"].link or "")
    query = parse_qs(link.query)

    assert (link.scheme, link.netloc) == ("cursor", "anysphere.cursor-deeplink")
    assert link.path == "/mcp/install"
    assert query["name"] == ["acme-files"]
    assert json.loads(base64.b64decode(query["config"][0])) == {"url": URL}


def test_the_link_that_opens_vs_code_has_the_server() -> None:
    scheme, _, packed = (BY_CLIENT["VS Code"].link or "").partition("mcp/install?")

    assert scheme == "vscode:"
    assert json.loads(unquote(packed)) == {"name": "acme-files", "type": "http", "url": URL}


def test_no_url_breaks_out_of_a_command() -> None:
    for told in instructions("k", "https://a/$(reboot)&x"):
        if told.where == "Terminal":
            assert "'https://a/$(reboot)&x'" in told.copied


def test_a_plain_url_needs_a_word_for_mcp_remote() -> None:
    told = {each.client: each for each in instructions("k", "http://127.0.0.1:8080/mcp")}

    copied = told["Any other client, by mcp-remote"].copied
    assert copied == "npx -y mcp-remote http://127.0.0.1:8080/mcp --allow-http"


@pytest.mark.parametrize(
    ("title", "name", "key"),
    [
        ("Acme Wiki (test)", "mcp", "acme-wiki-test"),
        ("\u6587\u4ef6", "files", "files"),
        ("", "\u00e9", "server"),
    ],
)
def test_the_key_is_made_of_what_there_is(title: str, name: str, key: str) -> None:
    assert key_of(title, name) == key
