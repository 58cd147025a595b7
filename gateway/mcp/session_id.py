"""Session ids as servers of the older revisions give them: MCP 2025-11-25, Session Management."""

from collections.abc import Sequence

_VISIBLE = bytes(range(0x21, 0x7F))


def parse_session_id(values: Sequence[bytes]) -> bytes | None:
    """The id in the values of `Mcp-Session-Id`; None for several and for what is no id.

    The one door for ids of servers, wherever they come from: they go into later heads.
    """
    if len(values) != 1 or not values[0] or values[0].translate(None, _VISIBLE):
        return None
    return values[0]
