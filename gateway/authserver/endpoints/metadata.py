"""The server's own documents: RFC 8414, OpenID Connect discovery, RFC 7517."""

from urllib.parse import urlsplit

from gateway.authserver.endpoints.token import grant_types_of
from gateway.authserver.server import (
    AUTHORIZE,
    DEVICE_AUTHORIZATION,
    INTROSPECT,
    REGISTER,
    REVOKE,
    TOKEN,
    AuthorizationServer,
)
from gateway.identity.keys.local_issuer import JWKS_PATH
from gateway.oauth.dpop import ALGORITHMS
from gateway.oauth.server_metadata import OfferedEndpoints, build_server_metadata, discovery_urls


def metadata(server: AuthorizationServer) -> dict[str, object]:
    """The one document, wherever it is read."""
    endpoints = {
        "authorization_endpoint": server.url(AUTHORIZE),
        "token_endpoint": server.url(TOKEN),
        "revocation_endpoint": server.url(REVOKE),
        "introspection_endpoint": server.url(INTROSPECT),
        "jwks_uri": server.url(JWKS_PATH),
    }
    if server.known.registered is not None:
        endpoints["registration_endpoint"] = server.url(REGISTER)
    if server.devices is not None:
        endpoints["device_authorization_endpoint"] = server.url(DEVICE_AUTHORIZATION)
    offered = OfferedEndpoints(
        endpoints=endpoints,
        grant_types=grant_types_of(server),
        scopes=server.resources.scopes(),
        dpop_algorithms=ALGORITHMS,
        metadata_documents=server.known.metadata_documents,
    )
    return build_server_metadata(server.issuer, offered)


def metadata_paths(server: AuthorizationServer) -> list[str]:
    """Every path where a client looks for it.

    Behind the well-known part, too, with the path of each MCP server: clients that read no
    protected-resource metadata look there, and some stop at whatever is neither 200 nor 4xx.
    """
    found = [urlsplit(url).path for url in discovery_urls(server.issuer)]
    own = f"{urlsplit(server.issuer).scheme}://{urlsplit(server.issuer).netloc}"
    for each in server.resources.all:
        if each.url.startswith(f"{own}/"):
            found += [urlsplit(url).path for url in discovery_urls(each.url)]
    # MCP 2025-03-26: at the root of the origin.
    found += [urlsplit(url).path for url in discovery_urls(own)]
    return list(dict.fromkeys(found))
