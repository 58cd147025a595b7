"""DPoP proofs at the token endpoint: which key the tokens are to be bound to. RFC 9449 §5."""

from collections.abc import Sequence

from gateway.errors import InvalidDpopProof
from gateway.identity.dpop.proof import ProofContext, verify_proof
from gateway.identity.dpop.replay import ReplayCache


class Proofs:
    """Checks proofs for one URL; `max_age_s` in seconds."""

    def __init__(self, url: str, replays: ReplayCache, max_age_s: float) -> None:
        self._url = url
        self._replays = replays
        self._max_age_s = max_age_s

    def key_of(self, proofs: Sequence[str], client_id: str, now: float) -> str | None:
        """The thumbprint of the key that was proved, None without a proof.

        Raises `InvalidDpopProof`.
        """
        if not proofs:
            return None
        if len(proofs) > 1:
            raise InvalidDpopProof
        context = ProofContext("POST", self._url, None, now, self._max_age_s)
        proof = verify_proof(proofs[0], context)
        if not self._replays.is_new((self._url, client_id), proof.key_thumbprint, proof.proof_id):
            raise InvalidDpopProof
        return proof.key_thumbprint
