"""Says to an operator why a token was refused, with the values that a client never sees. Pure."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gateway.config.issuer import Issuer
from gateway.identity.reasons import DESCRIPTIONS


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused token beside what one server asks for; nothing in the token is verified."""

    reason: str
    header: Mapping[str, object]
    claims: Mapping[str, object]
    issuer: Issuer | None
    trusted: Sequence[str]
    audiences: Sequence[str]
    now: float


def explain_refusal(refusal: Refusal) -> str:
    """One sentence with what was found and what is accepted.

    Values are written as JSON in ASCII: a token cannot speak to the terminal.
    """
    details = _details(refusal)
    general = next(
        (text for reason, text in DESCRIPTIONS.items() if reason == refusal.reason),
        "The access token is refused",
    )
    return f"{general}: {details}." if details else f"{general}."


def _details(refusal: Refusal) -> str:
    if refusal.reason == "token_too_long":
        return ""
    if not refusal.header:
        malformed = refusal.reason == "malformed"
        return "it is not a JWT that every parser reads alike" if malformed else ""
    issuer = refusal.issuer
    if issuer is None:
        return f"iss is {_show(refusal.claims.get('iss'))}, trusted are {_show(refusal.trusted)}"
    write = _WRITERS.get(refusal.reason)
    return write(refusal, issuer) if write else ""


def _show(value: object) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def _write_missing(refusal: Refusal, issuer: Issuer) -> str:
    missing = [name for name in issuer.required_claims if refusal.claims.get(name) is None]
    return f"missing are {_show(missing)}" if missing else "it names no subject"


def _write_start(refusal: Refusal, issuer: Issuer) -> str:
    not_before, issued_at = (_show(refusal.claims.get(name)) for name in ("nbf", "iat"))
    return f"nbf is {not_before}, iat is {issued_at}, now is {int(refusal.now)}"


_WRITERS: Mapping[str, Callable[[Refusal, Issuer], str]] = {
    "wrong_audience": lambda refusal, issuer: (
        f"aud is {_show(refusal.claims.get('aud'))}, accepted are {_show(refusal.audiences)}"
    ),
    "bad_algorithm": lambda refusal, issuer: (
        f"alg is {_show(refusal.header.get('alg'))}, accepted are {_show(issuer.algorithms)},"
        " each with its own keys"
    ),
    "wrong_type": lambda refusal, issuer: (
        f"typ is {_show(refusal.header.get('typ'))}, accepted are {_show(issuer.token_types)}"
    ),
    "unknown_key": lambda refusal, issuer: (
        f"kid {_show(refusal.header.get('kid'))} is not among the issuer's usable keys"
    ),
    "missing_claim": _write_missing,
    "claim_not_accepted": lambda refusal, issuer: (
        f"required are {_show({path: list(each) for path, each in issuer.require.items()})}"
    ),
    "expired": lambda refusal, issuer: (
        f"exp is {_show(refusal.claims.get('exp'))}, now is {int(refusal.now)}"
    ),
    "not_yet_valid": _write_start,
    "lifetime_too_long": lambda refusal, issuer: f"max_lifetime is {issuer.max_lifetime} seconds",
}


# What an operator would change; of a server, or of an issuer.
_OF_SERVER: Mapping[str, str] = {
    "wrong_audience": "audiences",
    "wrong_issuer": "issuers",
    "sender_constrained": "dpop.mode",
    "dpop_proof": "dpop.mode",
    "scope_missing": "scopes, or the scopes of allow,",
    "nobody_allowed": "allow",
    "subject_not_allowed": "allow.subjects",
    "client_not_allowed": "allow.clients",
    "email_not_allowed": "allow.emails",
    "domain_not_allowed": "allow.domains",
    "group_missing": "allow.groups",
    "role_missing": "allow.roles",
    "issuer_not_allowed": "allow.issuers",
    "not_allowed": "allow",
}
_OF_ISSUER: Mapping[str, str] = {
    "bad_algorithm": "algorithms",
    "wrong_type": "token_types",
    "unknown_key": "jwks",
    "bad_signature": "jwks",
    "missing_claim": "required_claims, or claims.subject,",
    "claim_not_accepted": "require",
    "not_yet_valid": "clock_skew",
    "lifetime_too_long": "max_lifetime",
    "unmapped": "callers",
    "groups_unknown": "group_lookup",
}


def deciding_setting(reason: str, server: str, issuer: str | None) -> str | None:
    """Which setting would change the verdict, None where only another token would."""
    if reason in _OF_SERVER:
        return f"{_OF_SERVER[reason]} of server {server}"
    if reason in _OF_ISSUER:
        return f"{_OF_ISSUER[reason]} of issuer {issuer or '(any)'}"
    return "revocations" if reason == "revoked" else None
