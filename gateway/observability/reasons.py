"""Why requests end as they do: the closed sets that metrics count and audit lines name.

The words are those of `gateway.errors`, `identity.reasons` and `policy.admission`; a word that
stands in none of these sets is counted as `other`.
"""

from collections.abc import Mapping
from typing import Final, Literal

Stage = Literal["authentication", "authorization", "request", "login", "upstream", "gateway"]
Decision = Literal["allow", "deny", "error"]

_NOBODY_KNOWS = frozenset(
    {"idp_unavailable", "groups_unknown", "tools_unknown", "limits_unknown", "store_unavailable"}
)
OK: Final = "ok"
OTHER: Final = "other"

AUTHENTICATION_REASONS: tuple[str, ...] = (
    "missing",
    "malformed",
    "token_too_long",
    "invalid",
    "wrong_issuer",
    "bad_algorithm",
    "wrong_type",
    "unknown_key",
    "bad_signature",
    "missing_claim",
    "wrong_audience",
    "expired",
    "not_yet_valid",
    "lifetime_too_long",
    "claim_not_accepted",
    "unmapped",
    "inactive",
    "revoked",
    "sender_constrained",
    "dpop_proof",
    "dpop_nonce",
    "idp_unavailable",
    "groups_unknown",
)
AUTHORIZATION_REASONS: tuple[str, ...] = (
    "scope_missing",
    "nobody_allowed",
    "subject_not_allowed",
    "client_not_allowed",
    "email_not_allowed",
    "domain_not_allowed",
    "group_missing",
    "role_missing",
    "issuer_not_allowed",
    "no_rule",
    "ambiguous_name",
    "expression_failed",
    "step_up_loop",
    "tools_unknown",
    "limits_unknown",
    "not_allowed",
    "header_body_mismatch",
)
LIMIT_REASONS: tuple[str, ...] = (
    "rate_limited",
    "session_rate_limited",
    "tool_rate_limited",
    "client_rate_limited",
    "too_many_calls",
    "too_many_streams",
    "too_many_failures",
)
REQUEST_REASONS: tuple[str, ...] = (
    "bad_http",
    "bad_host",
    "bad_path",
    "bad_revision",
    "unknown_host",
    "no_route",
    "foreign_origin",
    "method",
    "media_type",
    "expectation",
    "body_timeout",
    "body_too_large",
    "parse_error",
    "invalid_message",
    "unknown_session",
    *LIMIT_REASONS,
    "loop",
)
# Of the authorization server: which step of a login went wrong how.
LOGIN_REASONS: tuple[str, ...] = (
    "account_disabled",
    "account_gone",
    "authorization_pending",
    "client_document_address",
    "client_document_busy",
    "client_document_gone",
    "client_document_invalid",
    "client_document_not_pinned",
    "client_document_unavailable",
    "client_downgrade",
    "client_id_url",
    "client_secret",
    "assertion_bad",
    "assertion_client",
    "assertion_used",
    "code_reused",
    "code_unknown",
    "consent_denied",
    "dpop_jkt",
    "dpop_key",
    "duplicate_parameter",
    "expired_token",
    "family_ended",
    "flow_over",
    "flow_used",
    "foreign_form",
    "invalid_client",
    "invalid_client_metadata",
    "invalid_grant",
    "invalid_redirect_uri",
    "invalid_target",
    "login_required",
    "login_throttled",
    "missing_code",
    "other_browser",
    "password_changed",
    "pkce_malformed",
    "pkce_method",
    "pkce_missing",
    "pkce_verifier",
    "provider_answer",
    "provider_changed",
    "provider_ended",
    "provider_grant",
    "provider_id_token",
    "provider_issuer",
    "provider_refused",
    "provider_subject",
    "redirect_uri",
    "refresh_reused",
    "refresh_unknown",
    "request_object",
    "scopes",
    "response_mode",
    "slow_down",
    "store_unavailable",
    "subject_of_client",
    "too_many_failures_of_account",
    "too_many_failures_of_address",
    "too_many_logins",
    "two_authentications",
    "two_clients",
    "unauthorized_client",
    "unknown_account",
    "unknown_resource",
    "unreadable_code_secret",
    "unsupported_grant_type",
    "unsupported_response_type",
    "used_code",
    "wrong_code",
    "wrong_password",
)
UPSTREAM_REASONS: tuple[str, ...] = (
    "credential_unavailable",
    "credential_refused",
    "unreachable",
    "timeout",
    "busy",
    # Which check an answer failed.
    "redirect_elsewhere",
    "redirect_loop",
    "redirect",
    "wants_credentials",
    "head_refused",
    "content_type",
    "content_coding",
    "bad_head",
    "not_http",
    "cut_short",
    "too_long",
    "unreadable",
    "foreign_endpoint",
    "invalid_response",
    "upstream_error",
)
GATEWAY_REASONS: tuple[str, ...] = ("draining", "internal", OTHER)

_STAGES: Mapping[Stage, tuple[str, ...]] = {
    "authentication": AUTHENTICATION_REASONS,
    "authorization": AUTHORIZATION_REASONS,
    "request": REQUEST_REASONS,
    "login": LOGIN_REASONS,
    "upstream": UPSTREAM_REASONS,
    "gateway": GATEWAY_REASONS,
}

STAGE_OF: Mapping[str, Stage] = {
    reason: stage for stage, reasons in _STAGES.items() for reason in reasons
}


def stage_of(reason: str) -> Stage | None:
    """Where a request ended; None when it did not end before its time."""
    return None if reason == OK else STAGE_OF.get(reason, "gateway")


def closed_upstream_reason(reason: str) -> str:
    """Give back a word that tells what an upstream did: the same, or `other`."""
    return reason if reason in UPSTREAM_REASONS else OTHER


def closed_reason(reason: str) -> str:
    """Give back a word of the closed sets: the same, or `other`."""
    return reason if reason == OK or reason in STAGE_OF else OTHER


def decision_of(reason: str) -> Decision:
    """Tell what a reason means for the caller: let in, refused, or not their fault."""
    if reason == OK:
        return "allow"
    stage = STAGE_OF.get(reason, "gateway")
    if stage in ("upstream", "gateway") or reason in _NOBODY_KNOWS:
        return "error"
    return "deny"
