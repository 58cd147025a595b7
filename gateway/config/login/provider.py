"""What may be configured about the provider that people log in at. Data only."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from gateway.config.issuer import (
    Claims,
    ClientAuthentication,
    GroupLookup,
    Jwks,
    Lookup,
    Patterns,
)
from gateway.config.scalars import FilePath, IssuerUrl, ServiceUrl
from gateway.config.section import (
    AsymmetricAlgorithm,
    ClaimPath,
    Member,
    Scope,
    Seconds,
    Section,
)

# Where the provider sends people back to, below the issuer of the gateway's own tokens.
CALLBACK_PATH = "/authorize/callback"


class ProviderUserinfo(Section):
    """More about the person, asked with the provider's access token: OIDC Core §5.3.

    `url` is in the provider's metadata as a rule. `emails_url` answers with a list of addresses,
    of which the one that is `primary` and `verified` counts.
    """

    url: ServiceUrl | None = None
    emails_url: ServiceUrl | None = None
    lookups: tuple[Lookup, ...] = ()


class LoginProvider(ClientAuthentication):
    """A provider that people log in at, where the gateway is one client as any other.

    `parameters` are further ones of the authorization request. With `id_token` False the provider
    knows OAuth only, and `userinfo` says who it was. `recheck` is how old, in seconds, an answer
    about a person may be before a refresh asks again; `max_stale` how old while nobody answers.
    `identity_assertions`: take its assertions about people (ID-JAG).
    """

    issuer: IssuerUrl
    id_token: bool = True
    discovery_url: IssuerUrl | None = None
    authorization_url: ServiceUrl | None = None
    token_url: ServiceUrl | None = None
    token_issuers: tuple[Member, ...] = ()
    tenants: tuple[Member, ...] = ()
    tenant_claim: ClaimPath = "tid"
    algorithms: Annotated[tuple[AsymmetricAlgorithm, ...], Field(min_length=1)] = ("RS256", "ES256")
    jwks: Jwks = Jwks.model_construct()
    scopes: tuple[Scope, ...] = ("openid", "email", "profile", "offline_access")
    parameters: Mapping[Member, Member] = {}
    pkce: bool = True
    nonce: bool = True
    require: Mapping[ClaimPath, Patterns] = {}
    claims: Claims = Claims.model_construct()
    userinfo: ProviderUserinfo | None = None
    group_lookup: GroupLookup | None = None
    identity_assertions: bool = False
    recheck: Annotated[Seconds, Field(ge=1)] = 900.0
    max_stale: Seconds = 3600.0
    timeout: Annotated[Seconds, Field(gt=0, le=30)] = 5.0
    ca_file: FilePath | None = None
    insecure_http: bool = False
