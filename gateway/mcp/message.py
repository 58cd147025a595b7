"""JSON-RPC messages, read so that no other parser can read something else: JSON-RPC 2.0, MCP basic.

Parsers differ where a key stands twice, where two keys differ by case only, and at the edges of
JSON; a message whose meaning could depend on that is refused. The bytes are forwarded as they
came, so what is read here is what the upstream reads.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

import msgspec

from gateway.errors import InvalidMessage, ParseError

Kind = Literal["request", "notification", "response"]
Target = Literal["tool", "prompt", "resource"]

_ENVELOPE_KEYS = frozenset({"jsonrpc", "method", "params", "id", "result", "error"})
_PARAMS_KEYS = frozenset({"name", "uri", "arguments", "_meta", "ref", "notifications"})
REVISION_KEY = "io.modelcontextprotocol/protocolVersion"
_META_KEYS = frozenset({REVISION_KEY})
_REF_KEYS = frozenset({"type", "name", "uri"})
_SUBSCRIPTION_KEYS = frozenset({"resourceSubscriptions"})
# What a method is about, and the member of `params` that names it.
_NAMED: Mapping[str, tuple[Target, str]] = {
    "tools/call": ("tool", "name"),
    "prompts/get": ("prompt", "name"),
    "resources/read": ("resource", "uri"),
    "resources/subscribe": ("resource", "uri"),
    "resources/unsubscribe": ("resource", "uri"),
}
# Completion (MCP, Completion): what is completed names its prompt or its resource template.
_REFERENCES: Mapping[str, tuple[Target, str]] = {
    "ref/prompt": ("prompt", "name"),
    "ref/resource": ("resource", "uri"),
}
_MEMBER = re.compile(
    rb'[ \t\r\n]*[{,][ \t\r\n]*"((?:[^"\\]|\\.)*)"[ \t\r\n]*:[ \t\r\n]*', re.DOTALL
)
_SPACE = b" \t\r\n"
_INVISIBLE = frozenset({"Cf", "Mn", "Cc", "Zs", "Zl", "Zp"})  # zero-width, combining, spaces
_UNSEEN_IN_ASCII = dict.fromkeys([*range(0x21), 0x7F])
# Letters that show nothing (Unicode, Default_Ignorable_Code_Point), and Turkish i.
_ALIKE = str.maketrans({"\u115f": "", "\u1160": "", "\u3164": "", "\uffa0": "", "\u0131": "i"})
# What costs time to read, and no honest message has: 4 MiB within these take less than 50 ms.
_MAX_PARTS = 100_000
_MAX_MEMBERS = 1_000
_MAX_KEYS_CHARS = 20_000
_MAX_BATCH = 100
_MAX_FOREIGN_KEY_CHARS = 128  # beyond ASCII, where it takes a look at each character
# What names are compared with grows with them. MCP, Tools: 128 characters should be enough; RFC
# 9110 §4.1: 8000 octets of a URI.
MAX_METHOD_CHARS = 256
MAX_NAME_CHARS = 1_024
MAX_URI_CHARS = 8_192
_MAX_SUBSCRIPTIONS = 500
_MAX_ID = 2**63  # beyond 64 bits no two parsers agree

_document = msgspec.json.Decoder()
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array = msgspec.json.Decoder(list[msgspec.Raw])
_Members = Mapping[str, msgspec.Raw]


class Message(msgspec.Struct, frozen=True, gc=False):  # a frozen dataclass costs 1 µs more
    """What a decision needs to know of one message.

    `name` is the tool's or prompt's name or the resource's URI, and `target` which of them.
    `revision` is the protocol version that the body itself names, None when it names none.
    `arguments` are those of the call as they came; `resources` the URIs that it subscribes to.
    """

    kind: Kind
    method: str | None = None
    id: int | str | None = None
    name: str | None = None
    revision: str | None = None
    target: Target | None = None
    arguments: msgspec.Raw | None = None
    resources: tuple[str, ...] = ()


class _Params(msgspec.Struct, frozen=True, gc=False):
    name: str | None = None
    revision: str | None = None
    target: Target | None = None
    arguments: msgspec.Raw | None = None
    resources: tuple[str, ...] = ()


_NO_PARAMS = _Params()


def parse_messages(body: bytes, *, batch: bool) -> Sequence[Message]:
    """Read a body: one message, or several where `batch` allows an array.

    Raises `ParseError` when it is not JSON that all parsers read alike, `InvalidMessage` when
    it is not JSON-RPC.
    """
    _check_json(body)
    if body.lstrip(_SPACE)[:1] != b"[":
        return (_parse_plain_call(body) or _parse_one(body),)
    if not batch:
        raise InvalidMessage("This protocol version knows no batches: send one message.")
    items = [bytes(item) for item in _array.decode(body)]
    if not 0 < len(items) <= _MAX_BATCH:
        raise InvalidMessage("The batch is empty or too long.")
    return tuple(_parse_one(item) for item in items)


def parse_request_id(body: bytes) -> int | str | None:
    """Find the id of a message that is refused; None when there is none to be sure of."""
    try:
        members = _object.decode(body)
        if not members.keys() >= {"method", "id"} or not _has_unique_keys(body, members):
            return None
        return _parse_id(members)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, InvalidMessage):
        return None


def _check_json(body: bytes) -> None:
    if body.count(b"{") + body.count(b"[") + body.count(b'":') > _MAX_PARTS:
        raise ParseError("The body has too many parts.")
    try:
        _document.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        raise ParseError("The body is not valid JSON.") from cause


_ABSENT = msgspec.Raw()


class _PlainMessage(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    jsonrpc: msgspec.Raw
    method: msgspec.Raw
    params: msgspec.Raw
    id: msgspec.Raw = _ABSENT


class _PlainParams(msgspec.Struct, forbid_unknown_fields=True, rename={"meta": "_meta"}, gc=False):
    name: msgspec.Raw
    arguments: msgspec.Raw = _ABSENT
    meta: msgspec.Raw = _ABSENT


_plain_message = msgspec.json.Decoder(_PlainMessage)
_plain_params = msgspec.json.Decoder(_PlainParams)
_LEAST_MESSAGE_BYTES = len(b'{"jsonrpc":"2.0","method":"tools/call","params":}')
_ID_BYTES, _NAME_BYTES = len(b',"id":'), len(b'{"name":}')
_ARGUMENTS_BYTES, _META_BYTES = len(b',"arguments":'), len(b',"_meta":')


def _parse_plain_call(text: bytes) -> Message | None:
    """Read a call of a tool that has no blanks, no escapes and no member but the usual ones.

    Nearly all are like that, and their length proves it: a member that stands twice, or anything
    between two members, makes a text longer than its members. None for every other message.
    """
    try:
        message = _plain_message.decode(text)
        params = _plain_params.decode(message.params)
    except msgspec.ValidationError:
        return None
    if bytes(message.method) != b'"tools/call"' or bytes(message.jsonrpc) != b'"2.0"':
        return None
    size = _LEAST_MESSAGE_BYTES + len(message.params)
    size_of_params = _NAME_BYTES + len(params.name)
    if message.id is not _ABSENT:
        size += _ID_BYTES + len(message.id)
    if params.arguments is not _ABSENT:
        size_of_params += _ARGUMENTS_BYTES + len(params.arguments)
    if params.meta is not _ABSENT:
        size_of_params += _META_BYTES + len(params.meta)
    name = _document.decode(params.name)
    if len(text) != size or len(message.params) != size_of_params:
        return None
    if not isinstance(name, str) or len(name) > MAX_NAME_CHARS:
        return None
    arguments = None if params.arguments is _ABSENT else params.arguments
    revision = None if params.meta is _ABSENT else _parse_revision(params.meta)
    if message.id is _ABSENT:
        return Message("notification", "tools/call", None, name, revision, "tool", arguments)
    identifier = _parse_id({"id": message.id})
    return Message("request", "tools/call", identifier, name, revision, "tool", arguments)


def _parse_one(text: bytes) -> Message:
    members = _members(text, _ENVELOPE_KEYS)
    if _string(members.get("jsonrpc")) != "2.0":
        raise InvalidMessage('A message says "jsonrpc": "2.0".')
    if "method" not in members:
        return _parse_response(members)
    if "result" in members or "error" in members:
        raise InvalidMessage("A message is a request or a response, not both.")
    method = _string(members["method"])
    if method is None or len(method) > MAX_METHOD_CHARS:
        raise InvalidMessage("`method` is a string, and a short one.")
    told = _parse_params(members, method)
    kind: Kind = "request" if "id" in members else "notification"
    identifier = _parse_id(members) if kind == "request" else None
    return Message(
        kind,
        method,
        identifier,
        told.name,
        told.revision,
        told.target,
        told.arguments,
        told.resources,
    )


def _parse_response(members: _Members) -> Message:
    if ("result" in members) == ("error" in members):
        raise InvalidMessage("A message has a `method`, a `result` or an `error`.")
    if "id" not in members:
        if "error" in members:  # MCP basic: an error that answers nothing readable has no id
            return Message("response")
        raise InvalidMessage("A result says which request it answers.")
    return Message("response", None, _parse_id(members))


def _parse_params(members: _Members, method: str) -> _Params:
    raw = members.get("params")
    if raw is None:
        return _NO_PARAMS
    params = _members(bytes(raw), _PARAMS_KEYS)
    revision = _parse_revision(params.get("_meta"))
    arguments = params.get("arguments")
    named = _NAMED.get(method)
    if named is not None:
        target, source = named
        return _Params(_parse_name(params, source), revision, target, arguments)
    if method == "completion/complete":
        target_of_ref, name = _parse_reference(params.get("ref"))
        return _Params(name, revision, target_of_ref)
    if method == "subscriptions/listen":
        return _Params(None, revision, resources=_parse_subscriptions(params.get("notifications")))
    return _NO_PARAMS if revision is None else _Params(None, revision)


def _parse_name(members: _Members, source: str) -> str | None:
    name = _string(members.get(source))
    if name is None and source in members:
        raise InvalidMessage(f"`params.{source}` is a string.")
    if name is not None and len(name) > (MAX_URI_CHARS if source == "uri" else MAX_NAME_CHARS):
        raise InvalidMessage(f"`params.{source}` is longer than any name.")
    return name


def _parse_reference(raw: msgspec.Raw | None) -> tuple[Target | None, str | None]:
    if raw is None:
        return None, None
    ref = _members(bytes(raw), _REF_KEYS)
    target, source = _REFERENCES.get(_string(ref.get("type")) or "", (None, ""))
    return target, _parse_name(ref, source) if target is not None else None


def _parse_subscriptions(raw: msgspec.Raw | None) -> tuple[str, ...]:
    if raw is None:
        return ()
    asked = _members(bytes(raw), _SUBSCRIPTION_KEYS).get("resourceSubscriptions")
    uris = [] if asked is None else _document.decode(asked)
    if not isinstance(uris, list) or not all(isinstance(uri, str) for uri in uris):
        raise InvalidMessage("`resourceSubscriptions` is a list of URIs.")
    if len(uris) > _MAX_SUBSCRIPTIONS or any(len(uri) > MAX_URI_CHARS for uri in uris):
        raise InvalidMessage("`resourceSubscriptions` has too many URIs, or too long ones.")
    return tuple(uris)


def _parse_revision(raw: msgspec.Raw | None) -> str | None:
    if raw is None:
        return None
    meta = _members(bytes(raw), _META_KEYS)
    revision = _string(meta.get(REVISION_KEY))
    if revision is None and REVISION_KEY in meta:
        raise InvalidMessage("The protocol version is a string.")
    return revision


def _parse_id(members: _Members) -> int | str:
    value = _document.decode(members["id"])
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int) or not -_MAX_ID <= value < _MAX_ID:
        raise InvalidMessage("`id` is a string or an integer.")
    return value


def _string(raw: msgspec.Raw | None) -> str | None:
    if raw is None:
        return None
    value = _document.decode(raw)
    return value if isinstance(value, str) else None


def _members(text: bytes, watched: frozenset[str]) -> _Members:
    """Take an object apart; refuse doubled keys, and twins of the watched ones."""
    try:
        members = _object.decode(text)
    except msgspec.ValidationError as cause:
        raise InvalidMessage("A message and its params are objects.") from cause
    if len(members) > _MAX_MEMBERS or len("".join(members)) > _MAX_KEYS_CHARS:
        raise InvalidMessage("A message has few keys, and short ones.")
    if not _has_unique_keys(text, members):
        raise InvalidMessage("A key stands twice.")
    for key in members:
        if key not in watched and _looks_like(key, watched):
            raise InvalidMessage("A key looks like another one.")
    return members


def _has_unique_keys(text: bytes, members: _Members) -> bool:
    """True when the text holds no more keys than the decoded members, which hold none twice.

    Without spaces and escapes the text is exactly as long as its members need: a key too many
    would make it longer. Otherwise both are walked side by side; each value is skipped by
    comparing its bytes, so the walk costs 0.6 µs a key whatever the size.
    """
    keys, values = "".join(members).encode(), b"".join(members.values())
    punctuation = 4 * len(members) + 1  # {"":,"":}
    is_exact = len(text) == punctuation + len(keys) + len(values)
    return is_exact or not members or _walk(text, members)


def _walk(text: bytes, members: _Members) -> bool:
    position = 0
    for key, raw in members.items():
        match = _MEMBER.match(text, position)
        if match is None or not _is_written(key, match[1]):
            return False
        value = bytes(raw)
        position = match.end()
        if not text.startswith(value, position):
            return False
        position += len(value)
    return text[position:].strip(_SPACE) == b"}"


def _is_written(key: str, written: bytes) -> bool:
    encoded = key.encode()
    if written == encoded:
        return True
    return b"\\" in written and _document.decode(b'"%b"' % written) == key


def _looks_like(key: str, watched: frozenset[str]) -> bool:
    """Whether a careless reader could take a key for one of the watched."""
    if key.isascii():
        return key.translate(_UNSEEN_IN_ASCII).lower() in _FOLDED[watched]
    if len(key) > _MAX_FOREIGN_KEY_CHARS:
        raise InvalidMessage("A key is very long.")
    seen = ""
    for char in key:
        seen += _seen(char)
        if len(seen) > _LONGEST[watched]:
            return False
    return seen in _FOLDED[watched]


@lru_cache(maxsize=4096)  # as many as there are invisible ones; the others end the look soon
def _seen(char: str) -> str:
    # One by one: in a long text the marks of a letter would be sorted, in quadratic time.
    plain = unicodedata.normalize("NFKD", char.translate(_ALIKE))
    return "".join(
        each for each in plain if unicodedata.category(each) not in _INVISIBLE
    ).casefold()


_FOLDED: Mapping[frozenset[str], frozenset[str]] = {
    keys: frozenset(key.lower() for key in keys)
    for keys in (_ENVELOPE_KEYS, _PARAMS_KEYS, _META_KEYS, _REF_KEYS, _SUBSCRIPTION_KEYS)
}
_LONGEST = {keys: max(map(len, keys)) for keys in _FOLDED}
