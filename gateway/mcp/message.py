"""JSON-RPC messages, read so that no other parser can read something else: JSON-RPC 2.0, MCP basic.

Parsers differ where a key stands twice, where two keys differ by case only, and at the edges of
JSON; a message whose meaning could depend on that is refused. The bytes are forwarded as they
came, so what is read here is what the upstream reads.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from gateway.errors import InvalidMessage, ParseError

Kind = Literal["request", "notification", "response"]

_ENVELOPE_KEYS = frozenset({"jsonrpc", "method", "params", "id", "result", "error"})
_PARAMS_KEYS = frozenset({"name", "uri", "arguments", "_meta"})
REVISION_KEY = "io.modelcontextprotocol/protocolVersion"
_META_KEYS = frozenset({REVISION_KEY})
_NAME_SOURCES = {
    "tools/call": "name",
    "prompts/get": "name",
    "resources/read": "uri",
    "resources/subscribe": "uri",
    "resources/unsubscribe": "uri",
}
_MEMBER = re.compile(
    rb'[ \t\r\n]*[{,][ \t\r\n]*"((?:[^"\\]|\\.)*)"[ \t\r\n]*:[ \t\r\n]*', re.DOTALL
)
_SPACE = b" \t\r\n"
_INVISIBLE = frozenset({"Cf", "Mn", "Cc", "Zs", "Zl", "Zp"})  # zero-width, combining, spaces
# Letters that show nothing (Unicode, Default_Ignorable_Code_Point), and Turkish i.
_ALIKE = str.maketrans({"\u115f": "", "\u1160": "", "\u3164": "", "\uffa0": "", "\u0131": "i"})
# What costs time to read, and no honest message has: 4 MiB within these take less than 50 ms.
_MAX_PARTS = 100_000
_MAX_MEMBERS = 1_000
_MAX_KEYS_CHARS = 20_000
_MAX_BATCH = 1_000
_MAX_ID = 2**63  # beyond 64 bits no two parsers agree

_document = msgspec.json.Decoder()
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array = msgspec.json.Decoder(list[msgspec.Raw])
_Members = Mapping[str, msgspec.Raw]


class Message(msgspec.Struct, frozen=True, gc=False):  # a frozen dataclass costs 1 µs more
    """What a decision needs to know of one message.

    `name` is the tool's or prompt's name or the resource's URI. `revision` is the protocol
    version that the body itself names, None when it names none.
    """

    kind: Kind
    method: str | None = None
    id: int | str | None = None
    name: str | None = None
    revision: str | None = None


def read_messages(body: bytes, *, batch: bool) -> Sequence[Message]:
    """Read a body: one message, or several where `batch` allows an array.

    Raises `ParseError` when it is not JSON that all parsers read alike, `InvalidMessage` when
    it is not JSON-RPC.
    """
    _check_json(body)
    if body.lstrip(_SPACE)[:1] != b"[":
        return (_read_one(body),)
    if not batch:
        raise InvalidMessage("This protocol version knows no batches: send one message.")
    items = [bytes(item) for item in _array.decode(body)]
    if not 0 < len(items) <= _MAX_BATCH:
        raise InvalidMessage("The batch is empty or too long.")
    return tuple(_read_one(item) for item in items)


def read_request_id(body: bytes) -> int | str | None:
    """Find the id of a message that is refused; None when there is none to be sure of."""
    try:
        members = _object.decode(body)
        if not _has_unique_keys(body, members) or "method" not in members:
            return None
        return _read_id(members)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, InvalidMessage):
        return None


def _check_json(body: bytes) -> None:
    if body.count(b"{") + body.count(b"[") + body.count(b'":') > _MAX_PARTS:
        raise ParseError("The body has too many parts.")
    try:
        _document.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        raise ParseError("The body is not valid JSON.") from cause


def _read_one(text: bytes) -> Message:
    members = _members(text, _ENVELOPE_KEYS)
    if _string(members.get("jsonrpc")) != "2.0":
        raise InvalidMessage('A message says "jsonrpc": "2.0".')
    if "method" not in members:
        return _read_response(members)
    if "result" in members or "error" in members:
        raise InvalidMessage("A message is a request or a response, not both.")
    method = _string(members["method"])
    if method is None:
        raise InvalidMessage("`method` is a string.")
    name, revision = _read_params(members, method)
    if "id" not in members:
        return Message("notification", method, None, name, revision)
    return Message("request", method, _read_id(members), name, revision)


def _read_response(members: _Members) -> Message:
    if ("result" in members) == ("error" in members):
        raise InvalidMessage("A message has a `method`, a `result` or an `error`.")
    if "id" not in members:
        if "error" in members:  # MCP basic: an error that answers nothing readable has no id
            return Message("response")
        raise InvalidMessage("A result says which request it answers.")
    return Message("response", None, _read_id(members))


def _read_params(members: _Members, method: str) -> tuple[str | None, str | None]:
    raw = members.get("params")
    if raw is None:
        return None, None
    params = _members(bytes(raw), _PARAMS_KEYS)
    source = _NAME_SOURCES.get(method)
    name = _string(params.get(source)) if source is not None else None
    if source is not None and source in params and name is None:
        raise InvalidMessage(f"`params.{source}` is a string.")
    return name, _read_revision(params.get("_meta"))


def _read_revision(raw: msgspec.Raw | None) -> str | None:
    if raw is None:
        return None
    meta = _members(bytes(raw), _META_KEYS)
    revision = _string(meta.get(REVISION_KEY))
    if revision is None and REVISION_KEY in meta:
        raise InvalidMessage("The protocol version is a string.")
    return revision


def _read_id(members: _Members) -> int | str:
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
        if key not in watched and _folded(key) in _FOLDED[watched]:
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


def _folded(key: str) -> str:
    """What a careless reader could take a key for."""
    if key.isalpha() and key.isascii():
        return key.lower()
    plain = unicodedata.normalize("NFKD", key.translate(_ALIKE))
    visible = (char for char in plain if unicodedata.category(char) not in _INVISIBLE)
    return "".join(visible).casefold()


_FOLDED: Mapping[frozenset[str], frozenset[str]] = {
    keys: frozenset(_folded(key) for key in keys)
    for keys in (_ENVELOPE_KEYS, _PARAMS_KEYS, _META_KEYS)
}
