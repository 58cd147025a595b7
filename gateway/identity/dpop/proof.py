"""DPoP proofs: that a caller holds the key its token is bound to. RFC 9449 §4."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from gateway.errors import InvalidDpopProof, InvalidToken
from gateway.identity.keys.key_set import VerificationKey, parse_key_set
from gateway.identity.token.access_token import moment, normal_token_type
from gateway.identity.token.claims import parse_text
from gateway.identity.token.compact import CompactToken, parse_compact
from gateway.oauth.dpop import ALGORITHMS, PROOF_TYPE, access_token_hash, normal_htu

MAX_PROOF_CHARS = 8 * 1024
MAX_ID_CHARS = 256
_REMEMBERED_KEYS = 1024
# Clocks of callers run fast as often as slow.
MAX_FUTURE_S = 10.0


@dataclass(frozen=True, slots=True)
class Proof:
    """A verified proof: the thumbprint of its key (RFC 7638), its id, and its nonce if any."""

    key_thumbprint: str
    proof_id: str
    nonce: str | None


@dataclass(frozen=True, slots=True)
class ProofContext:
    """What a proof must be for: this method, this public URL and this token, about now.

    `token` is None where the proof comes with a request for one: RFC 9449 §5.
    """

    method: str
    url: str
    token: str | None
    now: float
    max_age_s: float


def verify_proof(text: str, context: ProofContext) -> Proof:
    """Check everything of §4.3 but nonce, replay and binding, which need a memory.

    Raises `InvalidDpopProof`, with one text whatever is wrong.
    """
    try:
        if len(text) > MAX_PROOF_CHARS:
            raise ValueError("too long")
        proof = parse_compact(text)
        key = _parse_key(proof.header)
        if not key.verify(proof.signing_input, proof.signature):
            raise ValueError("the signature does not hold")
        proof_id = _check_claims(proof, context)
    except (ValueError, InvalidToken) as error:
        raise InvalidDpopProof from error
    return Proof(key.thumbprint, proof_id, parse_text(proof.claims, "nonce"))


def _parse_key(header: Mapping[str, object]) -> VerificationKey:
    """The proof's own key, put to the same test as those of issuers."""
    typ, algorithm, jwk = (header.get(name) for name in ("typ", "alg", "jwk"))
    if not isinstance(typ, str) or normal_token_type(typ) != PROOF_TYPE:
        raise ValueError("not a DPoP proof")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise ValueError("the algorithm is not accepted")
    if "crit" in header or "b64" in header or not isinstance(jwk, dict):
        raise ValueError("the header is not understood")
    if not all(isinstance(each, str) for each in jwk.values()):
        raise ValueError("the key is not understood")
    return _import_key(frozenset(jwk.items()), algorithm)


@lru_cache(maxsize=_REMEMBERED_KEYS)
def _import_key(members: frozenset[tuple[str, str]], algorithm: str) -> VerificationKey:
    # A client proves with the same key for long; importing it costs twice what verifying does.
    return parse_key_set({"keys": [dict(members)]}, [algorithm]).keys[0]


def _check_claims(proof: CompactToken, context: ProofContext) -> str:
    claims = proof.claims
    proof_id = parse_text(claims, "jti")
    if proof_id is None or len(proof_id) > MAX_ID_CHARS:
        raise ValueError("no usable jti")
    if claims.get("htm") != context.method:
        raise ValueError("for another method")
    if normal_htu(parse_text(claims, "htu") or "") != normal_htu(context.url):
        raise ValueError("for another URL")
    issued_at = moment(claims, "iat")
    if issued_at is None:
        raise ValueError("no iat")
    if not -MAX_FUTURE_S <= context.now - issued_at <= context.max_age_s:
        raise ValueError("not of this moment")
    if context.token is None:
        return proof_id
    # Without it a stolen proof could go with another token of the same key (§4.3, 10).
    shown = parse_text(claims, "ath") or ""
    if not hmac.compare_digest(shown.encode(), access_token_hash(context.token).encode()):
        raise ValueError("for another token")
    return proof_id
