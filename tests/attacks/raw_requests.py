"""Requests that no honest client sends: heads and paths (attacks H3, H6 to H9, H12, H14, P1 to P4).

`{host}` is the gateway's authority, `{token}` a good token: what is refused is the request's form.
"""

from dataclasses import dataclass

BODY = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami"}}'
HEAD = "POST /mcp HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
JSON = HEAD + "Content-Type: application/json\r\n"
SIZE = len(BODY)


@dataclass(frozen=True, slots=True)
class Attack:
    """`statuses` are the answers that are right; 0 is a connection closed without one."""

    requirement: str
    name: str
    request: str
    statuses: tuple[int, ...] = (400,)


def framed(requirement: str, name: str, *lines: str, body: str = BODY) -> Attack:
    """A call whose framing headers are `lines`."""
    return Attack(
        requirement, name, JSON + "".join(f"{line}\r\n" for line in lines) + "\r\n" + body
    )


LENGTH = f"Content-Length: {SIZE}"
HEADS = [
    Attack("H3", "bare CR in a value", HEAD + "X-A: a\rb\r\n\r\n"),
    Attack("H3", "NUL in a value", HEAD + "X-A: a\x00b\r\n\r\n"),
    Attack("H3", "bare LF line ends", HEAD.replace("\r\n", "\n") + "\n"),
    Attack("H6", "space before colon", HEAD + "X-A : b\r\n\r\n"),
    Attack("H6", "space in a name", HEAD + "X A: b\r\n\r\n"),
    Attack("H6", "empty name", HEAD + ": b\r\n\r\n"),
    Attack("H6", "name beyond ASCII", HEAD + "X-\xe9: b\r\n\r\n"),
    Attack("H6", "129 headers", HEAD + "X-A: b\r\n" * 129 + "\r\n", (400, 431)),
    Attack("H6", "huge value", HEAD + "X-A: " + "b" * 70_000 + "\r\n\r\n", (431,)),
    Attack("H6", "folded line", HEAD + "X-A: b\r\n c\r\n\r\n"),
    Attack("H7", "two authorizations", HEAD + "Authorization: Bearer {token}\r\n\r\n"),
    Attack("H8", "no host", HEAD.replace("Host: {host}\r\n", "") + "\r\n"),
    Attack("H8", "two hosts", HEAD + "Host: {host}\r\n\r\n"),
    Attack("H8", "userinfo", HEAD.replace("{host}", "{host}@evil.example") + "\r\n"),
    Attack("H8", "path in host", HEAD.replace("{host}", "{host}/x") + "\r\n"),
    Attack("H8", "port out of range", HEAD.replace("{host}", "127.0.0.1:99999") + "\r\n"),
    Attack("H8", "other host", HEAD.replace("{host}", "evil.example") + "\r\n", (421,)),
    Attack("H8", "absolute form", HEAD.replace(" /mcp", " http://evil.example/mcp") + "\r\n"),
    framed("H9", "identity header named", LENGTH, "Connection: keep-alive, X-User-Id"),
    framed("H9", "authorization named", LENGTH, "Connection: Authorization"),
    Attack("H12", "http 0.9", "GET /mcp\r\n", (400, 0)),
    Attack("H12", "http 1.2", HEAD.replace("HTTP/1.1", "HTTP/1.2") + "\r\n", (400, 505)),
    Attack("H12", "http 3.7", HEAD.replace("HTTP/1.1", "HTTP/3.7") + "\r\n", (400, 505)),
    Attack("H12", "lower-case method", HEAD.replace("POST", "post") + "\r\n", (400, 405)),
    Attack("H12", "CONNECT", "CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n", (400, 405)),
    Attack("H12", "TRACE", HEAD.replace("POST", "TRACE") + "\r\n", (400, 405)),
    Attack("H12", "websocket", HEAD + "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
    Attack("H14", "http 2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 405, 505)),
]  # fmt: skip
PATHS = [
    Attack(
        requirement,
        path,
        f"POST {path} HTTP/1.1\r\n" + HEAD.partition("\r\n")[2] + "\r\n",
        statuses,
    )
    for requirement, path, statuses in [
        ("P1", "/mcp/../mcp", (400,)),
        ("P1", "/./mcp", (400,)),
        ("P1", "/%6dcp", (404,)),
        ("P1", "/%2e%2e/mcp", (400,)),
        ("P1", "/mcp%2f", (400,)),
        ("P1", "/x%2f..%2fmcp", (400,)),
        ("P1", "//mcp", (400,)),
        ("P1", "/mcp//", (400,)),
        ("P1", "/mcp;x=1", (400,)),
        ("P1", "/..;/mcp", (400,)),
        ("P1", "\\mcp", (400,)),
        ("P1", "/mcp%00", (400,)),
        ("P1", "/mcp%5c", (400,)),
        ("P1", "/%252e%252e/mcp", (400,)),
        ("P1", "/mcp#x", (400,)),
        ("P1", "/mcp%c0%ae", (400,)),
        ("P1", "/MCP", (404,)),
        ("P1", "/mcp.", (404,)),
        ("P2", "/other?/mcp", (404,)),
        ("P3", "/.well-known/oauth-protected-resource/../../mcp", (400,)),
        ("P3", "/.well-known/oauth-protected-resource/%2e%2e/mcp", (400,)),
        ("P3", "/.well-known/oauth-protected-resource/mcp/x", (404,)),
        ("P4", "/mcp-admin", (404,)),
    ]
]
