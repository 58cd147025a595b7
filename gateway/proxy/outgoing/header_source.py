"""What the gateway itself adds to a request: its credential, and a signed word about the caller."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from gateway.http.message_head import Lines, join_lines
from gateway.identity.principal import Principal
from gateway.mcp.operation import Operation


class OutgoingCall(msgspec.Struct, frozen=True, gc=False):
    """One authorized call: who makes it, with which token, and what it asks for.

    `token` and `principal` are None for an anonymous caller; `now` is in Unix seconds.
    `http_method` is the request's, `session` the server's own session id, None without one.
    """

    principal: Principal | None
    token: str | None
    operation: Operation | None
    body: bytes
    now: float
    http_method: str = "POST"
    session: bytes | None = None


# Whole header lines for one call. Raises `GatewayError` when the upstream must not see it.
HeaderSource = Callable[[OutgoingCall], Awaitable[Lines]]


async def collect_lines(header_sources: Sequence[HeaderSource], call: OutgoingCall) -> Lines:
    """Collect the lines of every source."""
    return join_lines([await source(call) for source in header_sources])
