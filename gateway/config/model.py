"""What an operator may configure. Data only: `load` reads it, `app` builds from it.

After loading, a config is always in its full form: the short form's `upstream`, `issuer`
and `allow` have become one entry each of `servers` and `issuers`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    Tag,
    field_validator,
    model_validator,
)

from gateway.config.scalars import (
    Address,
    FilePath,
    Host,
    HostPort,
    IssuerUrl,
    Network,
    PublicUrl,
    SecretKey,
    ServerPath,
    UpstreamUrl,
    parse_count,
    parse_seconds,
    parse_size,
)

Seconds = Annotated[
    float,
    BeforeValidator(parse_seconds, json_schema_input_type=str),
    Field(ge=0),
    PlainSerializer(lambda seconds: f"{seconds:g}s", return_type=str),
]
Bytes = Annotated[int, BeforeValidator(parse_size, json_schema_input_type=str | int), Field(ge=0)]
Count = Annotated[int, BeforeValidator(parse_count)]
NAME_PATTERN = r"^[a-z][a-z0-9_-]{0,62}$"
SCOPE_PATTERN = r"^[\x21\x23-\x5B\x5D-\x7E]+$"  # RFC 6749 §3.3
HEADER_PATTERN = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"  # RFC 9110 §5.1
DOMAIN_PATTERN = r"^@?[^@\s]+$"
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
Scope = Annotated[str, Field(pattern=SCOPE_PATTERN)]
HeaderName = Annotated[str, Field(pattern=HEADER_PATTERN)]
ClaimPath = Annotated[str, Field(min_length=1)]

AsymmetricAlgorithm = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
    "ES256", "ES384", "ES512", "Ed25519", "EdDSA",
]  # fmt: skip


# Sets have no order of their own, but the same configuration prints the same way.
_SORTED = PlainSerializer(sorted, return_type=list[str])
Scopes = Annotated[frozenset[Scope], _SORTED]
# An empty entry would match whoever lacks the claim: `emails: ["${env:ADMIN}"]` with ADMIN empty.
Member = Annotated[str, Field(min_length=1)]
Members = Annotated[frozenset[Member], Field(min_length=1), _SORTED]
Domain = Annotated[str, Field(pattern=DOMAIN_PATTERN)]
Domains = Annotated[frozenset[Domain], Field(min_length=1), _SORTED]


class Section(BaseModel):
    """A part of the configuration: unknown keys are errors, values never change."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Jwks(Section):
    """Where an issuer's keys come from (default: its discovery document) and how long they last."""

    url: IssuerUrl | None = None
    file: FilePath | None = None
    refresh: Seconds = 900.0
    max_stale: Seconds = 86400.0
    cooldown: Seconds = 30.0


class Claims(Section):
    """Where in a token each part of the principal stands; a dot descends (`realm_access.roles`)."""

    subject: ClaimPath = "sub"
    client_id: tuple[ClaimPath, ...] = ("client_id", "azp")
    scopes: tuple[ClaimPath, ...] = ("scope", "scp")
    email: ClaimPath = "email"
    name: ClaimPath = "name"
    groups: ClaimPath = "groups"
    roles: ClaimPath = "roles"


class Issuer(Section):
    """An authorization server whose tokens are accepted."""

    issuer: IssuerUrl
    local: bool = False
    discovery_url: IssuerUrl | None = None
    algorithms: Annotated[tuple[AsymmetricAlgorithm, ...], Field(min_length=1)] = ("RS256", "ES256")
    token_types: Annotated[tuple[str, ...], Field(min_length=1)] = ("at+jwt",)
    required_claims: tuple[str, ...] = ("iss", "exp", "aud", "sub")
    clock_skew: Annotated[Seconds, Field(le=300)] = 60.0
    max_lifetime: Seconds | None = None
    jwks: Jwks = Jwks()
    claims: Claims = Claims()
    ca_file: FilePath | None = None
    insecure_http: bool = False


class Timeouts(Section):
    """How long the upstream may take; in seconds."""

    connect: Seconds = 3.0
    first_byte: Seconds = 60.0
    idle_stream: Seconds = 600.0


class Upstream(Section):
    """The MCP server behind a path."""

    url: UpstreamUrl
    ca_file: FilePath | None = None
    client_cert_file: FilePath | None = None
    client_key_file: FilePath | None = None
    max_connections: Annotated[Count, Field(ge=1)] = 1000
    max_waiting: Annotated[Count, Field(ge=0)] = 1000
    max_wait: Seconds = 5.0
    idle_timeout: Seconds = 4.0  # below the 5 s keep-alive of uvicorn and Node
    host: Host | None = None
    forward_origin: bool = False

    @model_validator(mode="before")
    @classmethod
    def _from_url(cls, value: object) -> object:
        return {"url": value} if isinstance(value, str) else value


class Auth(Section):
    """What a token must be to reach a server."""

    issuers: tuple[Name, ...] = ()
    scopes: Scopes = frozenset()
    scopes_supported: Scopes | None = None
    audiences: tuple[str, ...] = ()


class Allow(Section):
    """Who gets in: a caller needs to match one entry of every key that is given."""

    subjects: Members | None = None
    emails: Members | None = None
    domains: Domains | None = None
    groups: Members | None = None
    roles: Members | None = None
    clients: Members | None = None
    scopes: Annotated[Scopes, Field(min_length=1)] | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _is_given(cls, value: object) -> object:
        # A key that somebody wrote and left empty is meant to restrict, not to be skipped.
        if value is None:
            raise ValueError("expected a list such as [a, b]; or leave the key out")
        return value


def _kind_of_allow(value: object) -> str:
    return "any" if isinstance(value, str) else "who"


Allowed = Annotated[
    Annotated[Literal["any"], Tag("any")] | Annotated[Allow, Tag("who")],
    Discriminator(_kind_of_allow),
]

IDENTITY_HEADERS: Mapping[str, str] = {
    "X-User-Id": "subject",
    "X-User-Email": "email",
    "X-User-Name": "name",
    "X-User-Groups": "groups",
    "X-User-Roles": "roles",
    "X-User-Scopes": "scopes",
    "X-User-Issuer": "issuer",
    "X-Client-Id": "client_id",
}


class Forward(Section):
    """What the upstream learns: header name to a field of the principal or `claims.<path>`."""

    identity_headers: Mapping[HeaderName, str] = IDENTITY_HEADERS
    required: Annotated[frozenset[HeaderName], _SORTED] = frozenset()


class ServerLimits(Section):
    """How much one request may be."""

    body: Bytes = 4 * 1024 * 1024
    body_timeout: Seconds = 30.0


class Streams(Section):
    """How event streams are kept alive; `keepalive: 0s` sends no comment lines."""

    keepalive: Seconds = 15.0
    write_stall: Seconds = 60.0


class Server(Section):
    """One MCP server: its public place, its upstream and who may use it."""

    path: ServerPath = "/mcp"
    public_url: PublicUrl | None = None
    resource: str = ""
    resource_name: str | None = None
    resource_documentation: str | None = None
    metadata: Mapping[str, object] = {}
    upstream: Upstream
    auth: Auth = Auth()
    allow: Allowed | None = None
    forward: Forward = Forward()
    timeouts: Timeouts = Timeouts()
    limits: ServerLimits = ServerLimits()
    streams: Streams = Streams()
    allowed_origins: Annotated[frozenset[str], _SORTED] = frozenset()


class Admin(Section):
    """Health, metrics and status: never on the public port."""

    listen: Address = HostPort("127.0.0.1", 9090)


class Tls(Section):
    """The certificate of the public listener."""

    cert_file: FilePath
    key_file: FilePath


class Limits(Section):
    """What the public listener takes before it knows who is calling."""

    connections: Annotated[Count, Field(ge=1)] = 20000
    connections_per_address: Annotated[Count, Field(ge=1)] = 10000
    header_timeout: Seconds = 10.0
    keepalive: Seconds = 75.0


class Cache(Section):
    """How long a verdict on a token is remembered."""

    positive_ttl: Seconds = 60.0
    positive_max: Annotated[Count, Field(ge=1)] = 10000
    negative_ttl: Seconds = 10.0
    negative_max: Annotated[Count, Field(ge=1)] = 10000


class Log(Section):
    """Where and how the gateway speaks; `auto` is text on a terminal and JSON elsewhere."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "text", "json"] = "auto"
    audit_file: str | None = "-"


class Shutdown(Section):
    """SIGTERM: not ready at once, accept for `delay`, then finish work for at most `drain`."""

    delay: Seconds = 0.0
    drain: Seconds = 30.0


class Config(Section):
    """The whole configuration, in its full form."""

    version: Literal[1] = 1
    listen: Address = HostPort("127.0.0.1", 8080)
    admin: Admin = Admin()
    public_url: PublicUrl
    insecure_http_public_url: bool = False
    trusted_proxies: tuple[Network, ...] = ()
    tls: Tls | None = None
    state_dir: FilePath = Field(default=Path(".mcpgw"), validate_default=True)
    sealing_key: SecretKey | None = Field(default=None, repr=False)
    issuers: Mapping[Name, Issuer]
    servers: Annotated[Mapping[Name, Server], Field(min_length=1)]
    default_server: Name | None = None
    cache: Cache = Cache()
    limits: Limits = Limits()
    log: Log = Log()
    shutdown: Shutdown = Shutdown()
