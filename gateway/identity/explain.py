"""Says to an operator why a token was refused, with the values that a client never sees. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.config.model import Issuer
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
    issuer, header, claims = refusal.issuer, refusal.header, refusal.claims
    if refusal.reason == "wrong_issuer" or issuer is None:
        return f"iss is {_show(claims.get('iss'))}, trusted are {_show(refusal.trusted)}"
    match refusal.reason:
        case "wrong_audience":
            return f"aud is {_show(claims.get('aud'))}, accepted are {_show(refusal.audiences)}"
        case "bad_algorithm":
            return f"alg is {_show(header.get('alg'))}, accepted are {_show(issuer.algorithms)}"
        case "wrong_type":
            return f"typ is {_show(header.get('typ'))}, accepted are {_show(issuer.token_types)}"
        case "unknown_key":
            return f"kid {_show(header.get('kid'))} is not among the issuer's usable keys"
        case "missing_claim":
            missing = [name for name in issuer.required_claims if claims.get(name) is None]
            return f"missing are {_show(missing)}" if missing else "it names no subject"
        case _:
            return _time_details(refusal, issuer)


def _time_details(refusal: Refusal, issuer: Issuer) -> str:
    claims, now = refusal.claims, int(refusal.now)
    match refusal.reason:
        case "expired":
            return f"exp is {_show(claims.get('exp'))}, now is {now}"
        case "not_yet_valid":
            moments = f"nbf is {_show(claims.get('nbf'))}, iat is {_show(claims.get('iat'))}"
            return f"{moments}, now is {now}"
        case "lifetime_too_long":
            return f"max_lifetime is {issuer.max_lifetime} seconds"
        case _:
            return ""


def _show(value: object) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value)
