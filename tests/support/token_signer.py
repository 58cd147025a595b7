"""An issuer for attack tests: it serves its documents over HTTP and signs whatever it is told."""

import base64
import functools
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

RSA_KID = "rsa-1"
EC_KID = "ec-1"


@functools.cache
def rsa_key(name: str = RSA_KID) -> rsa.RSAPrivateKey:
    """One key per name and test run: making one takes a tenth of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@functools.cache
def ec_key(name: str = EC_KID) -> ec.EllipticCurvePrivateKey:
    """One P-256 key per name and test run."""
    return ec.generate_private_key(ec.SECP256R1())


def b64url(data: bytes) -> str:
    """RFC 7515 §2: base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign_rs256(key: rsa.RSAPrivateKey, signing_input: bytes) -> bytes:
    return key.sign(signing_input, padding.PKCS1v15(), hashes.SHA256())


def sign_es256(key: ec.EllipticCurvePrivateKey, signing_input: bytes) -> bytes:
    """RFC 7518 §3.4: r and s as 32 octets each."""
    r, s = utils.decode_dss_signature(key.sign(signing_input, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def compact(header: bytes, payload: bytes, key: rsa.RSAPrivateKey | None = None) -> str:
    """A JWS of exactly these bytes, signed by RS256 whatever the header says."""
    signing_input = f"{b64url(header)}.{b64url(payload)}"
    signature = sign_rs256(key or rsa_key(), signing_input.encode())
    return f"{signing_input}.{b64url(signature)}"


def rsa_jwk(key: rsa.RSAPrivateKey, kid: str) -> dict[str, object]:
    numbers = key.public_key().public_numbers()
    modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
    exponent = numbers.e.to_bytes(3, "big")
    use: dict[str, object] = {"kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256"}
    return use | {"n": b64url(modulus), "e": b64url(exponent)}


def ec_jwk(key: ec.EllipticCurvePrivateKey, kid: str) -> dict[str, object]:
    numbers = key.public_key().public_numbers()
    use: dict[str, object] = {"kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "alg": "ES256"}
    x, y = (b64url(value.to_bytes(32, "big")) for value in (numbers.x, numbers.y))
    return use | {"x": x, "y": y}


@dataclass(slots=True)
class TokenSigner:
    """Use it as an async context manager; `fetched` lists the paths that were asked for.

    `keys` is the served key set and may be changed; with `status` other than 200 every
    document fails. `metadata` adds to or overrides members of the discovery document.
    """

    keys: list[dict[str, object]] = field(default_factory=list)
    metadata: dict[str, object] = field(default_factory=dict)
    status: int = 200
    fetched: list[str] = field(default_factory=list)
    port: int = 0
    _server: TestServer | None = None

    def __post_init__(self) -> None:
        self.keys = self.keys or [rsa_jwk(rsa_key(), RSA_KID), ec_jwk(ec_key(), EC_KID)]

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def claims(self, audience: str, **changes: object) -> dict[str, object]:
        """The claims of a good access token with changes; a claim set to None is left out."""
        now = int(time.time())
        good: dict[str, object] = {
            "iss": self.issuer,
            "aud": audience,
            "sub": "ada",
            "client_id": "test-client",
            "scope": "mcp:read",
            "iat": now,
            "exp": now + 300,
            "jti": b64url(now.to_bytes(8, "big")),
        }
        return {name: value for name, value in (good | changes).items() if value is not None}

    def token(
        self,
        audience: str,
        *,
        header: Mapping[str, object] | None = None,
        key: rsa.RSAPrivateKey | None = None,
        **changes: object,
    ) -> str:
        """A good RS256 access token (RFC 9068) with changes to its claims or its header."""
        protected = {"alg": "RS256", "typ": "at+jwt", "kid": RSA_KID} | dict(header or {})
        payload = json.dumps(self.claims(audience, **changes))
        return compact(json.dumps(protected).encode(), payload.encode(), key)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._serve)
        self._server = TestServer(app, host="127.0.0.1")
        await self._server.start_server(access_log=None, shutdown_timeout=0.1)
        self.port = self._server.port or 0
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            await self._server.close()

    async def _serve(self, request: web.Request) -> web.Response:
        self.fetched.append(request.path)
        documents = {
            "/.well-known/openid-configuration": self._discovery(),
            "/.well-known/oauth-authorization-server": self._discovery(),
            "/jwks": {"keys": self.keys},
        }
        if self.status != 200 or request.path not in documents:
            return web.Response(status=404 if self.status == 200 else self.status)
        return web.json_response(documents[request.path])

    def _discovery(self) -> dict[str, object]:
        base: dict[str, object] = {
            "issuer": self.issuer,
            "jwks_uri": f"{self.issuer}/jwks",
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
        }
        return base | self.metadata
