"""DPoP proofs; `tests/attacks/test_dpop.py` has what the whole gateway refuses."""

import json

import pytest

from gateway.errors import InvalidDpopProof
from gateway.identity.dpop.proof import MAX_FUTURE_S, Proof, ProofContext, verify_proof
from gateway.oauth.dpop import access_token_hash
from tests.support.token_signer import b64url, ec_jwk, ec_key, sign_es256

NOW = 1_763_900_000.0
URL = "https://gateway.example/mcp"
CONTEXT = ProofContext("POST", URL, "token", NOW, 60.0)


def make_proof(**changes: object) -> str:
    jwk = {name: ec_jwk(ec_key(), "k")[name] for name in ("kty", "crv", "x", "y")}
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}
    claims = {
        "jti": "id",
        "htm": "POST",
        "htu": URL,
        "iat": NOW,
        "ath": access_token_hash("token"),
    } | changes
    signing_input = f"{b64url(json.dumps(header).encode())}.{b64url(json.dumps(claims).encode())}"
    return f"{signing_input}.{b64url(sign_es256(ec_key(), signing_input.encode()))}"


@pytest.mark.requirement("154")
def test_a_good_proof_tells_its_key_its_id_and_its_nonce() -> None:
    proof = verify_proof(make_proof(nonce="n"), CONTEXT)

    assert (proof.proof_id, proof.nonce) == ("id", "n")
    assert proof == verify_proof(make_proof(nonce="n"), CONTEXT)
    assert isinstance(proof, Proof)


@pytest.mark.requirement("154")
@pytest.mark.parametrize(
    ("age_s", "good"),
    [(60, True), (61, False), (-MAX_FUTURE_S, True), (-MAX_FUTURE_S - 1, False), (0, True)],
)
def test_a_proof_is_of_this_moment(age_s: float, good: bool) -> None:
    proof = make_proof(iat=NOW - age_s)

    if good:
        assert verify_proof(proof, CONTEXT).proof_id == "id"
    else:
        with pytest.raises(InvalidDpopProof):
            verify_proof(proof, CONTEXT)


@pytest.mark.requirement("154")
@pytest.mark.parametrize("text", ["", "a.b.c", "x" * 9000, "a.b", "\u00e9.b.c"])
def test_what_is_no_proof_is_refused(text: str) -> None:
    with pytest.raises(InvalidDpopProof):
        verify_proof(text, CONTEXT)


def test_a_changed_signature_is_refused() -> None:
    head, claims, signature = make_proof().split(".")
    forged = ("A" if signature[0] != "A" else "B") + signature[1:]

    with pytest.raises(InvalidDpopProof):
        verify_proof(f"{head}.{claims}.{forged}", CONTEXT)
