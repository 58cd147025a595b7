"""DPoP proofs as a client makes them."""

import time
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import ECKey

from gateway.oauth.dpop import PROOF_TYPE, access_token_hash


def holder_key() -> ECKey:
    """A key of the caller."""
    return ECKey.generate_key("P-256")


def make_proof(key: ECKey, url: str, token: str) -> str:
    """A proof for a POST with this token: RFC 9449 §4.2."""
    public = {name: key.as_dict(private=False)[name] for name in ("kty", "crv", "x", "y")}
    header = {"typ": PROOF_TYPE, "alg": "ES256", "jwk": public}
    claims = {
        "jti": uuid4().hex,
        "htm": "POST",
        "htu": url,
        "iat": int(time.time()),
        "ath": access_token_hash(token),
    }
    return jwt.encode(header, claims, key, algorithms=["ES256"])
