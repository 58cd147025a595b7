"""The attack table on tokens, against real keys and a real key endpoint."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.config.issuer import ClientCredentials, GroupLookup, Issuer
from gateway.identity.keys.sources import IssuerSources
from gateway.identity.principal import Confirmation, Principal
from gateway.identity.verifiers.group_lookup import GroupLookups
from gateway.identity.verifiers.jwt import JwtVerifier
from gateway.resilience.single_flight import SingleFlight
from tests.support.hand_clock import HandClock
from tests.support.issuer_service import IssuerService, Scene
from tests.support.token_signer import (
    EC_KID,
    RSA_KID,
    TokenSigner,
    b64url,
    compact,
    ec_key,
    rsa_jwk,
    rsa_key,
    sign_es256,
)
from tests.unit.identity.conftest import RESOURCE, Asking, verdict

Forge = Callable[[TokenSigner], str]
Sign = Callable[[bytes], bytes]

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def _signed(header: dict[str, object], sign: Sign) -> Forge:
    def forge(signer: TokenSigner) -> str:
        protected = json.dumps({"typ": "at+jwt"} | header).encode()
        payload = json.dumps(signer.claims(RESOURCE)).encode()
        text = f"{b64url(protected)}.{b64url(payload)}"
        return f"{text}.{b64url(sign(text.encode()))}"

    return forge


def _es256(sign: Sign) -> Forge:
    return _signed({"alg": "ES256", "kid": EC_KID}, sign)


def _hs256(secret: bytes) -> Forge:
    def sign(text: bytes) -> bytes:
        return hmac.digest(secret, text, hashlib.sha256)

    return _signed({"alg": "HS256", "kid": RSA_KID}, sign)


def _header(**changes: object) -> Forge:
    return lambda signer: signer.token(RESOURCE, header=changes)


def _claims(**changes: object) -> Forge:
    return lambda signer: signer.token(RESOURCE, header=None, key=None, **changes)


def _edited(edit: Callable[[str], str]) -> Forge:
    return lambda signer: edit(signer.token(RESOURCE))


def _der(text: bytes) -> bytes:
    return ec_key().sign(text, ec.ECDSA(hashes.SHA256()))


def _pss(text: bytes) -> bytes:
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    return rsa_key().sign(text, pss, hashes.SHA256())


def _public_pem() -> bytes:
    return rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _public_der() -> bytes:
    return rsa_key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


OTHER = rsa_jwk(rsa_key("attacker"), RSA_KID)

ATTACKS: dict[str, tuple[Forge, str]] = {
    "J1 none without signature": (_signed({"alg": "none"}, lambda text: b""), "bad_algorithm"),
    "J1 none with a signature": (_header(alg="none"), "bad_algorithm"),
    "J1 nOnE": (_header(alg="nOnE"), "bad_algorithm"),
    "J1 empty": (_header(alg=""), "bad_algorithm"),
    "J1 list": (_header(alg=["RS256"]), "bad_algorithm"),
    "J2 PEM as secret": (_hs256(_public_pem()), "bad_algorithm"),
    "J2 DER as secret": (_hs256(_public_der()), "bad_algorithm"),
    "J2 JWK as secret": (_hs256(json.dumps(OTHER).encode()), "bad_algorithm"),
    "J3 PS256 by an RS256 key": (
        _signed({"alg": "PS256", "kid": RSA_KID}, _pss),
        "bad_algorithm",
    ),
    "J3 PSS signature as RS256": (_signed({"alg": "RS256", "kid": RSA_KID}, _pss), "bad_signature"),
    "J3 ES256 with the RSA key": (
        _signed({"alg": "ES256", "kid": RSA_KID}, lambda text: sign_es256(ec_key(), text)),
        "bad_algorithm",
    ),
    "J4 zeros": (_es256(lambda text: bytes(64)), "bad_signature"),
    "J4 r is zero": (_es256(lambda text: bytes(32) + b"\1" * 32), "bad_signature"),
    "J4 r and s are the order": (
        _es256(lambda text: P256_ORDER.to_bytes(32) * 2),
        "bad_signature",
    ),
    "J4 beyond the order": (_es256(lambda text: b"\xff" * 64), "bad_signature"),
    "J4 DER": (_es256(_der), "bad_signature"),
    "J4 63 octets": (_es256(lambda text: sign_es256(ec_key(), text)[:63]), "bad_signature"),
    "J4 65 octets": (_es256(lambda text: sign_es256(ec_key(), text) + b"\0"), "bad_signature"),
    "J4 128 octets": (_es256(lambda text: sign_es256(ec_key(), text) * 2), "bad_signature"),
    "J4 empty": (_es256(lambda text: b""), "bad_signature"),
    "J5 jwk": (
        lambda s: s.token(RESOURCE, key=rsa_key("attacker"), header={"jwk": OTHER}),
        "bad_signature",
    ),
    "J5 x5c": (
        lambda s: s.token(RESOURCE, key=rsa_key("attacker"), header={"x5c": ["MIIB"]}),
        "bad_signature",
    ),
    "J6 path": (_header(kid="../../dev/null"), "unknown_key"),
    "J6 SQL": (_header(kid="' OR '1'='1"), "unknown_key"),
    "J6 NUL": (_header(kid="rsa-1\0"), "unknown_key"),
    "J6 10 KB": (_header(kid="k" * 10_000), "malformed"),
    "J6 number": (_header(kid=1), "malformed"),
    "J7 unknown": (_header(crit=["x"], x=1), "malformed"),
    "J7 empty": (_header(crit=[]), "malformed"),
    "J7 registered": (_header(crit=["alg"]), "malformed"),
    "J7 b64": (_header(crit=["b64"], b64=False), "malformed"),
    "J10 nested": (_header(cty="JWT"), "wrong_type"),
    "J10 PBES2": (
        _signed({"alg": "PBES2-HS256+A128KW", "p2c": 2**31}, lambda text: b"x"),
        "bad_algorithm",
    ),
    "J10 five parts": (_edited(lambda token: token + ".e30.e30"), "not mine"),
    "J11 padding": (_edited(lambda token: token + "=="), "malformed"),
    "J11 line end": (_edited(lambda token: token + "\r\n"), "malformed"),
    "J11 junk": (_edited(lambda token: token.replace(".", ".?", 1)), "malformed"),
    "J11 extra dot": (_edited(lambda token: token + "."), "not mine"),
    "J11 JSON": (lambda s: '{"protected":"e30","payload":"e30","signature":""}', "not mine"),
    "J12 expired": (_claims(exp=int(time.time()) - 61), "expired"),
    "J12 future": (_claims(nbf=int(time.time()) + 3000), "not_yet_valid"),
    "J13 prefix": (_claims(aud=RESOURCE + "2"), "wrong_audience"),
    "J13 nested": (_claims(aud=[[RESOURCE]]), "malformed"),
    "J14 slash": (lambda s: s.token(RESOURCE, iss=s.issuer + "/"), "not mine"),
    "J14 case": (lambda s: s.token(RESOURCE, iss=s.issuer.replace("http", "HTTP")), "not mine"),
    "J14 https": (lambda s: s.token(RESOURCE, iss=s.issuer.replace("http", "https")), "not mine"),
    "J14 list": (lambda s: s.token(RESOURCE, iss=[s.issuer]), "not mine"),
    "J14 missing": (_claims(iss=None), "not mine"),
    "J14 another key": (lambda s: s.token(RESOURCE, key=rsa_key("other")), "bad_signature"),
    "J15 ID token": (_header(typ="JWT"), "wrong_type"),
    "J15 logout token": (_header(typ="logout+jwt"), "wrong_type"),
    "J15 client assertion": (_header(typ="client-authentication+jwt"), "wrong_type"),
    "J15 without type": (_header(typ=None), "wrong_type"),
    "J16 other environment": (_claims(aud="https://staging.example/mcp"), "wrong_audience"),
    "bound to what nobody understands": (_claims(cnf={"kid": "x"}), "sender_constrained"),
    "bound to two things": (_claims(cnf={"jkt": "x", "x5t#S256": "y"}), "sender_constrained"),
    "bound to a key in the token": (_claims(cnf={"jwk": {"kty": "RSA"}}), "sender_constrained"),
    "bound to nothing": (_claims(cnf={}), "sender_constrained"),
    "bound to no text": (_claims(cnf={"jkt": 1}), "sender_constrained"),
    "no subject": (_claims(sub=None), "missing_claim"),
    "changed claims": (
        _edited(lambda token: ".".join([token.split(".")[0], b64url(b'{"iss":1}'), "e30"])),
        "not mine",
    ),
}


@pytest.fixture
def lookups(
    service: IssuerService, asking: Asking, flights: SingleFlight, clock: HandClock
) -> GroupLookups:
    service.scenes["/ada/groups"] = Scene({"value": [{"id": "ops"}]})
    credentials = ClientCredentials(client_id="gateway", token_url=f"{service.url}/token")
    settings = GroupLookup(
        url=f"{service.url}/{{sub}}/groups", each="{id}", credentials=credentials
    )

    async def own_token(principal: Principal) -> str:
        return "own"

    return GroupLookups(settings, asking.provider, own_token, flights, clock.clocks)


@pytest.mark.requirement("J5", "96", "108", "113")
@pytest.mark.parametrize("kid", [RSA_KID, "theirs", None])
@pytest.mark.parametrize("member", ["jku", "x5u", "jwks_uri"])
async def test_a_key_url_inside_a_token_is_not_asked(
    member: str, kid: str | None, verifier: JwtVerifier, signer: TokenSigner
) -> None:
    """The server it names would serve the very key that signed: RFC 8725 §3.10."""
    key = rsa_key("attacker")
    async with TokenSigner(keys=[rsa_jwk(key, RSA_KID), rsa_jwk(key, "theirs")]) as attacker:
        header = {"kid": kid, member: f"{attacker.issuer}/jwks"}
        good = signer.token(RESOURCE, header={**header, "kid": RSA_KID})
        forged = signer.token(RESOURCE, header=header, key=key)

        assert await verdict(verifier, forged) != "accepted"
        assert await verdict(verifier, good) == "accepted"  # the member alone means nothing
        assert attacker.fetched == []
        assert set(signer.fetched) == {"/jwks"}


@pytest.mark.requirement("J1", "J2", "J3", "J4", "J5", "J6", "J7", "J10", "J11", "J12", "94", "96")
@pytest.mark.requirement("J13", "J14", "J15", "J16", "7", "10", "104", "108", "113")
@pytest.mark.parametrize("name", ATTACKS)
async def test_attack_is_refused(name: str, verifier: JwtVerifier, signer: TokenSigner) -> None:
    forge, reason = ATTACKS[name]

    assert await verdict(verifier, forge(signer)) == reason
    assert set(signer.fetched) == {"/jwks"}


async def test_good_rs256_token_is_accepted(verifier: JwtVerifier, signer: TokenSigner) -> None:
    now = time.time()

    principal = await verifier.verify(signer.token(RESOURCE, email="ada@example.com"), now)

    assert principal is not None
    assert (principal.issuer, principal.subject) == (signer.issuer, "ada")
    assert principal.scopes == {"mcp:read"}
    assert principal.email == "ada@example.com"
    assert principal.expires_at is not None
    assert 290 < principal.expires_at - now <= 300


async def test_good_es256_token_is_accepted(verifier: JwtVerifier, signer: TokenSigner) -> None:
    forge = _es256(lambda text: sign_es256(ec_key(), text))

    assert await verdict(verifier, forge(signer)) == "accepted"


@pytest.mark.parametrize("method", ["jkt", "x5t#S256"])
async def test_token_that_is_bound_to_a_key_says_so(
    method: str, verifier: JwtVerifier, signer: TokenSigner
) -> None:
    """RFC 9449 §6.1, RFC 8705 §3.1: the proof is asked for where the request is at hand."""
    token = signer.token(RESOURCE, cnf={method: "thumbprint"})

    principal = await verifier.verify(token, time.time())

    assert principal is not None
    assert principal.confirmation in {
        Confirmation(key_thumbprint="thumbprint"),
        Confirmation(certificate_thumbprint="thumbprint"),
    }


async def test_groups_that_did_not_fit_are_looked_up_and_no_others(
    issuer: Issuer,
    sources: IssuerSources,
    signer: TokenSigner,
    service: IssuerService,
    lookups: GroupLookups,
) -> None:
    claims = issuer.claims.model_copy(update={"groups_overage": ("hasgroups",)})
    overflowing = issuer.model_copy(update={"claims": claims})
    plain, asking = (
        JwtVerifier(overflowing, [RESOURCE], sources.keys, each) for each in (None, lookups)
    )
    few = signer.token(RESOURCE, groups=["dev"])
    many = signer.token(RESOURCE, hasgroups=True)

    found = [
        await each.verify(token, time.time()) for each in (plain, asking) for token in (few, many)
    ]

    assert [each and each.groups for each in found] == [("dev",), None, ("dev",), ("ops",)]
    assert service.count("/ada/groups") == 1


@pytest.mark.requirement("J6")
async def test_missing_kid_is_accepted_where_one_key_fits(
    verifier: JwtVerifier, signer: TokenSigner
) -> None:
    forge = _signed({"alg": "ES256"}, lambda text: sign_es256(ec_key(), text))

    assert await verdict(verifier, forge(signer)) == "accepted"


@pytest.mark.requirement("J6")
async def test_missing_kid_is_refused_where_several_keys_fit(
    verifier: JwtVerifier, signer: TokenSigner, sources: IssuerSources
) -> None:
    signer.keys.append(rsa_jwk(rsa_key("second"), "second"))
    await sources.keys.refresh()
    payload = json.dumps(signer.claims(RESOURCE)).encode()

    assert await verdict(verifier, compact(b'{"alg":"RS256","typ":"at+jwt"}', payload)) == (
        "unknown_key"
    )


@pytest.mark.requirement("98", "J8")
@pytest.mark.parametrize("name", ["iss", "aud", "sub", "exp", "scope"])
async def test_signed_token_with_a_claim_twice_is_refused(
    name: str, verifier: JwtVerifier, signer: TokenSigner
) -> None:
    claims = json.dumps(signer.claims(RESOURCE))
    twice = claims[:-1] + f', "{name}": "x"}}'
    header = json.dumps({"alg": "RS256", "typ": "at+jwt", "kid": RSA_KID})

    assert await verdict(verifier, compact(header.encode(), twice.encode())) == "malformed"


@pytest.mark.requirement("93")
async def test_issuer_that_sends_plain_jwt_can_be_allowed_to(
    issuer: Issuer, sources: IssuerSources, signer: TokenSigner
) -> None:
    relaxed = issuer.model_copy(update={"token_types": ("at+jwt", "JWT")})
    verifier = JwtVerifier(relaxed, [RESOURCE], sources.keys)

    assert await verdict(verifier, signer.token(RESOURCE, header={"typ": "JWT"})) == "accepted"
    id_token = signer.token(RESOURCE, header={"typ": "JWT"}, nonce="n")
    assert await verdict(verifier, id_token) == "wrong_type"


@pytest.mark.requirement("108", "J14")
async def test_key_of_another_issuer_is_not_used(
    issuer: Issuer, sources: IssuerSources, signer: TokenSigner
) -> None:
    """Two tenants with the same kid: each token is checked with its own issuer's keys."""
    tenant = issuer.model_copy(update={"issuer": "https://other.example"})
    verifier = JwtVerifier(tenant, [RESOURCE], sources.keys)

    assert await verdict(verifier, signer.token(RESOURCE)) == "not mine"


@pytest.mark.requirement("J9")
@pytest.mark.parametrize(
    "changes",
    [{"exp": 10**300}, {"exp": "9999999999"}, {"exp": True}, {"exp": -1}, {"x": "y" * 8192}],
)
async def test_extreme_claims_cost_little_time(
    changes: dict[str, object], verifier: JwtVerifier, signer: TokenSigner
) -> None:
    token = signer.token(RESOURCE, header=None, key=None, **changes)
    costs: list[float] = []

    for _ in range(3):
        began = time.thread_time()
        assert await verdict(verifier, token) in {"malformed", "expired", "accepted"}
        costs.append(time.thread_time() - began)

    assert min(costs) < 0.005
