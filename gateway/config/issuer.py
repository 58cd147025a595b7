"""What may be configured about those who vouch for callers. Data only."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from gateway.config.scalars import FilePath, IssuerUrl, ServiceUrl
from gateway.config.section import (
    SCOPE_PREFIX_PATTERN,
    AsymmetricAlgorithm,
    ClaimPath,
    Member,
    Scope,
    Scopes,
    Seconds,
    Secret,
    Section,
)


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


# `roles: realm_access.roles` and `roles: [realm_access.roles, resource_access.mcp.roles]`.
ClaimPaths = Annotated[
    tuple[ClaimPath, ...], BeforeValidator(_one_or_many, json_schema_input_type=str | list[str])
]
Patterns = Annotated[
    tuple[Member, ...],
    BeforeValidator(_one_or_many, json_schema_input_type=str | list[str]),
    Field(min_length=1),
]


class Jwks(Section):
    """Where an issuer's keys come from (default: its discovery document) and how long they last.

    `uses` are the accepted `use` members of keys; `bearer_token_file` is sent with the request.
    """

    url: IssuerUrl | None = None
    file: FilePath | None = None
    refresh: Seconds = 900.0
    max_stale: Seconds = 86400.0
    cooldown: Seconds = 30.0
    uses: Annotated[tuple[str, ...], Field(min_length=1)] = ("sig",)
    bearer_token_file: FilePath | None = None


class Claims(Section):
    """Where in a token each part of the principal stands; a dot descends (`realm_access.roles`).

    Of `client_id` and `scopes` the first claim that is there counts; `groups` and `roles` are
    gathered from all that are named. `email_verified` is how an address is known to be the
    caller's: JSON true in the claim `email_verified` beside it, the word `"true"` there too
    (`text`), or `always` with this issuer. A token with a claim of `groups_overage` does not hold
    all of its groups.
    """

    subject: ClaimPath = "sub"
    client_id: ClaimPaths = ("client_id", "azp")
    scopes: ClaimPaths = ("scope", "scp")
    email: ClaimPath = "email"
    email_verified: Literal["claim", "text", "always"] = "claim"
    name: ClaimPath = "name"
    groups: ClaimPaths = ("groups",)
    groups_overage: ClaimPaths = ()
    roles: ClaimPaths = ("roles",)


class ClientAuthentication(Section):
    """Who the gateway is at an authorization server: RFC 6749 §2.3, RFC 7523 §2.2."""

    client_id: Member
    client_secret: Secret | None = None
    client_auth: Literal["client_secret_basic", "client_secret_post", "private_key_jwt"] = (
        "client_secret_basic"
    )
    client_key_file: FilePath | None = None
    client_key_id: str | None = None
    client_key_algorithm: AsymmetricAlgorithm = "ES256"


class ClientCredentials(ClientAuthentication):
    """A token for the gateway itself: RFC 6749 §4.4.

    `{claim}` in `token_url` stands for a claim of the caller's token.
    """

    token_url: ServiceUrl
    scope: str | None = None
    audience: str | None = None
    resource: str | None = None


class Introspection(ClientAuthentication):
    """Asking the issuer about a token: RFC 7662. `url` is in its metadata as a rule."""

    url: ServiceUrl | None = None
    cache: Seconds | None = None
    timeout: Seconds = 2.0


class Lookup(Section):
    """One more question about the caller, whose answer is a list of groups or roles.

    `items` is where in the answer the list stands (the answer itself when empty); `each` makes
    a text of one member, such as `{organization.login}/{slug}`.
    """

    url: ServiceUrl
    items: str = ""
    each: Annotated[str, Field(min_length=1)] = "{}"
    into: Literal["groups", "roles"] = "groups"


class AudienceCheck(Section):
    """Asks whether a token was issued to one client: `POST {"access_token": …}` with Basic.

    The answer must be 200 and hold `client_id` at the path `claim`.
    """

    url: ServiceUrl
    client_id: Member
    client_secret: Secret
    claim: ClaimPath = "app.client_id"


class Userinfo(Section):
    """An endpoint that answers a token with a description of its user: OIDC Core §5.3.

    Such an answer names no audience as a rule; see `audience_claim` and `audience_check`.
    """

    url: ServiceUrl | None = None
    send: Literal["header", "form"] = "header"
    cache: Seconds | None = None
    timeout: Seconds = 2.0
    audience_claim: ClaimPath | None = None
    audience_check: AudienceCheck | None = None
    insecure_accept_any_audience: bool = False
    lookups: tuple[Lookup, ...] = ()


class TokenReview(Section):
    """Asks a Kubernetes API server about a service account's token (authentication.k8s.io/v1)."""

    url: ServiceUrl
    bearer_token_file: FilePath
    cache: Seconds | None = None
    timeout: Seconds = 2.0


class GroupLookup(Section):
    """Where the groups are that did not fit into the token: see `claims.groups_overage`.

    `{claim}` in `url` stands for a claim of the token; `body` is sent as JSON when it is given.
    """

    url: ServiceUrl
    body: Mapping[str, object] | None = None
    items: str = "value"
    each: Annotated[str, Field(min_length=1)] = "{}"
    credentials: ClientCredentials
    cache: Seconds = 300.0
    timeout: Seconds = 2.0


class NamedCaller(Section):
    """A caller by rules: when every claim matches one of its patterns, these values count."""

    when: Annotated[Mapping[ClaimPath, Patterns], Field(min_length=1)]
    subject: Member
    scopes: Scopes = frozenset()
    groups: tuple[Member, ...] = ()
    roles: tuple[Member, ...] = ()


class BackchannelLogout(Section):
    """Logout tokens that the issuer sends: OIDC Back-Channel Logout 1.0.

    `clients` are the client ids that it knows the gateway, or the gateway's clients, by.
    """

    clients: Annotated[tuple[Member, ...], Field(min_length=1)]


class Issuer(Section):
    """An authorization server whose tokens are accepted, and how they are checked.

    With `jwt`, tokens that are JWTs are verified with the issuer's keys; the sections
    `introspection`, `userinfo` and `token_review` each check the tokens that are not.
    `advertise` is None where it follows from the rest: clients are sent to issuers with a login.
    `scope_prefix` and `scope_names` make of a scope's name in tokens the name to ask for.
    """

    issuer: IssuerUrl
    local: bool = False
    advertise: bool | None = None
    scope_prefix: Annotated[str, Field(pattern=SCOPE_PREFIX_PATTERN)] = ""
    scope_names: Mapping[Scope, Scope] = {}
    discovery_url: IssuerUrl | None = None
    jwt: bool = True
    token_issuers: tuple[Member, ...] = ()
    tenants: tuple[Member, ...] = ()
    tenant_claim: ClaimPath = "tid"
    without_iss: bool = False
    algorithms: Annotated[tuple[AsymmetricAlgorithm, ...], Field(min_length=1)] = ("RS256", "ES256")
    token_types: Annotated[tuple[str, ...], Field(min_length=1)] = ("at+jwt",)
    audience_claim: ClaimPath = "aud"
    required_claims: tuple[str, ...] = ("iss", "exp", "aud", "sub")
    require: Mapping[ClaimPath, Patterns] = {}
    clock_skew: Annotated[Seconds, Field(le=300)] = 60.0
    max_lifetime: Seconds | None = None
    jwks: Jwks = Jwks.model_construct()
    claims: Claims = Claims.model_construct()
    callers: tuple[NamedCaller, ...] = ()
    introspection: Introspection | None = None
    userinfo: Userinfo | None = None
    token_review: TokenReview | None = None
    group_lookup: GroupLookup | None = None
    backchannel_logout: BackchannelLogout | None = None
    ca_file: FilePath | None = None
    insecure_http: bool = False
