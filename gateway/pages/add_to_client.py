"""What a person sees who opens the URL of an MCP server in a browser."""

import json
import re
from html import escape

from gateway.pages.page import Page, block, build_page

_NOT_A_NAME = re.compile(r"[^A-Za-z0-9_-]+")


def add_to_client_page(*, title: str, name: str, url: str) -> Page:
    """Say what this is and how to add it to a client.

    `title` is for people; clients get a key made of it, or of `name` where nothing is left of it.
    """
    key = _key(title) or _key(name) or "server"
    body = "\n".join(
        [
            f"<h1>{escape(title)} is an MCP server</h1>",
            "<p>It is made for AI clients such as Claude, Cursor or VS Code, which log in by"
            " themselves where they need to. There is nothing to see here in a browser. Add this"
            " address to your client:</p>",
            block(url),
            "<h2>Claude</h2>",
            "<p>Settings, Connectors, Add custom connector: paste the address.</p>",
            "<h2>Claude Code</h2>",
            block(f"claude mcp add --transport http {key} {url}"),
            "<h2>Cursor</h2>",
            "<p>In <code>~/.cursor/mcp.json</code>:</p>",
            block(_pretty({"mcpServers": {key: {"url": url}}})),
            "<h2>VS Code</h2>",
            "<p>In <code>.vscode/mcp.json</code>:</p>",
            block(_pretty({"servers": {key: {"type": "http", "url": url}}})),
            "<h2>Something else</h2>",
            "<p>Any client that speaks Streamable HTTP works: it finds the login by itself.</p>",
        ]
    )
    return build_page(f"{title}: an MCP server", body)


def _key(text: str) -> str:
    return _NOT_A_NAME.sub("-", text).strip("-").lower()


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
