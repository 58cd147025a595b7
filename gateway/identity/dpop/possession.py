"""Tokens that are bound to something their caller must show: RFC 9449, RFC 8705."""

from dataclasses import dataclass

from gateway.config.model import Dpop
from gateway.errors import DpopNonceNeeded, InvalidDpopProof, InvalidToken
from gateway.http.head import Head
from gateway.identity.dpop.nonce import Nonces
from gateway.identity.dpop.proof import Proof, ProofContext, verify_proof
from gateway.identity.dpop.replay import ReplayCache
from gateway.identity.principal import Principal
from gateway.identity.reasons import refused
from gateway.identity.token.claimed import claimed_of
from gateway.oauth.bearer import Credentials


@dataclass(frozen=True, slots=True)
class Possession:
    """What one server asks of bound tokens; `url` is its public one, which proofs must name.

    `nonces` is None where proofs need none.
    """

    settings: Dpop
    url: str
    replays: ReplayCache
    nonces: Nonces | None = None

    def concerns(self, credentials: Credentials, principal: Principal) -> bool:
        """Whether this token must be checked: it is bound, shown as such, or has to be."""
        bound = principal.confirmation is not None or credentials.scheme != "Bearer"
        return bound or self.settings.mode == "required"

    def check(self, head: Head, credentials: Credentials, principal: Principal, now: float) -> None:
        """Raise `InvalidToken` unless the caller shows what the token is bound to.

        A token bound to a TLS certificate is always refused: no certificate is seen here, and
        one in a header could be anybody's (RFC 8705 §6.5).
        """
        try:
            self._check(head, credentials, principal, now)
        except InvalidToken as error:
            error.claimed = claimed_of(principal)
            raise

    def _check(
        self, head: Head, credentials: Credentials, principal: Principal, now: float
    ) -> None:
        thumbprint = self.check_binding(credentials, principal)
        proofs = head.headers.getall("DPoP", ())
        if thumbprint is None or len(proofs) != 1:
            raise InvalidDpopProof
        proof = self._check_proof(proofs[0], thumbprint, head.method, credentials.token, now)
        # Last, so that a proof that is refused for want of a nonce is not used up.
        caller = (principal.issuer, principal.subject)
        if not self.replays.is_new(caller, proof.key_thumbprint, proof.proof_id):
            raise InvalidDpopProof

    def check_binding(self, credentials: Credentials, principal: Principal) -> str | None:
        """Refuse what no proof could mend; returns the thumbprint of the key it is bound to.

        Raises `InvalidToken`.
        """
        confirmation = principal.confirmation
        thumbprint = confirmation.key_thumbprint if confirmation is not None else None
        if self.settings.mode == "off" or (confirmation is not None and thumbprint is None):
            raise refused("sender_constrained")
        if credentials.scheme != "DPoP":
            # RFC 9449 §7.2: bound and shown as a bearer token, or not bound where it must be.
            raise refused("sender_constrained" if thumbprint is not None else "dpop_proof")
        return thumbprint

    def _check_proof(
        self, text: str, thumbprint: str, method: str, token: str, now: float
    ) -> Proof:
        context = ProofContext(method, self.url, token, now, self.settings.max_age)
        proof = verify_proof(text, context)
        if proof.key_thumbprint != thumbprint:
            raise InvalidDpopProof
        if self.nonces is not None and not self.nonces.is_fresh(proof.nonce or "", now):
            raise DpopNonceNeeded(self.nonces.current(now))
        return proof
