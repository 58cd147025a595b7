"""Framing that two servers read in two ways, and smuggling behind it: H1 to H4, H6, H8, H10, H12.

`raw_requests` holds the malformed heads. `{host}` is the gateway's authority, `{token}` a good
token, `{good}` a complete good request to be smuggled.
"""

from dataclasses import dataclass

BODY = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami"}}'
START = "POST /mcp HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
JSON = START + "Content-Type: application/json\r\n"
LENGTH = f"Content-Length: {len(BODY)}\r\n"
CHUNKED = JSON + "Transfer-Encoding: chunked\r\n\r\n"
ONE_CHUNK = f"{len(BODY):x}\r\n{BODY}\r\n"


@dataclass(frozen=True, slots=True)
class FramingAttack:
    """`statuses` are the right first answers; after it the connection must be closed."""

    requirement: str
    name: str
    request: str
    statuses: tuple[int, ...] = (400,)


def smuggling(name: str, lines: str, body: str, *, method: str = "POST") -> FramingAttack:
    """A request whose end is doubtful, with a good one behind or inside it."""
    head = JSON.replace("POST", method, 1)
    return FramingAttack("H1", name, f"{head}{lines}\r\n{body}")


SMUGGLED = [
    smuggling("CL.TE", "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n{good}"),
    smuggling("TE.CL", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "5c\r\n{good}"),
    smuggling(
        "TE.TE", "Transfer-Encoding: chunked\r\nTransfer-encoding: cow\r\n", "0\r\n\r\n{good}"
    ),
    smuggling("TE.0", "Transfer-Encoding: identity\r\n", "{good}"),
    smuggling("empty TE and CL", "Transfer-Encoding:\r\nContent-Length: 0\r\n", "{good}"),
    smuggling("CL.0 on GET", "Content-Length: 5\r\n", "GET /{good}", method="GET"),
    smuggling("CL on DELETE", LENGTH, BODY + "{good}", method="DELETE"),
    smuggling("TE on GET", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n{good}", method="GET"),
    smuggling("TE behind a tab", "Transfer-Encoding:\tcow\r\n", "0\r\n\r\n{good}"),
    smuggling("underscored TE and CL list", "Content-Length: 4,\r\n", "0\r\n\r\n{good}"),
    smuggling("CL in another case too", LENGTH + "content-length: 1\r\n", BODY + "{good}"),
    smuggling("CL folded", "Content-Length:\r\n 5\r\n", BODY + "{good}"),
    smuggling("CL with a space inside", "Content-Length: 1 0\r\n", BODY + "{good}"),
    smuggling("CL in other digits", "Content-Length: \xb2\r\n", BODY + "{good}"),
    smuggling("CL of 2^64", "Content-Length: 18446744073709551616\r\n", BODY + "{good}"),
]
LENGTHS = [
    FramingAttack("H1", f"length {value!r}", f"{JSON}Content-Length:{value}\r\n\r\n{BODY}")
    for value in [
        "",
        " ",
        f" {len(BODY)}, {len(BODY)}",
        f" {len(BODY)}\r\nContent-Length: {len(BODY)}",
        f" {len(BODY)}\r\nContent-Length: 5",
        f" +{len(BODY)}",
        " -1",
        " -0",
        f" 0{len(BODY)}",
        " 0x49",
        " 4_9",
        f" {len(BODY)}.0",
        " 7e1",
        f" {len(BODY)};q=1",
        f' "{len(BODY)}"',
        " " + "9" * 40,
    ]
]
CODINGS = [
    FramingAttack("H2", repr(value), f"{JSON}Transfer-Encoding:{value}\r\n\r\n{ONE_CHUNK}0\r\n\r\n")
    for value in [
        "",
        " xchunked",
        " identity",
        " gzip, chunked",
        " chunked, chunked",
        " chunked,",
        " chunked;q=1",
        " \x0bchunked",
        "\r\n chunked",
        " chunked\r\nTransfer-Encoding: chunked",
        " chunked\r\nTransfer-Encoding: identity",
        " \x0cchunked",
        " chunked\x0b",
        " chunked\x00",
        " chunk",
        " ,chunked",
        ' "chunked"',
        " chunked chunked",
        " chunked\r\n\t",
        " CHUNKED, identity",
        " deflate",
    ]
]
OLD_VERSION = FramingAttack("H2", "chunked in 1.0", CHUNKED.replace("1.1", "1.0") + "0\r\n\r\n")
SPACED = FramingAttack("H2", "space before the colon", JSON + "Transfer-Encoding : chunked\r\n\r\n")
CHUNKS = [
    FramingAttack("H3", "bare LF in a size", CHUNKED + "4\n{}  \r\n0\r\n\r\n"),
    FramingAttack("H3", "bare CR in a size", CHUNKED + "4\rabcd\r\n0\r\n\r\n"),
    FramingAttack("H3", "LF amid an extension", CHUNKED + "4;a\nb\r\nabcd\r\n0\r\n\r\n"),
    FramingAttack("H4", "no number", CHUNKED + "xyz\r\nabcd\r\n0\r\n\r\n"),
    FramingAttack("H4", "minus sign", CHUNKED + "-4\r\nabcd\r\n0\r\n\r\n"),
    FramingAttack("H4", "0x", CHUNKED + "0x4\r\nabcd\r\n0\r\n\r\n"),
    FramingAttack("H4", "17 digits", CHUNKED + "1" * 17 + "\r\nabcd\r\n0\r\n\r\n"),
    FramingAttack("H4", "spilled", CHUNKED + "2\r\nabcd\r\n0\r\n\r\n"),
    FramingAttack("H3", "bare CR in an extension", CHUNKED + "4;a=\rb\r\nabcd\r\n0\r\n\r\n"),
    FramingAttack("H3", "bare LF in an extension", CHUNKED + "4;\nabcd\r\n0\r\n\r\n"),
    FramingAttack("H3", "NUL in an extension", CHUNKED + "4;\0\r\nabcd\r\n0\r\n\r\n"),
    FramingAttack("H3", "bare LF behind a chunk", CHUNKED + ONE_CHUNK[:-2] + "\n0\r\n\r\n"),
    FramingAttack("H3", "bare LF at the end", CHUNKED + ONE_CHUNK + "0\n\n{good}"),
    FramingAttack("H3", "bare LF in a trailer", CHUNKED + ONE_CHUNK + "0\r\nA: b\nC: d\r\n\r\n"),
    FramingAttack("H3", "bare CR in a trailer", CHUNKED + ONE_CHUNK + "0\r\nA: b\rC: d\r\n\r\n"),
    FramingAttack("H3", "NUL in a trailer", CHUNKED + ONE_CHUNK + "0\r\nA: \0\r\n\r\n"),
    FramingAttack("H3", "folded trailer", CHUNKED + ONE_CHUNK + "0\r\nA: b\r\n C: d\r\n\r\n"),
    FramingAttack("H4", "empty size", CHUNKED + "\r\nabcd\r\n0\r\n\r\n"),
    FramingAttack("H4", "plus sign", CHUNKED + "+4\r\nabcd\r\n0\r\n\r\n"),
    FramingAttack("H4", "underscore", CHUNKED + "1_0\r\nabcd\r\n0\r\n\r\n"),
    FramingAttack("H4", "leading space", CHUNKED + " 4\r\nabcd\r\n0\r\n\r\n"),
    FramingAttack("H4", "size of 2^64", CHUNKED + "1" + "0" * 16 + "\r\n" + BODY),
    FramingAttack("H4", "no line end behind a chunk", CHUNKED + ONE_CHUNK[:-2] + "0\r\n\r\n"),
    FramingAttack("H4", "5 MiB in one chunk", CHUNKED + "500000\r\n" + "a" * 0x500000, (413,)),
]
ENDLESS = {
    "extension": "4;" + "a" * 65_536,
    "extensions": "4" + ";a" * 10_000,
    "extension behind a byte": "1\r\na\r\n1;" + "a" * 65_536,
    "zeros": "0" * 70_000,
    "trailer": ONE_CHUNK + "0\r\nX-A: " + "a" * 4096,
}
HEADS = [
    FramingAttack("H3", "bare LF behind one header", START + "X-A: b\nX-B: c\r\n\r\n"),
    FramingAttack("H3", "bare CR as line end", START.replace("\r\n", "\r") + "\r\r"),
    FramingAttack("H3", "CR LF in the target", START.replace("/mcp", "/m\r\nA: b\r\ncp") + "\r\n"),
    FramingAttack("H6", "tab in a name", START + "X\tA: b\r\n\r\n"),
    FramingAttack("H6", "NUL in a name", START + "X\0A: b\r\n\r\n"),
    FramingAttack("H6", "parenthesis in a name", START + "X(A): b\r\n\r\n"),
    FramingAttack("H6", "name of 64 KiB", START + "X" * 65536 + ": b\r\n\r\n", (400, 431)),
    FramingAttack("H6", "5000 headers", START + "X-A: b\r\n" * 5000 + "\r\n", (400, 431)),
    FramingAttack("H6", "first line folded", START.replace("Host", " Host", 1) + "\r\n"),
    *[
        FramingAttack("H8", f"host {host!r}", START.replace("{host}", host) + "\r\n", statuses)
        for host, statuses in [
            ("", (400,)),
            ("{host}, {host}", (400,)),
            ("{host} evil.example", (400,)),
            ("{host}?", (400,)),
            ("{host}#", (400,)),
            ("{host}\\", (400,)),
            ("127.0.0.1:", (400,)),
            ("127.0.0.1:0", (400,)),
            ("127.0.0.1:-1", (400,)),
            ("127.0.0.1:80:80", (400,)),
            ("[::1", (400,)),
            ("[::1%25lo]:80", (400,)),
            ("%3127.0.0.1", (400,)),
            ("evil.example\x00", (400,)),
        ]
    ],
    FramingAttack("H8", "no scheme we speak", START.replace("/mcp", "ftp://{host}/mcp") + "\r\n"),
    FramingAttack("H8", "userinfo", START.replace("/mcp", "http://{host}@x/mcp") + "\r\n"),
    FramingAttack("H8", "empty authority", START.replace("/mcp", "http:///mcp") + "\r\n"),
    FramingAttack("H12", "websocket", START + "Connection: upgrade\r\nUpgrade: WebSocket\r\n\r\n"),
    FramingAttack("H12", "no version", START.replace(" HTTP/1.1", "") + "\r\n", (400, 505)),
    FramingAttack("H12", "version 2.0", START.replace("1.1", "2.0") + "\r\n", (400, 505)),
    FramingAttack("H12", "version 1.10", START.replace("1.1", "1.10") + "\r\n", (400, 505)),
    FramingAttack("H12", "lower-case version", START.replace("HTTP/", "http/") + "\r\n"),
    FramingAttack("H12", "tab for a space", START.replace(" /mcp", "\t/mcp") + "\r\n"),
    FramingAttack("H12", "TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    FramingAttack("H12", "garbage method", START.replace("POST", "PO(ST") + "\r\n", (400, 405)),
]
UNKNOWN_METHODS = (
    "PUT", "PATCH", "TRACE", "TRACK", "DEBUG", "PROPFIND", "SEARCH", "QUERY", "HEAD",
    "post", "Post", "get", "delete", "XPOST",
)  # fmt: skip
# Names that some proxies take for the caller's host, scheme or path.
FORWARDING = (
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Port: 1",
    "X-Forwarded-Prefix: /evil.example",
    "X-Forwarded-Server: evil.example",
    "X-Forwarded-Uri: /evil.example",
    "X-Forwarded-For: evil.example",
    "Forwarded: for=1.2.3.4;host=evil.example;proto=https",
    "X-Original-URL: /evil.example",
    "X-Original-URI: /evil.example",
    "X-Rewrite-URL: /evil.example",
    "X_Forwarded_Host: evil.example",
)
# Names that the gateway does not know, and passes on like any other header.
UNKNOWN_FORWARDING = (
    "X-Host: evil.example",
    "X-HTTP-Host-Override: evil.example",
    "X-Original-Host: evil.example",
)
