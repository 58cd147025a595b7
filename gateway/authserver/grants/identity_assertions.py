"""Tokens for a person whom their company's provider vouches for, without a browser: ID-JAG.

draft-ietf-oauth-identity-assertion-authz-grant. The provider is the one that people log in
at here, so a subject means the same person. There is no refresh token: the client asks it again.
"""

import hashlib
import secrets
from dataclasses import dataclass

from gateway.authserver.clients.client import Client
from gateway.authserver.flows.flow_values import new_flow_id
from gateway.authserver.grants.client_credentials import SUBJECT_PREFIX
from gateway.authserver.grants.families import Family
from gateway.authserver.grants.identity_assertion import IdentityAssertion, parse_identity_assertion
from gateway.authserver.grants.tokens import Made, Tokens
from gateway.authserver.login.login_method import AssertionVerifier, Person
from gateway.authserver.resources import ProtectedResource, Resources
from gateway.errors import InvalidToken
from gateway.oauth.errors import InvalidGrant, InvalidTarget, UnauthorizedClient
from gateway.store.store import Store

JWT_BEARER_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"  # RFC 7523 §2.1
USED = "used-assertion"
KEPT_FOR_S = 2 * 3600.0  # longer than one lives, with the skew of clocks
_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class PresentedIdentityAssertion:
    """What a client brings; `scopes` None asks for what the assertion allows."""

    assertion: str
    client: Client
    resources: tuple[str, ...]
    scopes: frozenset[str] | None
    dpop_key: str | None


class IdentityAssertions:
    """Redeems each once; the store holds which were used."""

    def __init__(self, store: Store, tokens: Tokens, resources: Resources) -> None:
        self._store = store
        self._tokens = tokens
        self._resources = resources

    async def exchange(
        self, verifier: AssertionVerifier, asked: PresentedIdentityAssertion, now: float
    ) -> dict[str, object]:
        """Answer with an access token.

        Raises `InvalidGrant`, `InvalidTarget`, `UnauthorizedClient`, `IdentityUnavailable` and
        `StoreUnavailable`; whatever is wrong uses nothing up.
        """
        client = asked.client
        if client.is_public or client.kind != "configured":
            # Security Considerations: for confidential clients. Others have a person who consents.
            raise UnauthorizedClient("Only configured clients with a secret may use assertions.")
        person, claims = await self._verify(verifier, asked.assertion, now)
        asserted = parse_identity_assertion(claims, client.client_id)
        resource = self._resource(asserted, asked)
        scopes = _scopes(asserted, asked, resource)
        await self._use_up(asserted, str(claims["iss"]), now)
        family = Family(new_flow_id(), person, resource.resource, scopes, now, asked.dpop_key)
        made = Made(secrets.token_urlsafe(_ID_BYTES), "", now)
        token = self._tokens.access_token(family, client.client_id, scopes, made)
        return self._tokens.answer(token, scopes, asked.dpop_key, self._tokens.lifetime_s)

    async def _verify(
        self, verifier: AssertionVerifier, assertion: str, now: float
    ) -> tuple[Person, dict[str, object]]:
        try:
            verified = await verifier.verify(assertion, now)
        except InvalidToken as error:
            raise InvalidGrant("The assertion is not valid.", reason="assertion_bad") from error
        if verified is None:
            raise InvalidGrant("The assertion is of another issuer.", reason="assertion_bad")
        if verified[0].subject.startswith(SUBJECT_PREFIX):
            raise InvalidGrant("No person has such a name.", reason="subject_of_client")
        return verified

    def _resource(
        self, asserted: IdentityAssertion, asked: PresentedIdentityAssertion
    ) -> ProtectedResource:
        if not asserted.resources:
            return self._resources.find(asked.resources)
        resource = self._resources.find(asserted.resources)
        if asked.resources and self._resources.find(asked.resources) != resource:
            raise InvalidTarget("The assertion is for another resource.")
        return resource

    async def _use_up(self, asserted: IdentityAssertion, issuer: str, now: float) -> None:
        named = f"{issuer} {asserted.assertion_id}".encode()
        key = hashlib.sha256(named).hexdigest()
        if not await self._store.add(USED, key, b"", now + KEPT_FOR_S):
            raise InvalidGrant("The assertion was used before.", reason="assertion_used")


def _scopes(
    asserted: IdentityAssertion, asked: PresentedIdentityAssertion, resource: ProtectedResource
) -> frozenset[str]:
    """Never more than the assertion allows, nor than is asked for: RFC 6749 §3.3."""
    wanted = asked.scopes if asserted.scopes is None else asserted.scopes
    if asserted.scopes is not None and asked.scopes is not None:
        wanted = asserted.scopes & asked.scopes
    granted = resource.narrow(wanted, asked.client)
    # What is granted where nothing was asked for must be within it, too.
    granted = granted if asserted.scopes is None else granted & asserted.scopes
    if asserted.scopes is not None and not granted:
        raise InvalidGrant("The assertion allows no scope of this server.", reason="assertion_bad")
    return granted
