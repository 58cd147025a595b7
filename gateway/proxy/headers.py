"""Which headers cross the gateway, and what it says itself: RFC 9110 §7.6. Pure.

A caller's field with an identity header's name, in any spelling, is dropped before the
gateway's own lines are added, so nothing in a request can forge or remove them.
"""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from gateway.config.model import Forward, Upstream
from gateway.errors import InvalidRequest, LoopDetected
from gateway.identity.principal import Principal
from gateway.proxy.field_names import (
    fold,
    is_dropped_from_request,
    is_end_to_end,
    is_hop_by_hop,
    is_reserved,
    is_token,
)
from gateway.proxy.identity_headers import IdentityHeader, build_identity_lines, check_source

Header = tuple[bytes, bytes]

_METHODS = {name: name.encode() for name in ("POST", "GET", "DELETE", "OPTIONS", "HEAD")}
_CRLF = b"\r\n"
_PARAMETER_PREFIX = b"mcp-param-"  # the server chooses the rest, `_` and `.` included
_USUAL_OPTIONS = frozenset({b"", b"close", b"keep-alive"})
_OPENING_LINES = 2
_REMEMBERED_NAMES = 1024


class _Rules(dict[bytes, bytes | None]):
    """What becomes of a field, by its name as spelled: see `HeaderPolicy.judge`.

    A look-up instead of a judgement: 0.1 µs a header against 3. Callers choose the
    spellings, so there is a bound.
    """

    def __init__(self, judge: Callable[[bytes], bytes | None]) -> None:
        super().__init__()
        self._judge = judge

    def __missing__(self, name: bytes) -> bytes | None:
        rule = self._judge(name)
        if len(self) >= _REMEMBERED_NAMES:
            self.clear()
        self[name] = rule
        return rule


class Hop(msgspec.Struct, frozen=True, gc=False):
    """What the upstream is told about the way a request came.

    `scheme` and `host` are the public ones. `body_bytes` None: the request has no body.
    """

    request_id: str
    client_address: str
    scheme: str
    host: str
    body_bytes: int | None


class HeaderPolicy:
    """What is copied to one upstream, made ready at start.

    `authority` is the upstream's own, for Host; `pseudonym` names this gateway in Via, so two
    that stand in a row need two. Raises ValueError for an identity header that cannot be one.
    """

    def __init__(
        self, forward: Forward, upstream: Upstream, authority: str, pseudonym: str = "mcpgw"
    ) -> None:
        required = {name.lower() for name in forward.required}
        self.identity = tuple(
            IdentityHeader(name, source, name.lower() in required)
            for name, source in forward.identity_headers.items()
        )
        for header in self.identity:
            check_source(header.source)
            if is_reserved(fold(header.name.encode())):
                raise ValueError(f"{header.name} cannot be an identity header")
        if missing := required - {header.name.lower() for header in self.identity}:
            raise ValueError(f"required, but no identity header: {', '.join(sorted(missing))}")
        self.pseudonym = pseudonym.encode()
        # `identity`: the body is shown to the client as it is, so it must not be compressed.
        self.opening = (
            f"Host: {upstream.host or authority}\r\nAccept-Encoding: identity\r\n".encode()
        )
        names = [each.name for each in self.identity]
        if upstream.credential.header is not None:
            names.append(upstream.credential.header.header)
        self._identity_names = frozenset(fold(name.encode()) for name in names)
        self._drops_origin = not upstream.forward_origin
        self.rules = _Rules(self.judge)

    def may_be_nominated(self, folded: bytes) -> bool:
        """True when a caller's `Connection` header may name this field: attack H9."""
        return folded not in self._identity_names and not is_end_to_end(folded)

    def judge(self, name: bytes) -> bytes | None:
        """Decide on a caller's field: the beginning of the line to copy, b"" to drop it.

        None for the two that are read instead of copied, Connection and Via. Raises
        `InvalidRequest` for a malformed name.
        """
        if not is_token(name):
            raise InvalidRequest("A header name is malformed.", reason="bad_http")
        lower, folded = name.lower(), fold(name)
        if lower in (b"connection", b"via"):
            return None
        is_second_spelling = is_end_to_end(folded) and lower != folded
        if (
            folded in self._identity_names
            or is_dropped_from_request(folded)
            or (is_second_spelling and not lower.startswith(_PARAMETER_PREFIX))
            or (folded == b"origin" and self._drops_origin)
        ):
            return b""
        return name + b": "


def identity_lines(principal: Principal | None, policy: HeaderPolicy) -> bytes:
    """Encode what the upstream learns about the caller; depends on nothing else, so cacheable.

    Raises `AccessDenied` when a required header has no value.
    """
    return build_identity_lines(principal, policy.identity)


def build_request_head(
    method: str,
    target: bytes,
    received: Sequence[Header],
    identity: bytes,
    policy: HeaderPolicy,
    hop: Hop,
) -> bytes:
    """Build the head that goes upstream.

    `identity` comes from `identity_lines`. Raises `InvalidRequest` for a `Connection` header
    that names what it must not and for bytes that no head may hold, `LoopDetected` when the
    request has passed here before.
    """
    kept, via = _copy(received, policy)
    pieces = [
        _request_line(method, target),
        policy.opening,
        *kept,
        _via_line(via, policy.pseudonym),
        _hop_lines(hop),
        identity,
        _CRLF,
    ]
    head = b"".join(pieces)
    # One look at the whole is cheaper than one at each value: only our own lines may begin.
    own_lines = _OPENING_LINES + (7 if hop.body_bytes is None else 8)
    lines = own_lines + len(kept) // 3 + identity.count(b"\n")
    if head.count(b"\n") != lines or head.count(b"\r") != lines or b"\0" in head:
        raise InvalidRequest("A header holds a line break or NUL.", reason="bad_http")
    return head


def has_own_via(values: Iterable[bytes], pseudonym: bytes) -> bool:
    """True when a Via header names this gateway: the request goes in circles (RFC 9110 §7.6.3)."""
    hops = (hop.split() for value in values for hop in value.lower().split(b","))
    return any(len(hop) > 1 and hop[1] == pseudonym.lower() for hop in hops)


def _copy(received: Sequence[Header], policy: HeaderPolicy) -> tuple[list[bytes], list[bytes]]:
    """Return the lines to copy, in three pieces each, and the values of Via."""
    kept: list[bytes] = []
    via: list[bytes] = []
    nominated: frozenset[bytes] = frozenset()
    rules = policy.rules
    for name, value in received:
        rule = rules[name]
        if rule:
            kept += (rule, value, _CRLF)
        elif rule is None and name.lower() == b"via":
            via.append(value)
        elif rule is None and value.lower() not in _USUAL_OPTIONS:
            nominated |= _nominated(value, policy)
    if nominated:
        read = nominated | {b"connection"}
        return _copy([each for each in received if fold(each[0]) not in read], policy)
    return kept, via


def _nominated(value: bytes, policy: HeaderPolicy) -> frozenset[bytes]:
    options = {option.strip() for option in value.split(b",")} - {b""}
    folded = frozenset(fold(option) for option in options)
    if not all(map(is_token, options)) or not all(map(policy.may_be_nominated, folded)):
        raise InvalidRequest(
            "The Connection header names a header that is not its own.", reason="bad_http"
        )
    # The rest (close, keep-alive, TE, …) is dropped by name already.
    return frozenset(name for name in folded if name != b"close" and not is_hop_by_hop(name))


def _request_line(method: str, target: bytes) -> bytes:
    verb = _METHODS.get(method)
    if verb is None or not target.startswith(b"/") or b" " in target:
        raise InvalidRequest("The request line is malformed.", reason="bad_http")
    return b"%b %b HTTP/1.1\r\n" % (verb, target)


def _via_line(received: Sequence[bytes], pseudonym: bytes) -> bytes:
    if not received:
        return b"Via: 1.1 %b\r\n" % pseudonym
    if has_own_via(received, pseudonym):
        raise LoopDetected("The request has passed this gateway before.")
    return b"Via: %b, 1.1 %b\r\n" % (b", ".join(received), pseudonym)


def _hop_lines(hop: Hop) -> bytes:
    lines = (
        f"X-Forwarded-For: {hop.client_address}\r\nX-Forwarded-Proto: {hop.scheme}\r\n"
        f"X-Forwarded-Host: {hop.host}\r\nX-Request-Id: {hop.request_id}\r\n"
    )
    if hop.body_bytes is not None:
        lines += f"Content-Length: {hop.body_bytes}\r\n"
    return lines.encode("ascii")
