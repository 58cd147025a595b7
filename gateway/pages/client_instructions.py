"""How to add a server to each client: what its vendor documents, ready to copy."""

import base64
import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

_NOT_IN_A_KEY = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Instructions:
    """What a person does in one client.

    `steps` are in words, `copied` is text for the place that `where` names. `link` opens the
    client with the server filled in, None where it has no such link.
    """

    client: str
    steps: str
    where: str
    copied: str
    link: str | None = None


def key_of(title: str, name: str) -> str:
    """What clients call the server: made of its title, or of its name where nothing is left."""
    return _key(title) or _key(name) or "server"


def instructions(key: str, url: str) -> Sequence[Instructions]:
    """Every client's, the most used first. `key` has only what `key_of` leaves."""
    return (*_claude(key, url), *_editors(key, url), *_others(key, url))


def _claude(key: str, url: str) -> Sequence[Instructions]:
    return (
        Instructions(
            "Claude Code",
            "Run this in a terminal, then type /mcp in Claude Code and log in.",
            "Terminal",
            f"claude mcp add --transport http {key} {shlex.quote(url)}",
        ),
        Instructions(
            "Claude Desktop and claude.ai",
            "Open Customize (or Settings), Connectors, Add custom connector, paste the address and"
            " press Connect. Claude comes from Anthropic's network: the address must be reachable"
            " from the internet.",
            "Address",
            url,
        ),
        Instructions(
            "Claude Desktop, for an address inside your network",
            "Open Settings, Developer, Edit Config, add this and start Claude Desktop again. It"
            " needs Node.js.",
            "claude_desktop_config.json",
            _pretty({"mcpServers": {key: {"command": "npx", "args": ["-y", *_remote(url)]}}}),
        ),
    )


def _editors(key: str, url: str) -> Sequence[Instructions]:
    entry = {"type": "http", "url": url}
    packed = base64.b64encode(_compact({"url": url}).encode()).decode()
    return (
        Instructions(
            "Cursor",
            "Add this to the file, open Settings, MCP, and log in where the server is listed.",
            "~/.cursor/mcp.json",
            _pretty({"mcpServers": {key: {"url": url}}}),
            f"cursor://anysphere.cursor-deeplink/mcp/install?name={key}&config={quote(packed)}",
        ),
        Instructions(
            "VS Code",
            "Add this to the file and press Start above it; VS Code opens the login.",
            ".vscode/mcp.json",
            _pretty({"servers": {key: entry}}),
            f"vscode:mcp/install?{quote(_compact({'name': key, **entry}))}",
        ),
    )


def _others(key: str, url: str) -> Sequence[Instructions]:
    quoted = shlex.quote(url)
    return (
        Instructions(
            "ChatGPT",
            "Open Settings, Apps, Advanced settings and turn on Developer mode; then Create app,"
            " paste the address and choose OAuth. ChatGPT comes from OpenAI's network: the address"
            " must be reachable from the internet.",
            "Address",
            url,
        ),
        Instructions(
            "Codex",
            "Run this in a terminal.",
            "Terminal",
            f"codex mcp add {key} --url {quoted}\ncodex mcp login {key}",
        ),
        Instructions(
            "Gemini CLI",
            f"Run this in a terminal, then type /mcp auth {key} in Gemini CLI.",
            "Terminal",
            f"gemini mcp add --scope user --transport http {key} {quoted}",
        ),
        Instructions(
            "Any other client, by mcp-remote",
            "Where a client only starts programs, give it this command; it logs in by your browser."
            " It needs Node.js.",
            "Command",
            shlex.join(["npx", "-y", *_remote(url)]),
        ),
        Instructions(
            "MCP Inspector",
            "Run this in a terminal to look at the server's tools.",
            "Terminal",
            f"npx @modelcontextprotocol/inspector --transport http --server-url {quoted}",
        ),
    )


def _remote(url: str) -> list[str]:
    # It refuses plain http beyond this machine unless it is told.
    is_plain = url.startswith("http://")
    return ["mcp-remote", url, *(["--allow-http"] if is_plain else [])]


def _key(text: str) -> str:
    return _NOT_IN_A_KEY.sub("-", text).strip("-").lower()


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
