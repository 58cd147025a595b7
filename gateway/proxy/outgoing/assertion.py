"""A signed word about the caller and the call, for upstreams that trust no plain header.

A JWT (RFC 7519) in `X-Gateway-Assertion`: short-lived, for one upstream, about one body.
"""

import base64
import hashlib
from collections.abc import Sequence
from functools import lru_cache
from os import urandom

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from gateway.http.message_head import Lines, field_lines
from gateway.identity.keys.key_ring import RingKey
from gateway.identity.principal import Principal
from gateway.mcp.operation import Operation
from gateway.proxy.outgoing.assertion_keys import AssertionKeys
from gateway.proxy.outgoing.header_source import OutgoingCall
from gateway.proxy.outgoing.identity_bounds import Bounds

HEADER = b"X-Gateway-Assertion"
TYPE = "gateway-assertion+jwt"
_ID_BYTES = 16


class AssertionIntroducer:
    """Signs one assertion per request for one upstream; `lifetime_s` is at most a minute."""

    def __init__(
        self,
        keys: AssertionKeys,
        *,
        issuer: str,
        audience: str,
        lifetime_s: float,
        bounds: Bounds | None = None,
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._lifetime_s = lifetime_s
        self._heads: dict[str, bytes] = {}
        within = bounds or Bounds()
        # A principal lives as long as its cached verdict.
        self._caller = lru_cache(maxsize=4096)(lambda who: _caller(who, within))

    async def __call__(self, call: OutgoingCall) -> Lines:
        """The header line."""
        key = self._keys.current()
        payload = msgspec.json.encode(self._claims(call))
        signing_input = self._head(key) + b"." + _b64(payload)
        return field_lines([(HEADER, b"%b.%b" % (signing_input, _b64(_sign(key, signing_input))))])

    def _head(self, key: RingKey) -> bytes:
        head = self._heads.get(key.kid)
        if head is None:
            protected = {"alg": key.algorithm, "kid": key.kid, "typ": TYPE}
            head = self._heads[key.kid] = _b64(msgspec.json.encode(protected))
        return head

    def _claims(self, call: OutgoingCall) -> dict[str, object]:
        issued_at = int(call.now)
        claims: dict[str, object] = {
            "iss": self._issuer,
            "aud": self._audience,
            "iat": issued_at,
            "exp": issued_at + int(self._lifetime_s),
            "jti": _b64(urandom(_ID_BYTES)).decode("ascii"),
            # Of the very bytes that follow: the assertion is of no use with another body.
            "body_sha256": _b64(hashlib.sha256(call.body).digest()).decode("ascii"),
            # All requests without a body have the same hash: a GET must not do as a DELETE.
            "htm": call.http_method,
        }
        if call.session is not None:
            claims["session"] = call.session.decode("latin-1")
        if call.operation is not None and call.operation.method is not None:
            claims["mcp"] = _describe(call.operation)
        if call.principal is None:
            claims["anonymous"] = True
        else:
            claims |= self._caller(call.principal)
        return claims


def _describe(operation: Operation) -> dict[str, object]:
    told: dict[str, object] = {"method": operation.method}
    if operation.name is not None:
        told["name"] = operation.name
    if operation.count > 1:  # a batch, of which only the first is named
        told["count"] = operation.count
    return told


def _caller(principal: Principal, bounds: Bounds) -> dict[str, object]:
    lists: dict[str, Sequence[str] | None] = {
        "groups": principal.groups,
        "roles": principal.roles,
        "scopes": sorted(principal.scopes),
    }
    incomplete = [name for name, members in lists.items() if _is_oversized(members, bounds)]
    for name in incomplete:
        lists[name] = bounds.named_of(name, lists[name] or ())
    told: dict[str, object] = {
        "sub": principal.subject,
        "token_issuer": principal.issuer,
        "client_id": principal.client_id,
        "scope": " ".join(lists["scopes"] or ()),
        "email": principal.email,
        "name": principal.name,
        "groups": lists["groups"],
        "roles": lists["roles"],
        "incomplete": incomplete,
    }
    given = {name: value for name, value in told.items() if value}
    # Left out, unknown groups would read as none.
    return given | ({"groups_unknown": True} if principal.groups is None else {})


def _is_oversized(members: Sequence[str] | None, bounds: Bounds) -> bool:
    if not members or not bounds.keep_named:
        return False
    return sum(len(each.encode(errors="surrogatepass")) + 1 for each in members) > bounds.max_bytes


def _sign(key: RingKey, signing_input: bytes) -> bytes:
    private = key.key.private_key
    if isinstance(private, Ed25519PrivateKey):
        return private.sign(signing_input)  # RFC 8037 §3.1
    if isinstance(private, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(private.sign(signing_input, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")  # RFC 7518 §3.4
    raise TypeError("not a key that assertions are signed with")


def _b64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
