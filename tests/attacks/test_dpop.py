"""Tokens that are bound to a key: RFC 9449 §4.3, §7, §9, through the whole gateway."""

import json
import time
from collections.abc import Mapping

import pytest
from aiohttp import ClientSession
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey

from gateway.oauth.dpop import access_token_hash
from tests.support.raw_http import RawResponse
from tests.support.rig import Rig, running_rig
from tests.support.token_signer import b64url, ec_jwk, ec_key, rsa_jwk, rsa_key, sign_es256

HOLDER = "holder"


def public_jwk(name: str = HOLDER) -> dict[str, object]:
    jwk = ec_jwk(ec_key(name), name)
    return {member: jwk[member] for member in ("kty", "crv", "x", "y")}


def thumbprint(name: str = HOLDER) -> str:
    return str(ECKey.import_key({k: str(v) for k, v in public_jwk(name).items()}).thumbprint())


def sign(header: Mapping[str, object], claims: Mapping[str, object], name: str = HOLDER) -> str:
    key: ec.EllipticCurvePrivateKey = ec_key(name)
    signing_input = f"{b64url(json.dumps(header).encode())}.{b64url(json.dumps(claims).encode())}"
    return f"{signing_input}.{b64url(sign_es256(key, signing_input.encode()))}"


def proof(
    rig: Rig,
    token: str,
    *,
    header: Mapping[str, object] | None = None,
    name: str = HOLDER,
    **changes: object,
) -> str:
    """A good proof for a POST with changes to its claims or its header; None leaves one out."""
    protected = {"typ": "dpop+jwt", "alg": "ES256", "jwk": public_jwk(name)} | dict(header or {})
    claims: dict[str, object] = {
        "jti": f"id-{time.monotonic_ns()}",
        "htm": "POST",
        "htu": rig.resource,
        "iat": time.time(),
        "ath": access_token_hash(token),
    }
    given = {key: value for key, value in (claims | changes).items() if value is not None}
    return sign({k: v for k, v in protected.items() if v is not None}, given, name)


def bound_token(rig: Rig, name: str = HOLDER) -> str:
    return rig.token(cnf={"jkt": thumbprint(name)})


async def call(rig: Rig, token: str, *proofs: str, scheme: str = "DPoP") -> RawResponse:
    body = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami"}}'
    lines = [
        "POST /mcp HTTP/1.1",
        f"Host: 127.0.0.1:{rig.port}",
        f"Authorization: {scheme} {token}",
        *(f"DPoP: {each}" for each in proofs),
        "Content-Type: application/json",
        "Accept: application/json, text/event-stream",
        f"Content-Length: {len(body)}",
    ]
    return await rig.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


@pytest.mark.requirement("154", "155", "185")
async def test_a_holder_with_a_fresh_proof_gets_in_and_neither_is_passed_on() -> None:
    async with running_rig() as rig:
        token = bound_token(rig)

        responses = [await call(rig, token, proof(rig, token)) for _ in range(2)]

        assert [each.status for each in responses] == [200, 200]
        assert rig.upstream.last.values("DPoP") == []
        assert rig.upstream.last.values("Authorization") == []


@pytest.mark.requirement("153")
async def test_a_bound_token_as_bearer_is_refused_and_the_other_way_told() -> None:
    async with running_rig() as rig:
        token = bound_token(rig)

        response = await call(rig, token, proof(rig, token), scheme="Bearer")

        bearer, dpop = response.values("WWW-Authenticate")
        assert response.status == 401
        assert bearer.startswith("Bearer ")
        assert 'error="invalid_token"' in bearer
        assert dpop.startswith('DPoP algs="ES256 ')
        assert "resource_metadata=" in dpop
        rig.upstream.assert_untouched()


CHANGES: dict[str, dict[str, object]] = {
    "no jti": {"jti": None},
    "empty jti": {"jti": ""},
    "endless jti": {"jti": "x" * 257},
    "other method": {"htm": "GET"},
    "method in lower case": {"htm": "post"},
    "other path": {"htu": "http://127.0.0.1/other"},
    "other host": {"htu": "https://evil.example/mcp"},
    "no htu": {"htu": None},
    "htu no URL": {"htu": "mcp"},
    "too old": {"iat": time.time() - 3600},
    "of the future": {"iat": time.time() + 3600},
    "no iat": {"iat": None},
    "iat as text": {"iat": "1"},
    "no ath": {"ath": None},
    "hash of another token": {"ath": access_token_hash("other")},
}
HEADERS: dict[str, dict[str, object]] = {
    "typ JWT": {"typ": "JWT"},
    "no typ": {"typ": None},
    "alg none": {"alg": "none"},
    "symmetric": {"alg": "HS256"},
    "key of another kind": {"alg": "RS256"},
    "no key": {"jwk": None},
    "key by reference": {"jwk": None, "kid": HOLDER},
    "private key": {"jwk": public_jwk() | {"d": "AAAA"}},
    "somebody else's key": {"jwk": public_jwk("other")},
    "rsa key": {"jwk": rsa_jwk(rsa_key(), "r")},
    "unknown crit": {"crit": ["x"], "x": 1},
}


@pytest.mark.requirement("154", "155")
@pytest.mark.parametrize("name", [*CHANGES, *HEADERS])
async def test_a_proof_that_is_for_something_else_is_refused(name: str) -> None:
    async with running_rig() as rig:
        token = bound_token(rig)
        made = proof(rig, token, header=HEADERS.get(name), name=HOLDER, **CHANGES.get(name, {}))

        response = await call(rig, token, made)

        bearer, dpop = response.values("WWW-Authenticate")
        assert response.status == 401
        assert "error=" not in bearer
        assert 'error="invalid_dpop_proof"' in dpop
        rig.upstream.assert_untouched()


@pytest.mark.requirement("154")
async def test_a_proof_is_good_once_and_only_one_comes_with_a_request() -> None:
    async with running_rig() as rig:
        token = bound_token(rig)
        made = proof(rig, token)
        assert (await call(rig, token, made)).status == 200

        replayed = await call(rig, token, made)
        none = await call(rig, token)
        two = await call(rig, token, proof(rig, token), proof(rig, token))

        assert [each.status for each in (replayed, none, two)] == [401, 401, 401]
        assert len(rig.upstream.requests) == 1


@pytest.mark.requirement("154")
async def test_a_thief_with_a_key_of_his_own_gets_nowhere() -> None:
    async with running_rig() as rig:
        token = bound_token(rig)

        stolen = await call(rig, token, proof(rig, token, name="thief"))
        unbound = rig.token()
        raised = await call(rig, unbound, proof(rig, unbound, name="thief"))

        assert [stolen.status, raised.status] == [401, 401]
        rig.upstream.assert_untouched()


@pytest.mark.requirement("154")
async def test_a_nonce_is_asked_for_and_then_taken() -> None:
    """RFC 9449 §9."""
    async with running_rig(server="auth: {dpop: {nonce: true}}") as rig:
        token = bound_token(rig)
        first = await call(rig, token, proof(rig, token))
        nonce = first.value("DPoP-Nonce")

        assert first.status == 401
        assert 'error="use_dpop_nonce"' in first.values("WWW-Authenticate")[1]
        rig.upstream.assert_untouched()
        assert (await call(rig, token, proof(rig, token, nonce=nonce))).status == 200
        assert (await call(rig, token, proof(rig, token, nonce="stale"))).status == 401


@pytest.mark.requirement("84", "153")
async def test_a_server_may_take_bound_tokens_only() -> None:
    async with running_rig(server="auth: {dpop: {mode: required}}") as rig:
        response = await rig.call()
        token = bound_token(rig)

        assert response.status == 401
        assert [each.split(" ")[0] for each in response.values("WWW-Authenticate")] == ["DPoP"]
        rig.upstream.assert_untouched()
        assert (await call(rig, token, proof(rig, token))).status == 200
        assert (await _metadata(rig))["dpop_bound_access_tokens_required"] is True


@pytest.mark.requirement("84")
async def test_the_metadata_says_how_proofs_may_be_signed() -> None:
    async with running_rig() as rig:
        metadata = await _metadata(rig)

        assert "ES256" in str(metadata["dpop_signing_alg_values_supported"])
        assert "dpop_bound_access_tokens_required" not in metadata  # false when left out


async def test_a_server_may_refuse_bound_tokens() -> None:
    async with running_rig(server="auth: {dpop: {mode: off}}") as rig:
        token = bound_token(rig)

        response = await call(rig, token, proof(rig, token))

        assert response.status == 401
        assert "dpop_signing_alg_values_supported" not in await _metadata(rig)
        rig.upstream.assert_untouched()


@pytest.mark.requirement("157")
@pytest.mark.parametrize("scheme", ["Bearer", "DPoP"])
async def test_a_token_bound_to_a_certificate_is_refused(scheme: str) -> None:
    """RFC 8705 §3; a header that claims to be the certificate changes nothing."""
    async with running_rig() as rig:
        token = rig.token(cnf={"x5t#S256": "abc"})

        response = await call(rig, token, proof(rig, token), scheme=scheme)

        assert response.status == 401
        rig.upstream.assert_untouched()


async def _metadata(rig: Rig) -> dict[str, object]:
    url = f"{rig.origin}/.well-known/oauth-protected-resource/mcp"
    async with ClientSession() as client, client.get(url) as response:
        found: dict[str, object] = await response.json()
        return found
