"""Leaving entries out of the lists that a server gives: MCP, Tools, Prompts, Resources, Caching.

Everything that stays keeps its bytes and its order, and so do `nextCursor` and unknown members.
"""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from gateway.errors import UpstreamInvalid

# The member of a result that each method's list stands in.
LISTS: Mapping[str, str] = {
    "tools/list": "tools",
    "prompts/list": "prompts",
    "resources/list": "resources",
    "resources/templates/list": "resourceTemplates",
}
EVERY_LIST = frozenset(LISTS.values())

Entry = Mapping[str, object]
Keep = Callable[[str, Entry], bool]
Members = Mapping[str, msgspec.Raw]

_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array = msgspec.json.Decoder(list[msgspec.Raw])
_entry = msgspec.json.Decoder(dict[str, object])
_any = msgspec.json.Decoder()
_PRIVATE = msgspec.Raw(b'"private"')


def filter_lists(text: bytes, lists: Iterable[str], keep: Keep, max_ttl_ms: int) -> bytes:
    """Leave out of a response, or of a batch of them, every entry that `keep` does not want.

    `lists` are the members of results that may be lists. Other messages come back unchanged.
    What is left is for one caller: `cacheScope` says so, and `ttlMs` is `max_ttl_ms` at most.
    Raises `UpstreamInvalid` for what is no JSON: nobody could say what it lists.
    """

    def filtered(message: Members) -> bytes | None:
        members = dict(result_of(message))
        named = [name for name in lists if name in members]
        for name in named:
            entries = _array.decode(members[name])
            kept = [bytes(each) for each in entries if keep(name, _entry.decode(each))]
            members[name] = msgspec.Raw(b"[%b]" % b",".join(kept))
        return with_result(message, private(members, max_ttl_ms)) if named else None

    return change_messages(text, filtered)


def change_messages(text: bytes, change: Callable[[Members], bytes | None]) -> bytes:
    """Put every message of a response, or of a batch of them, through `change`.

    `change` returns what takes a message's place, None for the message as it came. Raises
    `UpstreamInvalid` for what is no JSON.
    """
    try:
        if text.lstrip()[:1] != b"[":
            changed = change(_object.decode(text))
            return text if changed is None else changed
        batch = [bytes(each) for each in _array.decode(text)]
        changes = [change(_object.decode(each)) or each for each in batch]
        return text if changes == batch else b"[%b]" % b",".join(changes)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        raise UpstreamInvalid(
            "The MCP server sent an answer that cannot be read.",
            reason="unreadable",
            seen=type(cause).__name__,
        ) from cause


def with_result(message: Members, result: Members) -> bytes:
    """The same response with another result."""
    return msgspec.json.encode({**message, "result": msgspec.Raw(msgspec.json.encode(result))})


def private(result: Members, max_ttl_ms: int | None = None) -> Members:
    """The same result for one caller only, where its revision knows caching."""
    if "ttlMs" not in result and "cacheScope" not in result:
        return result
    own = {**result, "cacheScope": _PRIVATE}
    if "ttlMs" in result and max_ttl_ms is not None:
        ttl = _any.decode(result["ttlMs"])
        if not isinstance(ttl, int | float) or ttl > max_ttl_ms:
            own["ttlMs"] = msgspec.Raw(b"%d" % max_ttl_ms)
    return own


def tool_hints(tool: Entry) -> Mapping[str, bool]:
    """The annotations of a published tool that are hints; other members are left out."""
    given = tool.get("annotations")
    members = given if isinstance(given, Mapping) else {}
    return {str(hint): value for hint, value in members.items() if isinstance(value, bool)}


def result_of(message: Members) -> Members:
    """The members of a response's result; none when it has no such object."""
    return {} if "method" in message else members_of(message.get("result"))


def members_of(raw: msgspec.Raw | None) -> Members:
    """Take an object apart; no members where there is none."""
    return _object.decode(raw) if raw is not None and bytes(raw)[:1] == b"{" else {}
