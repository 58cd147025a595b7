"""Every error raised on purpose: HTTP status, OAuth code, and a text that is safe for a client."""

from enum import Enum
from typing import ClassVar

from gateway.refusal_facts import Claimed, Mismatch


class ChallengeKind(Enum):
    """What the challenges of a refusal are about: RFC 6750 §3, RFC 9449 §7.1."""

    NONE = "there is no challenge: other credentials would not help"
    CREDENTIALS = "the token, missing, bad or too weak"
    PROOF = "the DPoP proof beside the token; Bearer is offered as if nothing had come"
    BINDING = "a bound token that was shown as a bearer token: DPoP is offered too"


class GatewayError(Exception):
    """An outcome other than success.

    `description` reaches the client, so it never holds a token, a claim or an internal
    address; what an operator needs beyond it is the exception's cause.
    `reason` is a word of a closed set for metrics and audit, `claimed` whom the refused
    credential names, None where it names nobody. `mismatch` is what was expected instead of what
    came, where that is the reason. `closes_connection` after what leaves it in doubt where the
    next request begins.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str | None] = None
    jsonrpc_code: ClassVar[int] = -32603
    default_reason: ClassVar[str] = "internal"
    challenge: ClassVar[ChallengeKind] = ChallengeKind.NONE
    closes_connection: ClassVar[bool] = False

    def __init__(self, description: str, *, reason: str | None = None) -> None:
        super().__init__(description)
        self.description = description
        self.reason = reason or self.default_reason
        self.claimed: Claimed | None = None
        self.mismatch: Mismatch | None = None


class ConfigError(Exception):
    """The configuration cannot be used; the text lists every problem, one per paragraph."""


class MissingToken(GatewayError):
    """No credentials came: RFC 6750 §3.1 wants a challenge without an error code."""

    status = 401
    jsonrpc_code = -32001
    default_reason = "missing"
    challenge = ChallengeKind.CREDENTIALS


class InvalidToken(GatewayError):
    """The token is expired, malformed, revoked, for someone else or badly signed: RFC 6750 §3.1."""

    status = 401
    code = "invalid_token"
    jsonrpc_code = -32001
    default_reason = "invalid"
    challenge = ChallengeKind.CREDENTIALS


class SenderConstrained(InvalidToken):
    """The token is bound to a key and was not shown so, or not where it could be: RFC 9449 §7.2."""

    default_reason = "sender_constrained"
    challenge = ChallengeKind.BINDING


class InvalidDpopProof(InvalidToken):
    """The proof is missing, malformed, for something else or used already: RFC 9449 §7.1."""

    code = "invalid_dpop_proof"
    default_reason = "dpop_proof"
    challenge = ChallengeKind.PROOF

    def __init__(self) -> None:
        # One text for every failure: it tells an attacker nothing about what to forge next.
        super().__init__("The DPoP proof is not valid for this request and token")


class DpopNonceNeeded(InvalidToken):
    """The proof needs `nonce`, which goes into the DPoP-Nonce header: RFC 9449 §9."""

    code = "use_dpop_nonce"
    default_reason = "dpop_nonce"
    challenge = ChallengeKind.PROOF

    def __init__(self, nonce: str) -> None:
        super().__init__("The DPoP proof needs the nonce that comes with this answer")
        self.nonce = nonce


class InvalidRequest(GatewayError):
    """The request is malformed: RFC 6750 §3.1."""

    status = 400
    code = "invalid_request"
    jsonrpc_code = -32600
    default_reason = "malformed"


class MisplacedCredentials(InvalidRequest):
    """Credentials came twice, or where none belong: RFC 6750 §2, §3.1."""

    challenge = ChallengeKind.CREDENTIALS


class MalformedHttp(InvalidRequest):
    """The head or the body's framing can be read in two ways: RFC 9112 §6.3, §11.2."""

    default_reason = "bad_http"
    closes_connection = True


class IdentityUnavailable(GatewayError):
    """Nobody can say now whether the token is good; a 401 would make clients drop a good one."""

    status = 503
    code = "temporarily_unavailable"
    jsonrpc_code = -32002
    default_reason = "idp_unavailable"

    def __init__(
        self, description: str, *, retry_after_s: int = 5, reason: str | None = None
    ) -> None:
        super().__init__(description, reason=reason)
        self.retry_after_s = retry_after_s


class InsufficientScope(GatewayError):
    """RFC 6750 §3.1. `scopes` is all the operation needs, so the client steps up once.

    `contact` is the operator's word on whom to ask.
    """

    status = 403
    code = "insufficient_scope"
    jsonrpc_code = -32003
    default_reason = "scope_missing"
    challenge = ChallengeKind.CREDENTIALS

    def __init__(
        self, description: str, *, scopes: frozenset[str], contact: str | None = None
    ) -> None:
        super().__init__(description)
        self.scopes = scopes
        self.contact = contact


class AccessDenied(GatewayError):
    """No scope would help, so no `insufficient_scope`: clients would step up in a loop.

    `contact` is the operator's word on whom to ask.
    """

    status = 403
    code = "access_denied"
    jsonrpc_code = -32003
    default_reason = "not_allowed"

    def __init__(
        self, description: str, *, reason: str | None = None, contact: str | None = None
    ) -> None:
        super().__init__(description, reason=reason)
        self.contact = contact


class ForeignOrigin(GatewayError):
    """A browser page from an origin that is not configured: MCP transports, Origin validation."""

    status = 403
    code = "foreign_origin"
    jsonrpc_code = -32003
    default_reason = "foreign_origin"


class NotFound(GatewayError):
    """No server is configured at this host and path."""

    status = 404
    code = "not_found"
    jsonrpc_code = -32001
    default_reason = "no_route"


class UnknownSession(GatewayError):
    """Forged, ended or somebody else's session, all alike: MCP Streamable HTTP, sessions."""

    status = 404
    code = "session_not_found"
    jsonrpc_code = -32001
    default_reason = "unknown_session"


class RateLimited(GatewayError):
    """The caller asks too often, or for too much at once: RFC 6585 §4."""

    status = 429
    code = "rate_limited"
    jsonrpc_code = -32005
    default_reason = "rate_limited"

    def __init__(self, description: str, retry_after_s: int, *, reason: str) -> None:
        super().__init__(description, reason=reason)
        self.retry_after_s = retry_after_s


class MisdirectedRequest(GatewayError):
    """The Host is none of the configured public hosts: RFC 9110 §15.5.20."""

    status = 421
    code = "misdirected_request"
    jsonrpc_code = -32600
    default_reason = "unknown_host"


class MethodNotAllowed(GatewayError):
    """RFC 9110 §15.5.6. `allow` are the methods that there are, for Allow."""

    status = 405
    code = "method_not_allowed"
    jsonrpc_code = -32600
    default_reason = "method"

    def __init__(self, description: str, *, allow: str) -> None:
        super().__init__(description)
        self.allow = allow


class RequestTimeout(GatewayError):
    """The body stopped arriving: RFC 9110 §15.5.9."""

    status = 408
    code = "request_timeout"
    jsonrpc_code = -32600
    default_reason = "body_timeout"
    closes_connection = True


class BodyTooLarge(GatewayError):
    """RFC 9110 §15.5.14."""

    status = 413
    code = "body_too_large"
    jsonrpc_code = -32600
    default_reason = "body_too_large"
    closes_connection = True


class UnsupportedMediaType(GatewayError):
    """Only `application/json` without a content coding is read: RFC 9110 §15.5.16."""

    status = 415
    code = "unsupported_media_type"
    jsonrpc_code = -32600
    default_reason = "media_type"


class ExpectationFailed(GatewayError):
    """RFC 9110 §10.1.1."""

    status = 417
    code = "expectation_failed"
    jsonrpc_code = -32600
    default_reason = "expectation"


class InvalidMessage(GatewayError):
    """The body is not one JSON-RPC message that every parser reads alike."""

    status = 400
    code = "invalid_message"
    jsonrpc_code = -32600
    default_reason = "invalid_message"


class ParseError(InvalidMessage):
    """The body is not JSON: JSON-RPC 2.0 §5.1."""

    jsonrpc_code = -32700
    default_reason = "parse_error"


class HeaderMismatch(GatewayError):
    """A mirrored header differs from the body: MCP 2026-07-28, Streamable HTTP."""

    status = 400
    code = "header_mismatch"
    jsonrpc_code = -32020
    default_reason = "header_body_mismatch"


class UpstreamError(GatewayError):
    """The MCP server behind the gateway did not answer as it must.

    `seen` is what was seen instead: for log and audit only, short, without a secret.
    """

    status = 502
    code = "upstream_error"
    jsonrpc_code = -32603
    default_reason = "upstream_error"

    def __init__(
        self, description: str, *, reason: str | None = None, seen: str | None = None
    ) -> None:
        super().__init__(description, reason=reason)
        self.seen = seen


class UpstreamUnreachable(UpstreamError):
    """No connection could be made."""

    code = "upstream_unreachable"
    default_reason = "unreachable"


class UpstreamInvalid(UpstreamError):
    """It answered something that is not HTTP, or not what MCP allows; `reason` says which check."""

    code = "upstream_invalid_response"
    default_reason = "invalid_response"


class UpstreamTimeout(UpstreamError):
    """It took longer than configured."""

    status = 504
    code = "upstream_timeout"
    default_reason = "timeout"


class UpstreamBusy(UpstreamError):
    """Every connection is in use and the queue is full."""

    status = 503
    code = "upstream_busy"
    default_reason = "busy"
    retry_after_s: ClassVar[int] = 1


class UpstreamCredentialUnavailable(UpstreamError):
    """What the gateway shows to the upstream cannot be had now; without it nothing is sent."""

    status = 503
    code = "upstream_credential_unavailable"
    default_reason = "credential_unavailable"

    def __init__(self, retry_after_s: int = 5) -> None:
        super().__init__("The gateway's credential for the server behind it cannot be had now.")
        self.retry_after_s = retry_after_s


class UpstreamCredentialRefused(UpstreamError):
    """The token endpoint gives no token for this caller: RFC 8693 §2.2.2. Asking again is vain."""

    status = 403
    code = "upstream_credential_refused"
    default_reason = "credential_refused"


class ShuttingDown(GatewayError):
    """The process drains and takes no new work."""

    status = 503
    code = "shutting_down"
    jsonrpc_code = -32002
    default_reason = "draining"
    retry_after_s: ClassVar[int] = 1


class LoopDetected(GatewayError):
    """The request has passed this gateway before: RFC 9110 §7.6.3, RFC 5842 §7.2."""

    status = 508
    code = "loop_detected"
    jsonrpc_code = -32600
    default_reason = "loop"
