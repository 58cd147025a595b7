"""Which configured route a request is for: host, then exact path, nothing else."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.errors import MethodNotAllowed, MisdirectedRequest, NotFound
from gateway.http.head import WHOLE_SERVER, Head
from gateway.identity.dpop.possession import Possession
from gateway.identity.token.asked_scopes import AS_IN_TOKENS, AskedScopes
from gateway.identity.verdict.authenticator import Authenticator
from gateway.pages.page import Page
from gateway.policy.server_policy import ServerPolicy
from gateway.proxy.gate.authorization import Authorization
from gateway.proxy.gate.client import BodyLimits, StreamSettings
from gateway.proxy.gate.own_tools import OwnTools
from gateway.proxy.outgoing.header_source import HeaderSource
from gateway.proxy.sessions.live import Live
from gateway.proxy.sessions.login_in_session import Rehandshake
from gateway.proxy.upstream.forward import Forwarder
from gateway.proxy.upstream.tool_catalogue import ToolCatalogue

_NO_SERVERS: Mapping[str, "Route"] = {}


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
class RouteSettings:
    """What was configured of one server, as the gate asks for it.

    `origins` are those of the pages that may call; `page` is what a browser is shown.
    """

    challenges: Challenges
    origins: frozenset[str]
    body: BodyLimits
    streams: StreamSettings
    page: Page


@dataclass(frozen=True, slots=True)
class Route:
    """One MCP server as the gate sees it: what was configured, what lives, and what decides.

    The rest was compiled for this configuration alone. `authorization` is None without rules,
    `own_tools` where the gateway adds none of its own, `rehandshake` where nobody gets in
    without a token.
    """

    name: str
    url: str
    settings: RouteSettings
    live: Live
    authenticator: Authenticator
    possession: Possession
    policy: ServerPolicy
    header_sources: Sequence[HeaderSource]
    forwarder: Forwarder
    catalogue: ToolCatalogue
    authorization: Authorization | None = None
    own_tools: OwnTools | None = None
    rehandshake: Rehandshake | None = None


@dataclass(frozen=True, slots=True)
class Application:
    """A part of the control plane, by exact paths and the methods of each.

    `connect` makes what serves one connection.
    """

    methods: Mapping[str, frozenset[str]]
    connect: Callable[[], asyncio.Protocol]

    def check_method(self, path: str, method: str) -> None:
        """Raise `MethodNotAllowed` for what a path of this application does not take."""
        methods = self.methods[path]
        if method not in methods:
            raise MethodNotAllowed(_only(methods), allow=", ".join(sorted(methods)))


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """What is answered beside MCP, by authority; `anywhere` answers whatever Host a probe sends."""

    hosts: Mapping[str, Application]
    anywhere: Application


@dataclass(frozen=True, slots=True, eq=False)
class Routes:
    """The servers of every public host, by its authority and their paths.

    `control` gives what answers all other requests, as soon as it is there.
    """

    hosts: Mapping[str, Mapping[str, Route]]
    control: Callable[[], Awaitable[ControlPlane]]

    @property
    def servers(self) -> Sequence[Route]:
        """Every server once, though it may answer under two authorities."""
        found = (route for servers in self.hosts.values() for route in servers.values())
        return tuple({route.name: route for route in found}.values())

    def match(self, head: Head) -> Route | None:
        """Find the server that a request is for; None leaves it to the control plane."""
        route = self.hosts.get(head.authority, _NO_SERVERS).get(head.path)
        # A server that sits at `/` shares it with the information page.
        return None if route is not None and head.path == "/" and _wants_page(head) else route

    async def find_application(self, head: Head) -> Application:
        """Find what answers a request that is for no server.

        Raises `MisdirectedRequest` for a host that is not ours, `NotFound` for a path, and
        `MethodNotAllowed` for a method that the path does not take.
        """
        control = await self.control()
        is_anywhere = head.path in control.anywhere.methods
        if is_anywhere and head.method in ("GET", "HEAD"):
            return control.anywhere
        own = control.hosts.get(head.authority)
        if own is None:
            raise MisdirectedRequest("This gateway does not answer for that host.")
        if head.path == WHOLE_SERVER:
            return own
        if head.path not in own.methods and not is_anywhere:
            raise NotFound(_hint(self.hosts.get(head.authority, _NO_SERVERS), head.path))
        application = control.anywhere if is_anywhere else own
        application.check_method(head.path, head.method)
        return application


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


def _wants_page(head: Head) -> bool:
    # Only what MCP sends is the server's.
    if head.method == "GET":
        return "text/event-stream" not in head.headers.get("Accept", "")
    return head.method == "HEAD"


def _hint(servers: Mapping[str, Route], path: str) -> str:
    near = path.rstrip("/") if path != "/" else path
    if near != path and near in servers:
        return f"There is nothing here. Did you mean {servers[near].url} without the slash?"
    return "There is nothing here."


def _only(methods: frozenset[str]) -> str:
    if "POST" not in methods:
        return "This document can only be read."
    return "Only a POST is taken here." if len(methods) == 1 else "This is not done here."
