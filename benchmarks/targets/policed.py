"""A gateway with everything on: rules with arguments, every limit, and a sealed session."""

import json
import urllib.request
from collections.abc import Mapping

POLICED_SETTINGS: Mapping[str, object] = {
    "rules": [
        {"tools": ["admin_*"], "allow": {"groups": ["ops"]}},
        {"tools": ["get_*"], "arguments": {"city": {"glob": "B*"}}, "allow": "any"},
        {"tools": ["*"], "allow": {"scopes": ["mcp:write"]}},
    ],
    "limits": {
        "concurrent": 20000,
        "per_principal": "100000000/s",
        "per_session": "100000000/s",
        "per_tool": {"*": "100000000/s"},
    },
}


def begin_session(port: int, token: str) -> str:
    """Shake hands and return the sealed session id."""
    message = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {}}
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
    }
    url = f"http://127.0.0.1:{port}/mcp"
    body = json.dumps(message).encode()
    request = urllib.request.Request(url, body, headers)  # http, on loopback
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310  # the same
        session: str = answer.headers["Mcp-Session-Id"]
    return session
