"""What becomes known about one request while it is served; told once, at its end."""

import random
import re
import time
from collections.abc import Sequence

from gateway.http.message_head import Field
from gateway.http.trace_fields import NO_TRACE, TraceFields
from gateway.identity.principal import Principal
from gateway.mcp.answer import OK as ANSWER_OK
from gateway.mcp.operation import Operation
from gateway.observability.metrics.metrics import CacheResult
from gateway.observability.reasons import OK
from gateway.proxy.gate.call import Call
from gateway.proxy.gate.route import Route
from gateway.proxy.limits.limits import Using
from gateway.proxy.sessions.session import Session
from gateway.refusal_facts import Claimed, Mismatch

STALLED = "stalled"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestRecord:
    """The running record of one request.

    `began_at` is Unix seconds; `started` and `*_s` come from the monotonic clock. The stages
    fill in what they learn. `message_id` is the JSON-RPC id, None where it is not known.
    `ended` says why the gateway ended a stream, None when it did not. `reason` is that of the
    error, if there was one: the error itself would lead back here through its traceback, a
    circle that only the garbage collector opens. `rule` is the rule that decided, `would_deny`
    the reason of one in shadow mode that denied.
    `request_id` is the gateway's own, `sent_request_id` the client's, None when it sent none that
    is harmless. `claimed` is whom a credential names that was refused, `mismatch` what it should
    have said, `answer` what became of the call. `host` and `path` are what the client asked for.
    Of a host that is not ours, `peer` is who connected and `forwarded_host` what it said that the
    client asked for. `upstream_seen` is what an upstream did instead of answering. `using` is
    what the request takes up while it lasts; `streamed` when that is longer than `Gate.handle`.
    """

    # On the class: to set all of them costs a request 2 µs, to read one that was not set nothing.
    address: str = ""
    traceparent: str = ""
    route: Route | None = None
    cors: Sequence[Field] = ()
    principal: Principal | None = None
    operation: Operation | None = None
    status: int = 0
    reason: str = OK
    auth_s: float = 0.0
    upstream_s: float = 0.0
    bytes_in: int = 0
    bytes_out: int = 0
    cache_result: CacheResult | None = None
    streamed: bool = False
    client_gone: bool = False
    ended: str | None = None
    rule: str | None = None
    would_deny: str | None = None
    session: Session | None = None
    sent_request_id: str | None = None
    host: str = ""
    path: str = ""
    claimed: Claimed | None = None
    mismatch: Mismatch | None = None
    using: Using | None = None
    peer: str | None = None
    forwarded_host: str | None = None
    upstream_seen: str | None = None

    def __init__(self, http_method: str, trace: TraceFields = NO_TRACE) -> None:
        self.request_id = new_request_id()
        self.began_at = time.time()
        self.started = time.perf_counter()
        self.http_method = http_method
        self.message_id: int | str | None = None
        self.answer = ANSWER_OK
        if trace is not NO_TRACE:
            self.traceparent = trace.traceparent
            self.sent_request_id = harmless_request_id(trace.request_id)

    def enter(self, call: Call) -> None:
        """Note what is known from the head."""
        self.route = call.route
        self.address = call.address
        self.host = call.head.authority
        self.path = call.head.path
        self.cors = call.cors
        call.route.live.metrics.in_flight += 1

    def leave(self, *, has_stalled: bool) -> None:
        """Note that the client is gone, or was dropped because it did not read."""
        self.client_gone = True
        if has_stalled:
            self.ended = STALLED

    @property
    def wire_id(self) -> str:
        """The request id that client and upstream see: the client's own where it sent one."""
        return self.sent_request_id or self.request_id


def new_request_id() -> str:
    """Make a request id of 64 bits: it must be unique, not secret."""
    return f"{random.getrandbits(64):016x}"


def harmless_request_id(sent: str | None) -> str | None:
    """Keep a client's request id when it is harmless in a log."""
    return sent if sent is not None and _REQUEST_ID.fullmatch(sent) else None
