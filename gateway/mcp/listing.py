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
    try:
        if text.lstrip()[:1] != b"[":
            return _filter_message(text, lists, keep, max_ttl_ms)
        batch = [bytes(each) for each in _array.decode(text)]
        return b"[%b]" % b",".join(_filter_message(each, lists, keep, max_ttl_ms) for each in batch)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        raise UpstreamInvalid("The MCP server sent a list that cannot be read.") from cause


def _filter_message(text: bytes, lists: Iterable[str], keep: Keep, max_ttl_ms: int) -> bytes:
    message = _object.decode(text)
    result = message.get("result")
    if result is None or "method" in message or bytes(result)[:1] != b"{":
        return text
    members = _object.decode(result)
    named = [name for name in lists if name in members]
    if not named:
        return text
    for name in named:
        entries = _array.decode(members[name])
        kept = [bytes(each) for each in entries if keep(name, _entry.decode(each))]
        members[name] = msgspec.Raw(b"[%b]" % b",".join(kept))
    _make_private(members, max_ttl_ms)
    message["result"] = msgspec.Raw(msgspec.json.encode(members))
    return msgspec.json.encode(message)


def _make_private(members: dict[str, msgspec.Raw], max_ttl_ms: int) -> None:
    if "ttlMs" not in members and "cacheScope" not in members:
        return  # a revision that knows no caching
    members["cacheScope"] = _PRIVATE
    if "ttlMs" in members:
        ttl = _any.decode(members["ttlMs"])
        if not isinstance(ttl, int | float) or ttl > max_ttl_ms:
            members["ttlMs"] = msgspec.Raw(b"%d" % max_ttl_ms)
