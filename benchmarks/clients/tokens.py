"""The issuer of the measurement: one RS256 key and the access tokens (RFC 9068) it signs."""

import json
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

ISSUER = "https://issuer.example.com"
SCOPE = "mcp:read"
SUBJECT = "8f14e45f-ceea-467f-a8a1-5c0a1c7e3b2d"
LIFETIME_S = 7200


@dataclass(frozen=True, slots=True)
class SigningIssuer:
    """Signs tokens for one audience; the public key lies in files for the proxies to read."""

    key: RSAKey
    audience: str
    jwks_file: Path
    pem_file: Path

    def token(self, **changed: str | int) -> str:
        """Sign a token as large as real ones, about 700 bytes, with some claims changed."""
        now = int(time.time())
        claims: dict[str, str | int] = {
            "iss": ISSUER,
            "aud": self.audience,
            "sub": SUBJECT,
            "client_id": "desktop-client",
            "scope": f"{SCOPE} openid",
            "iat": now,
            "exp": now + LIFETIME_S,
            "jti": token_urlsafe(16),
        }
        header = {"alg": "RS256", "typ": "at+jwt", "kid": self.key.kid}
        return jwt.encode(header, claims | changed, self.key, algorithms=["RS256"])


def make_issuer(directory: Path, audience: str) -> SigningIssuer:
    """Make a 2048 bit key and write its public half as a JWKS and as PEM."""
    key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
    jwks_file, pem_file = directory / "jwks.json", directory / "issuer.pem"
    jwks_file.write_text(json.dumps(KeySet([key]).as_dict(private=False)))
    pem_file.write_bytes(key.as_pem(private=False))
    return SigningIssuer(key, audience, jwks_file, pem_file)


def unknown_key_token(issuer: SigningIssuer, kid: str) -> str:
    """Forge a token that names a key nobody published, with a signature of the usual size."""
    header = json.dumps({"alg": "RS256", "typ": "at+jwt", "kid": kid}).encode()
    claims = json.dumps({"iss": ISSUER, "aud": issuer.audience, "sub": "nobody", "jti": kid})
    parts = (header, claims.encode(), bytes(256))
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
