"""What a hostile or broken upstream may answer: H13."""

from dataclasses import dataclass

OK = b"HTTP/1.1 200 OK\r\n"
TYPE = b"Content-Type: application/json\r\n"
CHUNKED = OK + TYPE + b"Transfer-Encoding: chunked\r\n\r\n"
NO_CONTENT = b"Content-Length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Reply:
    """The bytes of an answer, after which the upstream may `close`."""

    name: str
    sent: bytes
    close: bool = False
    requirement: str = "H13"


# Known to be bad before a byte of it was passed on: 502.
BAD_HEADS = [
    Reply("nothing", b"", close=True),
    Reply("half a status line", b"HTTP/1.1 20", close=True),
    Reply("half a head", OK + TYPE, close=True),
    Reply("short body cut", OK + TYPE + b"Content-Length: 10\r\n\r\n{}", close=True),
    Reply("two different lengths", OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}a"),
    Reply("two equal lengths", OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"),
    Reply("list of lengths", OK + b"Content-Length: 2, 2\r\n\r\n{}"),
    Reply("negative length", OK + b"Content-Length: -1\r\n\r\n{}"),
    Reply("length beyond 64 bits", OK + b"Content-Length: %b\r\n\r\n{}" % (b"9" * 30)),
    Reply("length and coding", CHUNKED[:-2] + b"Content-Length: 2\r\n\r\n0\r\n\r\n"),
    Reply("unknown coding", OK + b"Transfer-Encoding: cow\r\n\r\n{}"),
    Reply("gzip coding", OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    Reply("storm of 1xx", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 10_000),
    Reply("switch of protocols", b"HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nx"),
    Reply("CR in the reason", b"HTTP/1.1 200 O\rSet-Cookie: a=b\r\n" + NO_CONTENT),
    Reply("CR in a value", OK + b"X-A: b\rSet-Cookie: a=b\r\n" + NO_CONTENT),
    Reply("LF in a value", OK + b"X-A: b\nSet-Cookie: a=b\r\n" + NO_CONTENT),
    Reply("NUL in a value", OK + b"X-A: b\0c\r\n" + NO_CONTENT),
    Reply("folded value", OK + b"X-A: b\r\n c\r\n" + NO_CONTENT),
    Reply("space before the colon", OK + b"X-A : b\r\n" + NO_CONTENT),
    Reply("no colon", OK + b"X-A\r\n" + NO_CONTENT),
    Reply("header of 100 KB", OK + b"X-A: %b\r\n" % (b"a" * 100_000) + NO_CONTENT),
    Reply("20,000 headers", OK + b"X-A: b\r\n" * 20_000 + NO_CONTENT),
    Reply("two content types", OK + TYPE + b"Content-Type: text/html\r\n" + NO_CONTENT),
    Reply("HTTP/2.0", b"HTTP/2.0 200 OK\r\n" + NO_CONTENT),
    Reply("HTTP/1.0 with a coding", b"HTTP/1.0" + CHUNKED[8:] + b"0\r\n\r\n"),
    Reply("status 999", b"HTTP/1.1 999 X\r\n" + NO_CONTENT),
    Reply("status -20", b"HTTP/1.1 -20 X\r\n" + NO_CONTENT),
    Reply("TLS", b"\x15\x03\x01\x00\x02\x02\x50"),
    Reply("SSH", b"SSH-2.0-OpenSSH_9.6\r\n"),
]
# Good heads whose bodies break off: the client's connection must break too.
BROKEN_BODIES = [
    Reply("chunk size overflow", b"fffffffffffffffff\r\na\r\n0\r\n\r\n"),
    Reply("chunk spills", b"1\r\nab\r\n0\r\n\r\n"),
    Reply("no hexadecimal", b"xyz\r\n"),
    Reply("bare LF", b"1\na\r\n0\r\n\r\n"),
    Reply("cut amid a chunk", b"5\r\nab", close=True),
    Reply("cut between chunks", b"1\r\na\r\n", close=True),
    Reply("cut before the last line", b"1\r\na\r\n0\r\n", close=True),
    Reply("endless extension", b"1;" + b"x" * 100_000),
    Reply("endless trailers", b"1\r\na\r\n0\r\n" + b"A: b\r\n" * 100_000),
]
# Never the client's: somebody else's session, challenge, page policy or connection.
DROPPED = (
    "Set-Cookie: session=1",
    "set-cookie2: a=b",
    'WWW-Authenticate: Bearer resource_metadata="https://evil.example"',
    "Access-Control-Allow-Origin: *",
    "Access-Control-Allow-Credentials: true",
    "Strict-Transport-Security: max-age=1",
    "Alt-Svc: h3=\":443\"",
    "Clear-Site-Data: *",
    "Proxy-Authenticate: Basic",
    "Proxy-Authentication-Info: x",
    "Keep-Alive: timeout=1000",
    "Upgrade: h2c",
    "Trailer: X-A",
    "TE: trailers",
    "X-Request-Id: forged",
    "Connection: X-Hop\r\nX-Hop: 1",
)  # fmt: skip
