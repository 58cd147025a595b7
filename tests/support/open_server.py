"""The smallest MCP server: it answers everything, to everybody, with an empty result."""

from tests.support.issuer_service import Asked, Scene


def open_to_all(asked: Asked) -> Scene:
    """A scene of `IssuerService`."""
    message = asked.json if isinstance(asked.json, dict) else {}
    return Scene({"jsonrpc": "2.0", "id": message.get("id"), "result": {}})
