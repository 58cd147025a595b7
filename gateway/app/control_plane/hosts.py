"""Which paths each public host answers itself: an ordinary aiohttp application for each origin."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.app.control_plane.application import new_application, open_application, route_path
from gateway.app.control_plane.documents import (
    add_document,
    current_document,
    fetched_document,
    fixed_document,
    page_or_document,
)
from gateway.app.control_plane.logins import open_logins
from gateway.app.control_plane.logout import take_logouts
from gateway.app.generation.login import (
    asked_for,
    authorization_servers,
    dpop_algorithms,
    login_scopes,
    own_origin_issuer,
)
from gateway.app.generation.origins import servers_by_origin
from gateway.app.generation.parts import Parts
from gateway.app.logouts import logout_taker
from gateway.config.model import Config, Server
from gateway.config.reading.complete import public_url
from gateway.identity.keys.local_issuer import JWKS_PATH
from gateway.oauth.resource_metadata import (
    build_resource_metadata,
    dpop_members,
    resource_metadata_url,
    well_known_path,
)
from gateway.pages.server_info import ServerSummary, server_info, server_info_page
from gateway.proxy.gate.route import Application, ControlPlane, authorities
from gateway.proxy.outgoing.assertion_keys import PATH as ASSERTION_KEYS

ROOT_RESOURCE = "/.well-known/oauth-protected-resource"
SERVER_METADATA = ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration")
LOGOUT_PATH = "/.well-known/mcpgw/backchannel-logout"
HEALTH = {"status": "ok", "oauth": "enabled"}

# Adds paths to the application of a public origin, such as `https://mcp.example.com`.
Extension = Callable[[str, web.Application], None]


@asynccontextmanager
async def open_control_plane(
    parts: Parts, extensions: Sequence[Extension] = ()
) -> AsyncIterator[ControlPlane]:
    """Run the applications of every public host, and the one for any host."""
    hosts: dict[str, Application] = {}
    async with AsyncExitStack() as stack:
        if (settings := parts.config.authorization_server) is not None:
            logins = await stack.enter_async_context(open_logins(parts, settings))
            extensions = (*extensions, logins)
        for origin, app in build_control_plane(parts, extensions).items():
            application = await stack.enter_async_context(open_application(app))
            hosts |= dict.fromkeys(authorities(origin), application)
        anywhere = await stack.enter_async_context(open_application(build_anywhere(parts)))
        yield ControlPlane(hosts, anywhere)


def build_control_plane(
    parts: Parts, extensions: Sequence[Extension] = ()
) -> Mapping[str, web.Application]:
    """Build an application for each public origin.

    `extensions` add what else the gateway serves there.
    """
    by_origin: dict[str, web.Application] = {}
    for origin, names in servers_by_origin(parts.config).items():
        app = by_origin[origin] = new_application()
        _add_documents(app, parts, names)
        _add_receivers(app, parts)
        for extend in extensions:
            extend(origin, app)
    return by_origin


def build_anywhere(parts: Parts) -> web.Application:
    """Build the application that answers whatever Host a request has."""
    app = new_application()
    add_document(app, "/health", fixed_document(HEALTH, cached=False))
    if parts.header_sources.keys is not None:
        # Upstreams ask by whatever address they reach the gateway at.
        add_document(app, ASSERTION_KEYS, current_document(parts.header_sources.keys.jwks))
    return app


def resource_document(config: Config, server: Server) -> dict[str, object]:
    """Build the RFC 9728 document of one server."""
    supported = server.auth.scopes_supported
    scopes = server.auth.scopes if supported is None else supported
    return build_resource_metadata(
        resource=server.resource,
        authorization_servers=authorization_servers(config, server),
        scopes_supported=asked_for(config, server).named(scopes, None),
        dpop=dpop_members(dpop_algorithms(server), required=server.auth.dpop.mode == "required"),
        names={
            "resource_name": server.resource_name,
            "resource_documentation": server.resource_documentation,
        },
        extra=server.metadata,
    )


def _add_documents(app: web.Application, parts: Parts, names: list[str]) -> None:
    for path, read in _documents(parts, names).items():
        add_document(app, path, read)


def _documents(parts: Parts, names: list[str]) -> Mapping[str, Handler]:
    config = parts.config
    documents: dict[str, Handler] = {}
    for name in names:
        server = config.servers[name]
        documents[well_known_path(public_url(config, server))] = fixed_document(
            resource_document(config, server)
        )
    main = config.default_server if config.default_server in names else None
    main = main or (names[0] if len(names) == 1 else None)
    if main is not None:
        root = fixed_document(resource_document(config, config.servers[main]))
        documents.setdefault(ROOT_RESOURCE, root)
    first = own_origin_issuer(config, config.servers[main or names[0]])
    if first is not None:
        metadata = fetched_document(parts.issuers.metadata_of(first))
        documents |= dict.fromkeys(SERVER_METADATA, metadata)
    for local in parts.issuers.local.values():
        documents[JWKS_PATH] = current_document(local.jwks)
        if config.authorization_server is not None:  # which says more itself
            for path in (JWKS_PATH, *SERVER_METADATA):
                documents.pop(path, None)
    documents["/"] = _information(parts, names)
    return documents


def _add_receivers(app: web.Application, parts: Parts) -> None:
    """Let each issuer send its logout tokens."""
    for name, services in parts.issuers.services.items():
        if services.issuer.backchannel_logout is not None:
            shared = parts.carried.shared
            take = logout_taker(services.issuer, services.sources, shared.revocations, shared.store)
            path = route_path(app, f"{LOGOUT_PATH}/{name}")
            app.router.add_post(path, take_logouts(take))


def _information(parts: Parts, names: list[str]) -> Handler:
    config = parts.config
    about = [
        ServerSummary(
            name=name,
            title=config.servers[name].resource_name or name,
            url=public_url(config, config.servers[name]),
            resource_metadata=resource_metadata_url(public_url(config, config.servers[name])),
            authorization_servers=authorization_servers(config, config.servers[name]),
            scopes=sorted(login_scopes(config, config.servers[name])),
        )
        for name in names
    ]
    page = server_info_page(about, parts.brand)
    return page_or_document(server_info(about), page.html, page.content_security_policy)
