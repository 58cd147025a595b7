"""Who logged in at the provider: its ID token, its userinfo endpoint, and what they say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.authserver.grants.identity_assertion import (
    ASSERTION_TYPE,
    MAX_LIFETIME_S,
    REQUIRED_CLAIMS,
)
from gateway.authserver.login.login_method import Person
from gateway.authserver.login.provider.tokens import ProviderTokens
from gateway.authserver.login.provider.userinfo import UserinfoFacts
from gateway.config.issuer import Issuer
from gateway.config.login.provider import LoginProvider
from gateway.errors import IdentityUnavailable
from gateway.identity.keys.jwks import KeySource
from gateway.identity.principal import Principal
from gateway.identity.reasons import refused
from gateway.identity.token.caller_rules import CallerRules
from gateway.identity.token.claims import build_principal
from gateway.identity.verifiers.group_lookup import GroupLookups
from gateway.identity.verifiers.id_token import IdTokenVerifier
from gateway.identity.verifiers.jwt import JwtVerifier


def as_issuer(settings: LoginProvider) -> Issuer:
    """The provider as an issuer whose ID tokens are verified."""
    return Issuer(
        issuer=settings.issuer,
        jwt=settings.id_token,
        discovery_url=settings.discovery_url,
        token_issuers=settings.token_issuers,
        tenants=settings.tenants,
        tenant_claim=settings.tenant_claim,
        algorithms=settings.algorithms,
        token_types=("", "JWT"),
        jwks=settings.jwks,
        claims=settings.claims,
        ca_file=settings.ca_file,
        insecure_http=settings.insecure_http,
    )


@dataclass(frozen=True, slots=True)
class Sources:
    """Whom the facts come from; None what the provider does not have or nobody configured."""

    id_tokens: IdTokenVerifier | None
    userinfo: UserinfoFacts | None
    groups: GroupLookups | None = None


class People:
    """Makes a `Person` of what a token endpoint answered."""

    def __init__(self, settings: LoginProvider, sources: Sources) -> None:
        self._settings = settings
        self._sources = sources
        self._rules = CallerRules(settings.require, ())

    async def person(self, tokens: ProviderTokens, nonce: str | None, now: float) -> Person | None:
        """Who it is; None when the answer does not say, as at some refreshes.

        Raises `InvalidToken` for an answer that cannot be trusted, `LoginEnded` for a token
        that the provider does not know any more, and `IdentityUnavailable`.
        """
        claims = await self._id_claims(tokens, nonce, now)
        if claims is not None:
            # Of the ID token alone: what userinfo says is not signed.
            self._rules.apply(self._principal(claims))
        told: dict[str, object] = {}
        groups: tuple[str, ...] = ()
        if (userinfo := self._sources.userinfo) is not None:
            told = await userinfo.facts(tokens.access_token, claims)
            groups = await userinfo.groups(tokens.access_token)
        if not told and claims is None:
            return None
        return await self._person({**told, **(claims or {})}, groups)

    async def _id_claims(
        self, tokens: ProviderTokens, nonce: str | None, now: float
    ) -> Mapping[str, object] | None:
        if self._sources.id_tokens is None:
            return None
        if tokens.id_token is None:
            if nonce is not None:  # at a login there is one: OIDC Core §3.1.3.3
                raise refused("missing_claim")
            return None
        return await self._sources.id_tokens.verify(tokens.id_token, nonce, now)

    def _principal(self, claims: Mapping[str, object]) -> Principal:
        return build_principal(self._settings.issuer, claims, self._settings.claims, None)

    async def _person(self, claims: Mapping[str, object], groups: tuple[str, ...]) -> Person:
        principal = self._principal(claims)
        if principal.groups is None and self._sources.groups is not None:
            principal = await self._sources.groups.complete(principal)
        return person_of(principal, groups)


class AssertedPeople:
    """Makes a `Person` of an assertion: draft-ietf-oauth-identity-assertion-authz-grant."""

    def __init__(
        self,
        settings: LoginProvider,
        audience: str,
        keys: KeySource,
        groups: GroupLookups | None = None,
    ) -> None:
        issuer = as_issuer(settings).model_copy(
            update={
                "token_types": (ASSERTION_TYPE,),
                "required_claims": REQUIRED_CLAIMS,
                "require": settings.require,
                "max_lifetime": MAX_LIFETIME_S,
            }
        )
        self._verifier = JwtVerifier(issuer, [audience], keys, groups)

    async def verify(self, assertion: str, now: float) -> tuple[Person, dict[str, object]] | None:
        """The person and the claims; None for what another issuer made."""
        principal = await self._verifier.verify(assertion, now)
        return None if principal is None else (person_of(principal), dict(principal.claims))


def person_of(principal: Principal, groups: Sequence[str] = ()) -> Person:
    """The person; `groups` are further ones. Raises `IdentityUnavailable` without any word."""
    if principal.groups is None:
        # Not "none": a rule that keeps a group out would let its members in.
        raise IdentityUnavailable(
            "The identity provider does not say of which groups you are.",
            reason="groups_unknown",
        )
    return Person(
        subject=principal.subject,
        name=principal.name,
        email=principal.email if principal.email_verified else None,
        groups=tuple(dict.fromkeys((*principal.groups, *groups))),
        roles=principal.roles,
    )
