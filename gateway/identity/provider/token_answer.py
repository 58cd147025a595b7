"""Answers of token endpoints: RFC 6749 §5. Pure."""

import re
from dataclasses import dataclass, field

from gateway.identity.provider.fetch import Answer
from gateway.identity.token.leniency import parse_number

# When the answer does not say how long a token lives.
UNKNOWN_LIFETIME_S = 60.0
_LONGEST_LIFETIME_S = 366 * 86400
_MARGIN_S = 30.0
_B64TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_ERROR_CODE = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True, slots=True)
class GrantedToken:
    """A token, and for how many seconds it may be used before a new one is asked for."""

    token: str = field(repr=False)
    usable_s: float
    issued_type: str | None = None


def parse_token(answer: Answer) -> GrantedToken | None:
    """The bearer token of a good answer, None when there is none that a header can hold."""
    document = answer.document
    if not isinstance(document, dict):
        return None
    token, kind = document.get("access_token"), document.get("token_type")
    if not isinstance(token, str) or not _B64TOKEN.fullmatch(token):
        return None
    if not isinstance(kind, str) or kind.lower() != "bearer":
        return None
    issued_type = document.get("issued_token_type")
    return GrantedToken(
        token,
        _usable_s(document.get("expires_in")),
        issued_type if isinstance(issued_type, str) else None,
    )


def parse_error(answer: Answer) -> str:
    """The error code of a refusal, for a log: never its free text."""
    document = answer.document
    code = document.get("error") if isinstance(document, dict) else None
    is_code = isinstance(code, str) and _ERROR_CODE.fullmatch(code)
    return f"{answer.status} {code}" if is_code else f"status {answer.status}"


def _usable_s(written: object) -> float:
    expires_in = parse_number(written)  # some write it as text
    if isinstance(expires_in, bool) or not isinstance(expires_in, int | float):
        return UNKNOWN_LIFETIME_S
    if not 0 < expires_in <= _LONGEST_LIFETIME_S:
        return UNKNOWN_LIFETIME_S
    # A tenth of a short life is enough; a token must not end on its way.
    return expires_in - min(_MARGIN_S, expires_in * 0.1)
