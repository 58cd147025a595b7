"""The last line of defence: nothing that looks like a credential stays in a written line."""

import re
from collections.abc import Mapping

REDACTED = "[redacted]"

_JWT = r"eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)*"  # a JOSE header is base64url of `{"`
_CREDENTIALS = r"(?i:\b(?:bearer|dpop|basic)[\s+]+)[A-Za-z0-9._~+/=-]{8,}"  # RFC 6750 §2.1
_PARAMETER = (
    r"(?i:\b(?:access_token|refresh_token|id_token|client_secret|client_assertion"
    r"|code_verifier|password)\b[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,;}]+"
)
_SECRET = re.compile(f"(?P<jwt>{_JWT})|(?P<credentials>{_CREDENTIALS})|(?P<parameter>{_PARAMETER})")
_LABEL = re.compile(r"[A-Za-z_]+(?:[\s+]+|[\"']?\s*[=:]\s*[\"']?)")


def redact(text: str) -> str:
    """Replace whatever is shaped like a token; what names it stays readable.

    >>> redact("Authorization: Bearer s3cr3t-t0ken")
    'Authorization: Bearer [redacted]'
    """
    return _SECRET.sub(_replacement, text)


def redact_all(value: object) -> object:
    """Redact every text inside a value and make it fit for JSON; what is unknown becomes text."""
    match value:
        case str():
            return redact(value)
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {redact(str(key)): redact_all(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [redact_all(inner) for inner in value]
        case _:
            return redact(str(value))


def _replacement(match: re.Match[str]) -> str:
    if match["jwt"]:
        return REDACTED
    label = _LABEL.match(match[0])
    return (label[0] if label else "") + REDACTED
