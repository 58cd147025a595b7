"""Bodies that two parsers could read in two ways, or that no parser should read: M1 to M11."""

from dataclasses import dataclass

PARSE_ERROR = -32700
INVALID = -32600
HEADER_MISMATCH = -32020
BATCH_ERA = "MCP-Protocol-Version: 2025-03-26"
FIRST_WITHOUT_BATCHES = "MCP-Protocol-Version: 2025-06-18"
LAST_SESSION_ERA = "MCP-Protocol-Version: 2025-11-25"
MIRRORING = "MCP-Protocol-Version: 2026-07-28"
KIB = 1024


@dataclass(frozen=True, slots=True)
class MessageAttack:
    """A POST with a good token whose body or headers are to be refused.

    `headers` are whole lines beside the usual ones; with `media` None no Content-Type is sent.
    """

    requirement: str
    name: str
    body: bytes
    headers: tuple[str, ...] = ()
    statuses: tuple[int, ...] = (400,)
    code: int = INVALID
    media: str | None = "application/json"


def call(params: bytes = b'{"name":"whoami"}', before: bytes = b"") -> bytes:
    """A `tools/call`; `before` stands in front of its other members."""
    return b'{%b"jsonrpc":"2.0","id":1,"method":"tools/call","params":%b}' % (before, params)


def message(members: bytes) -> bytes:
    """A message of these members and the version."""
    return b'{"jsonrpc":"2.0",%b}' % members


def listening(notifications: bytes) -> bytes:
    """A `subscriptions/listen` for these notifications."""
    params = b'{"notifications":%b}' % notifications
    return message(b'"id":1,"method":"subscriptions/listen","params":%b' % params)


CALL = call()
LISTING = b'{"jsonrpc":"2.0","id":2,"method":"tools/list"}'


DOUBLED = [
    MessageAttack("M1", "method", call(before=b'"method":"tools/list",')),
    MessageAttack("M1", "method, escaped", call(before=b'"\\u006dethod":"tools/list",')),
    MessageAttack("M1", "params", call(before=b'"params":{"name":"other"},')),
    MessageAttack("M1", "id", call(before=b'"id":2,')),
    MessageAttack("M1", "version", call(before=b'"jsonrpc":"2.0",')),
    MessageAttack("M1", "name", call(b'{"name":"other","name":"whoami"}')),
    MessageAttack("M1", "name, equal values", call(b'{"name":"whoami","name":"whoami"}')),
    MessageAttack("M1", "name, escaped", call(b'{"name":"whoami","n\\u0061me":"other"}')),
    MessageAttack("M1", "arguments", call(b'{"name":"whoami","arguments":{},"arguments":{}}')),
    MessageAttack("M1", "in a batch", b"[%b]" % call(before=b'"id":2,'), (BATCH_ERA,)),
]
TWINS = [
    MessageAttack("M2", "METHOD", call(before=b'"METHOD":"tools/list",')),
    MessageAttack("M2", "Method instead", CALL.replace(b'"method"', b'"Method"')),
    MessageAttack("M2", "Params", call(before=b'"Params":{"name":"other"},')),
    MessageAttack("M2", "Name", call(b'{"name":"whoami","Name":"other"}')),
    MessageAttack("M2", "Id", call(before=b'"Id":2,')),
    MessageAttack("M2", "zero-width space", call(b'{"name":"whoami","na\xe2\x80\x8bme":"x"}')),
    MessageAttack("M2", "zero-width, escaped", call(b'{"name":"whoami","na\\u200bme":"x"}')),
    MessageAttack("M2", "fullwidth", call(b'{"name":"whoami","\\uff4eame":"x"}')),
    MessageAttack("M2", "combining mark", call(b'{"name":"whoami","name\\u0301":"x"}')),
    MessageAttack("M2", "trailing space", call(b'{"name":"whoami","name ":"x"}')),
    MessageAttack("M2", "trailing NUL", call(b'{"name":"whoami","name\\u0000":"x"}')),
    MessageAttack("M2", "Turkish i", call(before=b'"\xc4\xb1d":2,')),
    MessageAttack("M2", "long s", call(before=b'"param\xc5\xbf":{"name":"other"},')),
]
BATCHES = [
    MessageAttack("M4", "batch where there is none", b"[%b]" % CALL, (LAST_SESSION_ERA,)),
    MessageAttack("M4", "batch of 2025-06-18", b"[%b]" % CALL, (FIRST_WITHOUT_BATCHES,)),
    MessageAttack("M4", "batch of 2026-07-28", b"[%b]" % CALL, (MIRRORING,)),
    MessageAttack("M4", "empty batch", b"[]", (BATCH_ERA,)),
    MessageAttack("M4", "nested batch", b"[[%b]]" % CALL, (BATCH_ERA,)),
    MessageAttack("M4", "batch with a number", b"[%b,1]" % CALL, (BATCH_ERA,)),
    MessageAttack("M4", "batch with a bad message", b'[%b,{"id":1}]' % CALL, (BATCH_ERA,)),
    MessageAttack("M4", "batch of 10,000", b"[%b]" % b",".join([LISTING] * 10_000), (BATCH_ERA,)),
]
NOT_JSON = [
    MessageAttack("M5", name, body, code=PARSE_ERROR)
    for name, body in [
        ("nothing", b""),
        ("spaces", b"   "),
        ("NaN", call(b'{"name":"whoami","arguments":{"x":NaN}}')),
        ("Infinity", call(b'{"name":"whoami","arguments":{"x":-Infinity}}')),
        ("number beyond a double", call(b'{"name":"whoami","arguments":{"x":1e999}}')),
        ("leading zero", call(b'{"name":"whoami","arguments":{"x":01}}')),
        ("lone surrogate", call(b'{"name":"\\ud800"}')),
        ("low surrogate first", call(b'{"name":"\\udc00\\ud800"}')),
        ("invalid UTF-8", call(b'{"name":"\xff"}')),
        ("overlong slash", call(b'{"name":"\xc0\xaf"}')),
        ("surrogate in UTF-8", call(b'{"name":"\xed\xa0\x80"}')),
        ("beyond Unicode", call(b'{"name":"\xf4\x90\x80\x80"}')),
        ("UTF-16", CALL.decode().encode("utf-16")),
        ("UTF-16 without a mark", CALL.decode().encode("utf-16-be")),
        ("UTF-32", CALL.decode().encode("utf-32")),
        ("byte order mark", b"\xef\xbb\xbf" + CALL),
        ("second message", CALL + CALL),
        ("two lines", CALL + b"\n" + LISTING),
        ("trailing NUL", CALL + b"\0"),
        ("trailing comma", CALL[:-1] + b",}"),
        ("line comment", CALL + b"// x"),
        ("comment", CALL.replace(b",", b",/* x */", 1)),
        ("single quotes", CALL.replace(b'"', b"'")),
        ("bare keys", CALL.replace(b'"id"', b"id")),
        ("raw line break in a string", call(b'{"name":"who\nami"}')),
        ("unknown escape", call(b'{"name":"\\x77hoami"}')),
        ("record separator", b"\x1e" + CALL),
        ("cut short", CALL[:-1]),
    ]
]
TOO_MUCH = [
    MessageAttack("M6", "100,000 arrays deep", b"[" * 100_000, code=PARSE_ERROR),
    MessageAttack("M6", "arrays deep inside", call(b"[" * 5000 + b"]" * 5000), code=PARSE_ERROR),
    MessageAttack("M6", "objects deep inside", call(b'{"a":' * 5000 + b"1" + b"}" * 5000), code=0),
    MessageAttack(
        "M6",
        "300,000 keys",
        call(b"{%b}" % b",".join(b'"%x":1' % n for n in range(300_000))),
        code=0,
    ),
    MessageAttack(
        "M6", "id of 100,000 digits", message(b'"id":%b,"method":"x"' % (b"9" * 100_000)), code=0
    ),
    MessageAttack("M6", "5 MiB of text", call(b'{"name":"%b"}' % (b"a" * 5120 * KIB)), (), (413,)),
    MessageAttack(
        "M6",
        "colliding keys",
        call(b"{%b}" % b",".join(b'"%b":1' % (b"\\u0000" * n) for n in range(1, 1010))),
        code=0,
    ),
]
MEDIA = [
    MessageAttack("M7", str(media), CALL, (), (415,), media=media)
    for media in [
        None,
        "",
        "text/plain",
        "text/json",
        "application/jsonl",
        "application/json-rpc",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/json; charset=utf-8; charset=utf-16",
        "application/json, text/plain",
        "text/plain; application/json",
        "application/json;text/plain",
    ]
]
# The HTTP parser refuses these before anybody reads a media type.
MEDIA += [
    MessageAttack("M7", f"two media types, {second}", CALL, (), (400,), media=both)
    for second in ("text/plain", "application/json")
    for both in [f"application/json\r\nContent-Type: {second}"]
]
CODINGS = [
    MessageAttack("M8", coding, CALL, (f"Content-Encoding: {coding}",), (415,))
    for coding in [
        "gzip",
        "GZIP",
        "br",
        "zstd",
        "deflate",
        "x-gzip",
        "gzip, gzip",
        "identity, gzip",
    ]
] + [
    MessageAttack(
        "M8",
        "second header",
        CALL,
        ("Content-Encoding: identity", "Content-Encoding: gzip"),
        (415,),
    ),
    MessageAttack(
        "M8", "gzip bomb", b"\x1f\x8b\x08" + b"\0" * KIB, ("Content-Encoding: gzip",), (415,)
    ),
]
SHAPES = [
    MessageAttack("M11", name, body)
    for name, body in [
        ("null", b"null"),
        ("number", b"1"),
        ("string", b'"tools/call"'),
        ("empty object", b"{}"),
        ("no version", b'{"id":1,"method":"ping"}'),
        ("version 1.0", b'{"jsonrpc":"1.0","id":1,"method":"ping"}'),
        ("version as a number", b'{"jsonrpc":2.0,"id":1,"method":"ping"}'),
        ("id null", message(b'"id":null,"method":"ping"')),
        ("id true", message(b'"id":true,"method":"ping"')),
        ("id fraction", message(b'"id":1.5,"method":"ping"')),
        ("id object", message(b'"id":{},"method":"ping"')),
        ("notification, method number", message(b'"method":7')),
        ("notification, params array", message(b'"method":"ping","params":[]')),
        ("method number", message(b'"id":1,"method":7')),
        ("method array", message(b'"id":1,"method":["tools/call"]')),
        ("method null", message(b'"id":1,"method":null')),
        ("params array", call(b'["whoami"]')),
        ("params string", call(b'"whoami"')),
        ("params null", call(b"null")),
        ("name number", call(b'{"name":7}')),
        ("name array", call(b'{"name":["whoami"]}')),
        *(
            (f"subscriptions {name}", listening(b'{"resourceSubscriptions":%b}' % uris))
            for name, uris in [
                ("string", b'"file:///etc/passwd"'),
                ("object", b'{"file:///etc/passwd":1}'),
                ("number", b"1"),
                ("null", b"null"),
                ("of numbers", b"[1]"),
                ("of lists", b'[["file:///etc/passwd"]]'),
            ]
        ),
        ("notifications array", listening(b'["file:///etc/passwd"]')),
        ("request and result", call(before=b'"result":{},')),
        ("request and error", call(before=b'"error":{"code":1,"message":""},')),
        ("result and error", message(b'"id":1,"result":{},"error":{"code":1,"message":""}')),
        ("result without an id", message(b'"result":{}')),
        ("result for null", message(b'"id":null,"result":{}')),
        ("neither", message(b'"id":1')),
    ]
]
