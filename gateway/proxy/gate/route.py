"""Which configured route a request is for: host, then exact path, nothing else."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from gateway.errors import MisdirectedRequest, NotFound
from gateway.http.head import WHOLE_SERVER, Head
from gateway.http.reply import Reply
from gateway.identity.dpop.possession import Possession
from gateway.identity.token.asked_scopes import AS_IN_TOKENS, AskedScopes
from gateway.identity.verdict.authenticator import Authenticator
from gateway.observability.metrics.metrics import ServerMetrics
from gateway.policy.admission import Admission
from gateway.proxy.gate.authorization import Authorization
from gateway.proxy.gate.client import BodyLimits
from gateway.proxy.gate.own_tools import OwnTools
from gateway.proxy.gate.stream_settings import StreamSettings
from gateway.proxy.limits.limits import CallerLimits
from gateway.proxy.outgoing.header_source import HeaderSource
from gateway.proxy.sessions.login_in_session import Rehandshake
from gateway.proxy.sessions.sessions import Sessions
from gateway.proxy.upstream.forward import Forwarder
from gateway.proxy.upstream.tool_catalogue import ToolCatalogue

_OF_RECEIVERS = BodyLimits(max_bytes=64 * 1024, stall_s=5.0, total_s=10.0)
ALL_METHODS = "GET, HEAD, POST, DELETE, OPTIONS"
Answer = Callable[[Head], Awaitable[Reply]]


@dataclass(frozen=True, slots=True, eq=False)
class Challenges:
    """What a server's 401 and 403 say, as far as it is known before any request.

    `dpop_algorithms` is empty where bound tokens are refused, `dpop_only` True where others are.
    `scopes` are named as clients ask for them; `asked` names others so.
    """

    resource_metadata: str
    realm: str
    scopes: frozenset[str]
    dpop_algorithms: tuple[str, ...] = ()
    dpop_only: bool = False
    asked: AskedScopes = AS_IN_TOKENS


@dataclass(frozen=True, slots=True)
class Route:
    """One MCP server as the gate sees it.

    `anonymous` lets callers without a token in; `authorization` is None without rules,
    `own_tools` where the gateway adds none of its own, `rehandshake` where nobody gets in
    without a token.
    """

    name: str
    url: str
    challenges: Challenges
    origins: frozenset[str]
    authenticator: Authenticator
    possession: Possession
    admit: Admission
    header_sources: Sequence[HeaderSource]
    forwarder: Forwarder
    metrics: ServerMetrics
    sessions: Sessions
    catalogue: ToolCatalogue
    limits: CallerLimits
    body: BodyLimits
    streams: StreamSettings
    anonymous: bool = False
    authorization: Authorization | None = None
    own_tools: OwnTools | None = None
    rehandshake: Rehandshake | None = None

    @property
    def rewrites(self) -> bool:
        """Whether an answer may have to be changed."""
        return self.authorization is not None or self.own_tools is not None


@dataclass(frozen=True, slots=True)
class Receiver:
    """Takes what somebody else than a client posts; `receive` gets the head and the whole body."""

    receive: Callable[[Head, bytes], Awaitable[Reply]]
    body: BodyLimits = _OF_RECEIVERS


@dataclass(frozen=True, slots=True)
class Site:
    """What one public host serves: servers by path, and documents that need no token."""

    servers: Mapping[str, Route]
    documents: Mapping[str, Answer]
    receivers: Mapping[str, Receiver] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Routes:
    """Every public host by its authority; `anywhere` answers whatever Host a probe sends."""

    sites: Mapping[str, Site]
    anywhere: Mapping[str, Answer]

    @property
    def sessions(self) -> Mapping[str, Sessions]:
        """The sessions of every server, by its name."""
        routes = [route for site in self.sites.values() for route in site.servers.values()]
        return {route.name: route.sessions for route in routes}

    def match(self, head: Head) -> Route | Receiver | Answer:
        """Find the route for a request.

        Raises `MisdirectedRequest` for a host that is not ours and `NotFound` for a path.
        """
        answer = self.anywhere.get(head.path)
        if answer is not None and head.method in ("GET", "HEAD"):
            return answer
        site = self.sites.get(head.authority)
        if site is None:
            raise MisdirectedRequest("This gateway does not answer for that host.")
        if head.path == WHOLE_SERVER:
            return _whole_server
        route = site.servers.get(head.path)
        document = site.documents.get(head.path)
        if route is not None and (document is None or _wants_server(head)):
            return route
        if document is not None:
            return document
        receiver = site.receivers.get(head.path)
        if receiver is not None:
            return receiver
        if answer is not None:
            return answer  # it says which methods there are
        raise NotFound(_hint(site, head.path))


def authorities(public_url: str) -> tuple[str, ...]:
    """List the Host values that mean this URL: with and without its default port.

    >>> authorities("https://mcp.example.com/x")
    ('mcp.example.com', 'mcp.example.com:443')
    """
    parts = urlsplit(public_url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else str(parts.hostname)
    default = 443 if parts.scheme == "https" else 80
    port = parts.port or default
    return (host, f"{host}:{port}") if port == default else (f"{host}:{port}",)


async def _whole_server(head: Head) -> Reply:
    return Reply(204, [(b"Allow", ALL_METHODS.encode())])


def _wants_server(head: Head) -> bool:
    # A server that sits at `/` shares it with the information page: only what MCP sends is its own.
    if head.method == "GET":
        return "text/event-stream" in head.headers.get("Accept", "")
    return head.method != "HEAD"


def _hint(site: Site, path: str) -> str:
    near = path.rstrip("/") if path != "/" else path
    if near != path and near in site.servers:
        return f"There is nothing here. Did you mean {site.servers[near].url} without the slash?"
    return "There is nothing here."
