"""Which headers cross the gateway, and what it says itself: RFC 9110 §7.6. Pure.

A caller's field with an identity header's name, in any spelling, is dropped before the
gateway's own lines are added, so nothing in a request can forge or remove them.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from functools import lru_cache

import msgspec

from gateway.config.model import Forward, Upstream
from gateway.errors import LoopDetected, MalformedHttp
from gateway.http.field_names import (
    fold,
    is_dropped_from_request,
    is_end_to_end,
    is_hop_by_hop,
    is_reserved,
)
from gateway.http.message_head import (
    Field,
    Lines,
    UnfitHead,
    begin_head,
    field_lines,
    is_token,
    request_line,
)
from gateway.identity.principal import Principal
from gateway.proxy.outgoing.identity_bounds import Bounds
from gateway.proxy.outgoing.identity_headers import (
    Identity,
    IdentityHeader,
    build_identity,
    check_source,
)

_METHODS = {name: name.encode() for name in ("POST", "GET", "DELETE", "OPTIONS", "HEAD")}
_PARAMETER_PREFIX = b"mcp-param-"  # the server chooses the rest, `_` and `.` included
_USUAL_OPTIONS = frozenset({b"", b"close", b"keep-alive"})
_REMEMBERED_NAMES = 1024


class FieldUse(Enum):
    """What becomes of a caller's field."""

    COPY = "goes on to the upstream as it came"
    DROP = "ends here"
    CONNECTION = "is read, for the fields that it names"
    VIA = "is read, and goes on longer"


class _Uses(dict[bytes, FieldUse]):
    """What becomes of a field, by its name as spelled: see `HeaderPolicy.judge`.

    A look-up instead of a judgement: 0.1 µs a header against 3. Callers choose the
    spellings, so there is a bound.
    """

    def __init__(self, judge: Callable[[bytes], FieldUse]) -> None:
        super().__init__()
        self._judge = judge

    def __missing__(self, name: bytes) -> FieldUse:
        use = self._judge(name)
        if len(self) >= _REMEMBERED_NAMES:
            self.clear()
        self[name] = use
        return use


_READ = {b"connection": FieldUse.CONNECTION, b"via": FieldUse.VIA}


class Hop(msgspec.Struct, frozen=True, gc=False):
    """What the upstream is told about the way a request came.

    `scheme` and `host` are the public ones.
    """

    client_address: str
    scheme: str
    host: str


class HeaderPolicy:
    """What is copied to one upstream, made ready at start.

    `authority` is the upstream's own, for Host; `pseudonym` names this gateway in Via, so two
    that stand in a row need two. `bounds` None for the default. Raises ValueError for an identity
    header that cannot be one.
    """

    def __init__(
        self,
        forward: Forward,
        upstream: Upstream,
        authority: str,
        pseudonym: str = "mcpgw",
        bounds: Bounds | None = None,
    ) -> None:
        self.bounds = bounds or Bounds()
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
        self.own_via = field_lines([(b"Via", b"1.1 " + self.pseudonym)])
        # `identity`: the body is shown to the client as it is, so it must not be compressed.
        self.host = upstream.host or authority
        self.opening = field_lines(
            [(b"Host", self.host.encode()), (b"Accept-Encoding", b"identity")]
        )
        names = [each.name for each in self.identity]
        if upstream.credential.header is not None:
            names.append(upstream.credential.header.header)
        self._identity_names = frozenset(fold(name.encode()) for name in names)
        self._drops_origin = not upstream.forward_origin
        self.uses = _Uses(self.judge)

    def may_be_nominated(self, folded: bytes) -> bool:
        """True when a caller's `Connection` header may name this field: attack H9."""
        return folded not in self._identity_names and not is_end_to_end(folded)

    def judge(self, name: bytes) -> FieldUse:
        """Decide on a caller's field. Raises `MalformedHttp` for a malformed name."""
        if not is_token(name):
            raise MalformedHttp("A header name is malformed.")
        lower, folded = name.lower(), fold(name)
        if lower in _READ:
            return _READ[lower]
        is_second_spelling = is_end_to_end(folded) and lower != folded
        is_dropped = (
            folded in self._identity_names
            or is_dropped_from_request(folded)
            or (is_second_spelling and not lower.startswith(_PARAMETER_PREFIX))
            or (folded == b"origin" and self._drops_origin)
        )
        return FieldUse.DROP if is_dropped else FieldUse.COPY


def identity_of(principal: Principal | None, policy: HeaderPolicy) -> Identity:
    """Encode what the upstream learns about the caller; depends on nothing else, so cacheable.

    Raises `AccessDenied` when a required header has no value.
    """
    return build_identity(principal, policy.identity, policy.bounds)


def begin_request_head(
    method: str,
    target: bytes,
    received: Sequence[Field],
    identity: Lines,
    policy: HeaderPolicy,
    hop: Hop,
) -> Lines:
    """Build the head that goes upstream but for what each request has of its own.

    `identity` comes from `identity_of`. Raises `MalformedHttp` for a `Connection` header
    that names what it must not and for bytes that no head may hold, `LoopDetected` when the
    request has passed here before.
    """
    verb = _METHODS.get(method)
    if verb is None:
        raise MalformedHttp("The request line is malformed.")
    kept, via = _copy(received, policy)
    ready = [policy.opening, _came_by(hop.scheme, hop.host), identity]
    if via:
        kept.append((b"Via", _via(via, policy.pseudonym)))
    else:
        ready.append(policy.own_via)
    kept.append((b"X-Forwarded-For", hop.client_address.encode("ascii")))
    try:
        return begin_head(request_line(verb, target), kept, ready)
    except UnfitHead as cause:
        raise MalformedHttp("The request holds what no head can hold.") from cause


def has_own_via(values: Iterable[bytes], pseudonym: bytes) -> bool:
    """True when a Via header names this gateway: the request goes in circles (RFC 9110 §7.6.3)."""
    hops = (hop.split() for value in values for hop in value.lower().split(b","))
    return any(len(hop) > 1 and hop[1] == pseudonym.lower() for hop in hops)


def _copy(received: Sequence[Field], policy: HeaderPolicy) -> tuple[list[Field], list[bytes]]:
    """Return the fields to copy and the values of Via."""
    kept: list[Field] = []
    via: list[bytes] = []
    nominated: frozenset[bytes] = frozenset()
    uses, copied = policy.uses, FieldUse.COPY
    for field in received:
        name, value = field
        use = uses[name]
        if use is copied:
            kept.append(field)
        elif use is FieldUse.VIA:
            via.append(value)
        elif use is FieldUse.CONNECTION and value.lower() not in _USUAL_OPTIONS:
            nominated |= _nominated(value, policy)
    if nominated:
        read = nominated | {b"connection"}
        return _copy([each for each in received if fold(each[0]) not in read], policy)
    return kept, via


def _nominated(value: bytes, policy: HeaderPolicy) -> frozenset[bytes]:
    options = {option.strip() for option in value.split(b",")} - {b""}
    folded = frozenset(fold(option) for option in options)
    if not all(map(is_token, options)) or not all(map(policy.may_be_nominated, folded)):
        raise MalformedHttp("The Connection header names a header that is not its own.")
    # The rest (close, keep-alive, TE, …) is dropped by name already.
    return frozenset(name for name in folded if name != b"close" and not is_hop_by_hop(name))


def _via(received: Sequence[bytes], pseudonym: bytes) -> bytes:
    if has_own_via(received, pseudonym):
        raise LoopDetected("The request has passed this gateway before.")
    return b"%b, 1.1 %b" % (b", ".join(received), pseudonym)


@lru_cache(maxsize=1024)  # of a server they are the same in every request
def _came_by(scheme: str, host: str) -> Lines:
    return field_lines(
        [(b"X-Forwarded-Proto", scheme.encode()), (b"X-Forwarded-Host", host.encode())]
    )
