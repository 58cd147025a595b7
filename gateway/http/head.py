"""The head of a request as the gateway believes it, and the doors it must pass first. Pure."""

from collections.abc import Container, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from multidict import CIMultiDict, CIMultiDictProxy

from gateway.errors import ExpectationFailed, GatewayError, MalformedHttp
from gateway.http.message_head import Field
from gateway.http.trace_fields import TRACE_NAMES
from gateway.oauth.resource import is_ambiguous_path, parse_host

# RFC 9110 §9.3.7; an absolute target without a path means the same (RFC 9112 §3.2.4).
WHOLE_SERVER = "*"
_SINGLE = ("Content-Length", "Content-Type", "Content-Range", "Content-Location", "User-Agent")


class HeadTooLarge(GatewayError):
    """RFC 6585 §5: raised for the limits of the parser only."""

    status = 431
    code = "head_too_large"
    jsonrpc_code = -32600
    default_reason = "bad_http"
    closes_connection = True


class UnsupportedVersion(GatewayError):
    """RFC 9110 §15.6.6."""

    status = 505
    code = "http_version_not_supported"
    jsonrpc_code = -32600
    default_reason = "bad_http"
    closes_connection = True


class ParsedHead(msgspec.Struct, frozen=True, gc=False):
    """What a parser read: nothing of it is judged yet.

    `keep_alive` is what version and Connection header ask for: RFC 9112 §9.3.
    """

    method: str
    target: str
    version: str
    raw_headers: Sequence[Field]
    keep_alive: bool
    address: str


class Head(msgspec.Struct, frozen=True, eq=False):  # a frozen dataclass costs 2 µs more
    """A request head that is safe to route by.

    `path` and `query` are the very characters that came; `authority` is the Host, lower-cased;
    `address` is the peer's. Neither `headers` nor `raw_headers` have the trace fields. `facts` is
    what follows from the head and from one component's own settings alone, by that component: a
    connection that repeats a head repeats its facts.
    """

    method: str
    path: str
    query: str
    authority: str
    headers: CIMultiDictProxy[str]
    raw_headers: Sequence[Field]
    address: str
    version: str = "1.1"
    keep_alive: bool = True
    facts: dict[object, Any] = msgspec.field(default_factory=dict)

    @property
    def has_body(self) -> bool:
        """True when the message is framed with a body, even an empty chunked one."""
        return "Transfer-Encoding" in self.headers or self.body_bytes > 0

    @property
    def is_chunked(self) -> bool:
        """True when the body tells its own end."""
        return "Transfer-Encoding" in self.headers

    @property
    def body_bytes(self) -> int:
        """The length that the head announces; 0 for none."""
        return int(self.headers.get("Content-Length", "0"))

    @property
    def expects_continue(self) -> bool:
        """True when the client waits for `100 Continue` with the body: RFC 9110 §10.1.1.

        One of HTTP/1.0 would take that for the answer.
        """
        return "Expect" in self.headers and self.version != "1.0"


def judge_head(parsed: ParsedHead) -> Head:
    """Check what the parser let through and split the target.

    Raises `MalformedHttp`, `ExpectationFailed` or `UnsupportedVersion`.
    """
    # By what names a request in traces nothing is decided: it must not make a head another one.
    fields = [each for each in parsed.raw_headers if each[0].lower() not in TRACE_NAMES]
    headers = _decoded(fields)
    _check_framing(parsed, headers)
    hosts = headers.getall("Host", ())
    if len(hosts) != 1:
        # RFC 9112 §3.2: missing or repeated Host.
        raise MalformedHttp("Exactly one Host header is needed.", reason="bad_host")
    authority = _authority(hosts[0])
    target = parsed.target
    is_options = parsed.method == "OPTIONS"
    if not target.startswith("/") and not (is_options and target == WHOLE_SERVER):
        target = _absolute_form(target, authority) or (WHOLE_SERVER if is_options else "/")
    path, _, query = target.partition("?")
    if (path != WHOLE_SERVER and _is_ambiguous(path)) or "#" in query:
        raise MalformedHttp("The request path can be read in two ways.", reason="bad_path")
    return Head(
        parsed.method,
        path,
        query,
        authority,
        headers,
        fields,
        parsed.address,
        parsed.version,
        parsed.keep_alive,
    )


def wants_page(method: str, headers: Mapping[str, str]) -> bool:
    """Tell a person at a browser from an MCP client, which asks for events."""
    accepts = headers.get("Accept", "")
    return method == "GET" and "text/html" in accepts and "text/event-stream" not in accepts


def forwarded_host(head: Head) -> str | None:
    """What a proxy says the client asked for, None when it says nothing that is a host.

    Of several the last: it was added by whoever connected.
    """
    values = head.headers.getall("X-Forwarded-Host", ())
    try:
        return _authority(values[-1].rpartition(",")[2].strip(" \t")) if values else None
    except MalformedHttp:
        return None


def with_forwarded_host(head: Head, ours: Container[str]) -> Head:
    """The head of a request whose Host a trusted proxy has rewritten.

    A Host of ours stays: another one beside it may be the client's word, passed on unseen.
    """
    if head.authority in ours:
        return head
    said = forwarded_host(head)
    return msgspec.structs.replace(head, authority=said) if said in ours and said else head


def _decoded(raw_headers: Sequence[Field]) -> CIMultiDictProxy[str]:
    # Bytes that are no UTF-8 survive the way to a log or a comparison without an error.
    pairs = [
        (name.decode("latin-1"), value.decode("utf-8", "surrogateescape"))
        for name, value in raw_headers
    ]
    return CIMultiDictProxy(CIMultiDict(pairs))


def _check_framing(parsed: ParsedHead, headers: CIMultiDictProxy[str]) -> None:
    if parsed.version not in ("1.1", "1.0"):
        raise UnsupportedVersion("HTTP/1.1 is spoken here.")
    # RFC 9110 §5.3: of two values of these, one reader takes the first and another the last.
    if any(len(headers.getall(name, ())) > 1 for name in _SINGLE):
        raise MalformedHttp("A header field stands twice.")
    coding = headers.get("Transfer-Encoding")
    if coding is not None:
        # An empty or a second coding is framing that others read otherwise: RFC 9112 §6.1.
        alone = coding.lower() == "chunked" and len(headers.getall("Transfer-Encoding")) == 1
        if not alone or "Content-Length" in headers or parsed.version == "1.0":
            raise MalformedHttp("The body's framing is ambiguous.")
    length = headers.get("Content-Length", "0")
    if length != "0" and length.startswith("0"):
        # Octal to some readers; the parser lets it pass.
        raise MalformedHttp("The Content-Length begins with a zero.")
    expectations = headers.getall("Expect", ("100-continue",))
    if [expectation.lower() for expectation in expectations] != ["100-continue"]:
        raise ExpectationFailed("Only `Expect: 100-continue` is understood.")
    if headers.get("Upgrade", "").lower() in ("websocket", "tcp"):
        raise MalformedHttp("No protocol to upgrade to.")


def _absolute_form(target: str, host: str) -> str:
    scheme, separator, rest = target.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        raise MalformedHttp("The request target is not a path.", reason="bad_path")
    authority, slash, path = rest.partition("/")
    # RFC 9112 §3.2.2: the target wins over Host; two that disagree are an attack, not a choice.
    if _authority(authority) != host:
        raise MalformedHttp("The request target and Host disagree.", reason="bad_host")
    return slash + path


@lru_cache(maxsize=1024)
def _authority(value: str) -> str:
    try:
        host, port = parse_host(value)
    except ValueError as cause:
        raise MalformedHttp("The Host header is malformed.", reason="bad_host") from cause
    return host if port is None else f"{host}:{port}"


@lru_cache(maxsize=1024)
def _is_ambiguous(path: str) -> bool:
    return is_ambiguous_path(path)
