"""The WWW-Authenticate header of a refusal: RFC 6750 §3, RFC 9449 §7.1, RFC 9728 §5.1."""

import re
from collections.abc import Mapping, Sequence

_UNSAFE = re.compile(r"[^\x20-\x21\x23-\x5B\x5D-\x7E]")  # RFC 6750 §3, error_description


def bearer_challenge(
    resource_metadata: str,
    *,
    realm: str | None = None,
    scopes: frozenset[str] = frozenset(),
    code: str | None = None,
    description: str | None = None,
) -> str:
    """Tell a client which token it needs and where to start looking for it.

    `code` is None when the request carried no credentials (RFC 6750 §3.1).
    `resource_metadata` is the absolute URL of the RFC 9728 document.
    """
    return "Bearer " + _parameters(
        {
            "realm": realm,
            "error": code,
            "error_description": description if code else None,
            "scope": " ".join(sorted(scopes)) or None,
            "resource_metadata": resource_metadata,
        }
    )


def dpop_challenge(
    resource_metadata: str,
    algorithms: Sequence[str],
    *,
    code: str | None = None,
    description: str | None = None,
) -> str:
    """Tell a client that it may bind its token to a key: RFC 9449 §7.1.

    `algorithms` are those that proofs may be signed with; the rest is as for `bearer_challenge`.
    """
    return "DPoP " + _parameters(
        {
            "algs": " ".join(algorithms),
            "error": code,
            "error_description": description if code else None,
            "resource_metadata": resource_metadata,
        }
    )


def _parameters(parameters: Mapping[str, str | None]) -> str:
    given = (f'{name}="{_quotable(text)}"' for name, text in parameters.items() if text is not None)
    return ", ".join(given)


def _quotable(text: str) -> str:
    # Nothing in it can end the quoted string or the header: no quote, backslash or line break.
    return _UNSAFE.sub("?", text)
