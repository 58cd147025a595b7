"""What an operator may configure. Data only: `load` reads it, `app` builds from it.

After loading, a config is always in its full form: the short form's `upstream`, `issuer`
and `allow` have become one entry each of `servers` and `issuers`, presets plain settings.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from gateway.config.allow import Allow, Allowed
from gateway.config.authorization_server import AuthorizationServer
from gateway.config.issuer import ClientAuthentication, ClientCredentials, Issuer
from gateway.config.own_tools import Tools
from gateway.config.rule import Glob, Lists, Mode, Rule
from gateway.config.scalars import (
    Address,
    Colour,
    FilePath,
    Host,
    HostPort,
    Network,
    PublicUrl,
    Rate,
    RateValue,
    SecretKey,
    ServerPath,
    ServiceUrl,
    StoreUrl,
    UpstreamUrl,
    Words,
)
from gateway.config.section import (
    SORTED,
    Bytes,
    Count,
    HeaderName,
    Name,
    Scope,
    Scopes,
    Seconds,
    Secret,
    SecretMark,
    Section,
)


class Timeouts(Section):
    """How long the upstream may take; in seconds."""

    connect: Seconds = 3.0
    first_byte: Seconds = 60.0
    idle_stream: Seconds = 600.0


class HeaderCredential(Section):
    """The same header with every request; its value is in a file that is read again on change."""

    header: HeaderName = "Authorization"
    value_file: FilePath


class TokenExchange(ClientAuthentication):
    """The caller's token for one with the upstream's audience: RFC 8693.

    `issuer` is whose tokens the endpoint may see: the only one of the server when it is left out.
    """

    issuer: Name | None = None
    token_url: ServiceUrl
    audience: str | None = None
    resource: str | None = None
    scope: str | None = None
    timeout: Seconds = 2.0


class UpstreamCredential(Section):
    """What the gateway shows to the upstream: one of these, or nothing. Never a fall-back."""

    header: HeaderCredential | None = None
    client_credentials: ClientCredentials | None = None
    token_exchange: TokenExchange | None = None
    insecure_forward_token: bool = False


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
    credential: UpstreamCredential = UpstreamCredential.model_construct()

    @model_validator(mode="before")
    @classmethod
    def _from_url(cls, value: object) -> object:
        return {"url": value} if isinstance(value, str) else value


class Dpop(Section):
    """Tokens that are bound to a key of the caller: RFC 9449."""

    mode: Literal["off", "allowed", "required"] = "allowed"
    nonce: bool = False
    max_age: Annotated[Seconds, Field(gt=0, le=300)] = 60.0


class Auth(Section):
    """What a token must be to reach a server.

    `authorization_servers` are the issuers that clients are sent to, the preferred one first.
    """

    issuers: tuple[Name, ...] = ()
    authorization_servers: tuple[Name, ...] = ()
    api_keys: bool = True
    dpop: Dpop = Dpop.model_construct()
    scopes: Scopes = frozenset()
    scopes_supported: Scopes | None = None
    audiences: tuple[str, ...] = ()


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


class Assertion(Section):
    """A short-lived JWT about the caller and the call, signed by the gateway, in a header.

    `audience` is the upstream's URL when it is left out.
    """

    audience: str | None = None
    lifetime: Annotated[Seconds, Field(gt=0, le=60)] = 30.0


class Forward(Section):
    """What the upstream learns: header name to a field of the principal or `claims.<path>`.

    A value over `max_value` is `oversized`: of a list only what the server's conditions name is
    told (`named`), or nothing in a header and all in the assertion (`assertion`).
    """

    identity_headers: Mapping[HeaderName, str] = IDENTITY_HEADERS
    required: Annotated[frozenset[HeaderName], SORTED] = frozenset()
    max_value: Annotated[Bytes, Field(ge=256)] = 4096
    oversized: Literal["named", "assertion"] = "named"
    assertion: Assertion | None = None

    @model_validator(mode="after")
    def _has_the_assertion(self) -> "Forward":
        if self.oversized == "assertion" and self.assertion is None:
            raise ValueError("oversized: assertion needs the key assertion; {} is enough")
        return self


class ServerLimits(Section):
    """How much one request may be, and how much one caller may ask for.

    `per_tool` maps globs of names to rates; the first that matches counts. `concurrent` is half
    of the upstream's connections when it is left out, at least 32; `streams` a quarter, 8 to 100.
    """

    body: Bytes = 4 * 1024 * 1024
    body_timeout: Seconds = 30.0
    body_total_timeout: Annotated[Seconds, Field(gt=0)] = 60.0
    per_principal: RateValue | None = None
    per_client: RateValue | None = None
    per_session: RateValue | None = None
    per_tool: Mapping[Glob, RateValue] = {}
    concurrent: Annotated[Count, Field(ge=1)] | None = None
    streams: Annotated[Count, Field(ge=1)] | None = None


class Streams(Section):
    """How event streams are kept alive; `keepalive: 0s` sends no comment lines.

    `at_expiry`: which streams end when their token expires; `listening` are those of a GET.
    Others, the answers to calls, go on for `expiry_grace` first.
    """

    keepalive: Seconds = 15.0
    write_stall: Seconds = 60.0
    at_expiry: Literal["end", "end_listening", "keep"] = "end"
    expiry_grace: Seconds = 60.0


class Sessions(Section):
    """Sessions of the revisions up to 2025-11-25: how long they last and how many there may be."""

    idle: Annotated[Seconds, Field(gt=0)] = 86400.0
    lifetime: Annotated[Seconds, Field(gt=0)] = 604800.0
    per_principal: Annotated[Count, Field(ge=1)] = 100


class Server(Section):
    """One MCP server: its public place, its upstream and who may use it.

    With `rules`, `allow` says who gets in at all (default: any) and the rules what they may do.
    """

    path: ServerPath = "/mcp"
    public_url: PublicUrl | None = None
    resource: str = ""
    resource_name: str | None = None
    resource_documentation: str | None = None
    metadata: Mapping[str, object] = {}
    upstream: Upstream
    auth: Auth = Auth.model_construct()
    allow: Allowed | None = None
    rules: tuple[Rule, ...] | None = None
    mode: Mode = "enforce"
    contact: str | None = None
    lists: Lists = Lists.model_construct()
    tools: Tools = Tools.model_construct()
    forward: Forward = Forward.model_construct()
    timeouts: Timeouts = Timeouts.model_construct()
    limits: ServerLimits = ServerLimits.model_construct()
    streams: Streams = Streams.model_construct()
    sessions: Sessions = Sessions.model_construct()
    allowed_origins: Annotated[frozenset[str], SORTED] = frozenset()


class Readiness(Section):
    """What `/readyz` waits for: one of a kind, all of them, or none."""

    issuers: Literal["any", "all", "ignore"] = "any"
    upstreams: Literal["any", "all", "ignore"] = "any"


class Admin(Section):
    """Health, metrics and status: never on the public port.

    It answers for addresses, `localhost` and the host it listens at; `hosts` are further names.
    """

    listen: Address = HostPort("127.0.0.1", 9090)
    hosts: Annotated[frozenset[Host], SORTED] = frozenset()
    token: Secret | None = None
    readiness: Readiness = Readiness.model_construct()


class Tls(Section):
    """The certificate of the public listener."""

    cert_file: FilePath
    key_file: FilePath


class Limits(Section):
    """What the public listener takes before it knows who is calling."""

    connections: Annotated[Count, Field(ge=1)] = 20000
    connections_per_address: Annotated[Count, Field(ge=1)] = 1000
    header_timeout: Seconds = 10.0
    keepalive: Seconds = 75.0
    unauthenticated_per_address: RateValue | None = Rate(100, 1.0)


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


class ApiKeys(Section):
    """Keys for callers that cannot log in; the file holds hashes, `mcpgw key new` writes it."""

    file: FilePath


class Revocations(Section):
    """Callers and tokens that count no longer, in a file that is read again on change."""

    file: FilePath | None = None


class AssertionKeys(Section):
    """What assertions are signed with: the first file signs, all are published.

    Without files the gateway makes its own keys in `state_dir` and replaces them in time.
    """

    algorithm: Literal["EdDSA", "ES256"] = "EdDSA"
    files: tuple[FilePath, ...] = ()
    rotate: Annotated[Seconds, Field(ge=3600)] = 2592000.0


class IssuerKeys(Section):
    """What the embedded issuer signs with, by ES256: as `AssertionKeys`."""

    files: tuple[FilePath, ...] = ()
    rotate: Annotated[Seconds, Field(ge=3600)] = 2592000.0


class Store(Section):
    """Where facts are that replicas share: `memory:`, `sqlite:` (in `state_dir`) or `redis://…`.

    `limits_fail`: what becomes of limits that Redis counts while it is away; `open` lets each
    process count by itself, `closed` refuses.
    """

    url: StoreUrl = "sqlite:"
    password: Secret | None = None
    ca_file: FilePath | None = None
    limits_fail: Literal["open", "closed"] = "open"


class Brand(Section):
    """What people see of the operator on every page, which looks plain without it.

    `logo_file` is a PNG, JPEG, WebP or SVG of at most 64 KiB; `contact` an e-mail address, a URL
    or words.
    """

    name: Words | None = None
    logo_file: FilePath | None = None
    colour: Colour = "#2f5bea"
    contact: Words | None = None


class Config(Section):
    """The whole configuration, in its full form."""

    version: Literal[1] = 1
    listen: Address = HostPort("127.0.0.1", 8080)
    admin: Admin = Admin.model_construct()
    public_url: PublicUrl
    insecure_http_public_url: bool = False
    trusted_proxies: tuple[Network, ...] = ()
    tls: Tls | None = None
    state_dir: FilePath = Field(default=Path(".mcpgw"), validate_default=True)
    sealing_key: Annotated[SecretKey, SecretMark()] | None = Field(default=None, repr=False)
    store: Store = Store.model_construct()
    issuers: Mapping[Name, Issuer]
    api_keys: ApiKeys | None = None
    authorization_server: AuthorizationServer | None = None
    brand: Brand = Brand.model_construct()
    roles: Mapping[Name, Allow] = {}
    scope_implies: Mapping[Scope, Scopes] = {}
    revocations: Revocations = Revocations.model_construct()
    assertion_keys: AssertionKeys = AssertionKeys.model_construct()
    issuer_keys: IssuerKeys = IssuerKeys.model_construct()
    servers: Annotated[Mapping[Name, Server], Field(min_length=1)]
    default_server: Name | None = None
    cache: Cache = Cache.model_construct()
    limits: Limits = Limits.model_construct()
    log: Log = Log.model_construct()
    shutdown: Shutdown = Shutdown.model_construct()
