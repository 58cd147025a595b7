"""Tools that are added to those of a server, in its lists and in its handshake: MCP, Tools."""

from collections.abc import Collection, Iterable

import msgspec

from gateway.mcp.listing import (
    Members,
    change_messages,
    members_of,
    private,
    result_of,
    with_result,
)

METHOD_NOT_FOUND = -32601  # JSON-RPC 2.0 §5.1: what a server without tools says to `tools/list`

_array = msgspec.json.Decoder(list[msgspec.Raw])
_entry = msgspec.json.Decoder(dict[str, object])
_any = msgspec.json.Decoder()


def tool_names(text: bytes) -> frozenset[str]:
    """The names of the tools that a response lists, or a batch of them. Raises as the others."""
    names: set[str] = set()

    def collect(message: Members) -> None:
        tools = result_of(message).get("tools")
        if tools is not None:
            names.update(str(_entry.decode(each).get("name")) for each in _array.decode(tools))

    change_messages(text, collect)
    return frozenset(names)


def add_tools(
    text: bytes, ids: Collection[object], entries: Iterable[msgspec.Raw], empty: Members
) -> bytes:
    """Put entries behind the last page of the answers to the `tools/list` requests with `ids`.

    A server that knows no such method is answered for: `empty` is a result without tools.
    """
    added = [bytes(each) for each in entries]

    def append(message: Members) -> bytes | None:
        if not added or not _is_answer(message, ids):
            return None
        if _is_unknown_method(message):
            message = {key: raw for key, raw in message.items() if key != "error"}
            result = dict(empty)
        else:
            result = dict(result_of(message))
        if "tools" not in result or "nextCursor" in result:
            return None
        entries_there = [bytes(each) for each in _array.decode(result["tools"])]
        result["tools"] = msgspec.Raw(b"[%b]" % b",".join([*entries_there, *added]))
        return with_result(message, private(result))

    return change_messages(text, append)


def declare_tools(text: bytes, ids: Collection[object]) -> bytes:
    """Say in the answers to the handshakes with `ids` that there are tools."""

    def declare(message: Members) -> bytes | None:
        if not _is_answer(message, ids):
            return None
        result = result_of(message)
        capabilities = members_of(result.get("capabilities"))
        if "tools" in capabilities or "capabilities" not in result:
            return None
        own = {**capabilities, "tools": msgspec.Raw(b"{}")}
        return with_result(
            message, {**result, "capabilities": msgspec.Raw(msgspec.json.encode(own))}
        )

    return change_messages(text, declare)


def _is_answer(message: Members, ids: Collection[object]) -> bool:
    identifier = message.get("id")
    return identifier is not None and "method" not in message and _any.decode(identifier) in ids


def _is_unknown_method(message: Members) -> bool:
    code = members_of(message.get("error")).get("code")
    return code is not None and _any.decode(code) == METHOD_NOT_FOUND
