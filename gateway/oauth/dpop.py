"""The words of DPoP: RFC 9449. Pure."""

import base64
import hashlib
from urllib.parse import urlsplit

# Asymmetric only (§4.3); one name each for the clients that are out there.
ALGORITHMS: tuple[str, ...] = ("ES256", "ES384", "ES512", "RS256", "PS256", "Ed25519", "EdDSA")
PROOF_TYPE = "dpop+jwt"
_DEFAULT_PORTS = {"https": 443, "http": 80}


def access_token_hash(token: str) -> str:
    """The `ath` of a token: base64url of its SHA-256 (§4.2).

    >>> access_token_hash("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU")
    'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo'
    """
    digest = hashlib.sha256(token.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def normal_htu(url: str) -> str:
    """A URL as `htu` values are compared: without query and fragment, scheme and host folded.

    §4.3 with RFC 3986 §6.2.2 and §6.2.3; raises ValueError for what is no http URL.

    >>> normal_htu("HTTPS://MCP.example:443/mcp?x=1#y")
    'https://mcp.example/mcp'
    """
    parts = urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        raise ValueError("not an http URL")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = parts.port
    authority = host if port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{host}:{port}"
    return f"{parts.scheme}://{authority}{parts.path or '/'}"
