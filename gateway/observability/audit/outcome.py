"""How one request ended: the one record that metrics, audit log and status page are fed with."""

import re
from typing import Literal

import msgspec

from gateway.observability.reasons import OK, Decision

Scheme = Literal["jwt", "introspection", "userinfo", "token_review", "api_key", "none"]
# What became of a call. `jsonrpc_error` is also an error status of the upstream; `accepted` is a
# request whose answer comes elsewhere, `unread` an answer in a coding that nobody looked into,
# `ended` one that the gateway ended before it was complete.
Result = Literal[
    "ok",
    "tool_error",
    "jsonrpc_error",
    "accepted",
    "unread",
    "ended",
    "upstream_error",
    "denied",
    "invalid",
    "gateway_error",
    "client_gone",
]

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
_NO_TRACE = "0" * 32


class RequestOutcome(
    msgspec.Struct,
    frozen=True,
    gc=False,
    kw_only=True,
    tag_field="event",
    tag="mcp_request",
):
    """Everything that may be told about a request: never a token, a claim or an argument value.

    Every member is in every audit line, also when it is null. First come those that differ in each
    request (`line_template`).
    `time` is when the request came (`iso_time`). `server` is empty where no server was
    reached; only then `path` is given. `reason` is a word of `reasons`, and `decision` follows
    from it (`decision_of`).
    `mcp_method` and `name` (tool, prompt or resource) are as the client wrote them: for the
    audit log only, never a label. `upstream_s` ends with the head of the answer. `streamed`
    tells that the body had no known length, so that `duration_s` says nothing about the gateway;
    `ended` why the gateway ended it before its time: `expired`, `revoked`, `draining`
    or `stalled`, when the client did not read.
    `rule` is the rule of the server that decided, None where none covers the operation;
    `would_deny` the reason why a rule in shadow mode would have refused it. `session` is a short
    name of the session that the request is part of.
    `result` is what became of the call, `error_code` that of the answer's JSON-RPC error.
    `verified` is False where subject, issuer and client are what a refused credential says and
    nobody has vouched for; None where there are none. `request_id` is the gateway's own and
    unique, `client_request_id` what the client called it. `host` is what the client asked for.
    `upstream_seen` is what a server did instead of answering as it must.
    """

    time: str
    request_id: str
    jsonrpc_id: int | str | None = None
    client_request_id: str | None = None
    trace_id: str | None = None
    duration_s: float = 0.0
    auth_s: float = 0.0
    upstream_s: float = 0.0
    bytes_in: int = 0
    bytes_out: int = 0
    http_method: str
    status: int
    server: str = ""
    decision: Decision = "allow"
    reason: str = OK
    scheme: Scheme = "none"
    subject: str | None = None
    issuer: str | None = None
    client_id: str | None = None
    mcp_method: str | None = None
    name: str | None = None
    address: str = ""
    streamed: bool = False
    client_gone: bool = False
    ended: str | None = None
    rule: str | None = None
    would_deny: str | None = None
    session: str | None = None
    result: Result = "ok"
    error_code: int | None = None
    verified: bool | None = None
    host: str = ""
    path: str | None = None
    upstream_seen: str | None = None


def trace_id_of(traceparent: str) -> str | None:
    """Read the trace id out of a W3C `traceparent`, None when there is none to be had.

    >>> trace_id_of("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    '4bf92f3577b34da6a3ce929d0e0e4736'
    """
    match = _TRACEPARENT.fullmatch(traceparent)
    return None if match is None or match[1] == _NO_TRACE else match[1]
