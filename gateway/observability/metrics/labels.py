"""The closed label sets: what comes from the wire is a label only when it is listed here."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from gateway.http.status import FIRST_ERROR
from gateway.observability.audit.outcome import Result
from gateway.observability.reasons import OK, STAGE_OF, decision_of

OTHER_LABEL: Final = "_other"
NONE_LABEL: Final = "_none"  # no message was read: GET, DELETE, or refused before
STREAM_ENDS: Final = ("expired", "revoked", "draining", "stalled")
UNROUTED: Final = "_unrouted"  # the request reached no server; a server's name starts with a letter

# Every revision from 2024-11-05 to 2026-07-28: what a client may send.
MCP_METHODS: tuple[str, ...] = (
    "initialize",
    "ping",
    "server/discover",
    "subscriptions/listen",
    "tools/list",
    "tools/call",
    "prompts/list",
    "prompts/get",
    "resources/list",
    "resources/read",
    "resources/templates/list",
    "resources/subscribe",
    "resources/unsubscribe",
    "completion/complete",
    "logging/setLevel",
    "tasks/get",
    "tasks/list",
    "tasks/result",
    "tasks/cancel",
    "notifications/initialized",
    "notifications/cancelled",
    "notifications/progress",
    "notifications/roots/list_changed",
)

# What issuers are asked for; `upstream_token` is asked for by the server that needs it.
ISSUER_REQUEST_KINDS: tuple[str, ...] = (
    "introspection",
    "userinfo",
    "token_review",
    "groups",
    "token",
    "upstream_token",
)
METHOD_LABELS: Mapping[str | None, str] = {name: name for name in MCP_METHODS} | {None: NONE_LABEL}
HTTP_METHOD_LABELS: Mapping[str, str] = {
    name: name for name in ("GET", "POST", "DELETE", "OPTIONS", "HEAD", "PUT", "PATCH")
}
# 0: the client left before there was an answer; 499 is nginx's word for it.
CODE_LABELS: Mapping[int, str] = {status.value: str(status.value) for status in HTTPStatus} | {
    0: "499"
}

_RESULT_OF_STAGE: Mapping[str, Result] = {
    "authentication": "denied",
    "authorization": "denied",
    "request": "invalid",
    "login": "denied",
    "upstream": "upstream_error",
    "gateway": "gateway_error",
}


def result_of(
    reason: str, status: int, *, client_gone: bool = False, answer: Result = OK
) -> Result:
    """Put a request's end into one word; `answer` is what the upstream's answer says."""
    if client_gone:
        return "client_gone"
    if reason == OK:
        return answer if status < FIRST_ERROR else "jsonrpc_error"
    stage = STAGE_OF.get(reason, "gateway")
    if stage == "authentication" and decision_of(reason) == "error":
        return "gateway_error"  # nobody knows who calls: not the caller's fault
    return _RESULT_OF_STAGE[stage]
