"""From the URL of a server to its authorization server: RFC 9728, RFC 8414, RFC 9207."""

from collections.abc import Mapping
from http import HTTPStatus

from gateway.client.discovery.challenge import Challenge
from gateway.client.discovery.published import (
    AuthorizationServer,
    ProtectedResource,
    parse_resource_metadata,
    resource_metadata_urls,
)
from gateway.client.failure import ClientFailure
from gateway.client.urls import may_lead_to, origin_of
from gateway.client.web import Web, WebRequest
from gateway.oauth.server_metadata import ServerMetadata, discovery_urls, parse_server_metadata

_REVISION = "2025-11-25"
_HEADERS = {"Accept": "application/json", "MCP-Protocol-Version": _REVISION}


async def find_resource(
    web: Web, server_url: str, challenge: Challenge | None
) -> ProtectedResource | None:
    """What the server publishes about itself; None when it publishes nothing.

    Raises `ClientFailure` when all that it publishes is about another server.
    """
    complaints: list[str] = []
    for url in resource_metadata_urls(server_url, challenge):
        document = await _document(web, url)
        if document is None:
            continue
        try:
            return parse_resource_metadata(document, server_url)
        except ValueError as error:
            complaints.append(f"{url}: {error}")
    if complaints:
        raise ClientFailure(f"{complaints[0]}; use the URL that its operator publishes")
    return None


async def find_authorization_server(
    web: Web, server_url: str, published: ProtectedResource, wanted: str | None
) -> AuthorizationServer:
    """The first of the server's issuers that can be used, or the one that is wanted.

    Raises `ClientFailure` with what was wrong with each.
    """
    if wanted is not None and published.issuers and wanted not in published.issuers:
        named = ", ".join(published.issuers)
        raise ClientFailure(f"{server_url} does not trust {wanted}; choose one of: {named}")
    origin = origin_of(server_url)
    issuers = (wanted,) if wanted else published.issuers
    complaints: list[str] = []
    # One that says nothing of issuers is its own, with or without a slash at the end.
    for issuer in issuers or (origin, f"{origin}/"):
        try:
            return AuthorizationServer(await _metadata_of(web, server_url, issuer), server_url)
        except (ValueError, ClientFailure) as error:
            complaints.append(str(error))
    raise ClientFailure(f"no authorization server can be used: {'; '.join(complaints)}")


async def _metadata_of(web: Web, server_url: str, issuer: str) -> ServerMetadata:
    if not may_lead_to(server_url, issuer):
        raise ValueError(f"{issuer} is not https")
    complaint, silent = f"{issuer} publishes no metadata", None
    for url in discovery_urls(issuer):
        document = await _document(web, url)
        if document is None:
            continue
        try:
            metadata = _parse_metadata(document, issuer)
        except ValueError as error:
            complaint = f"{url}: {error}"
            continue
        if "code_challenge_methods_supported" in document:
            return metadata
        # Of an OAuth and an OpenID document, one may say nothing of PKCE.
        silent = silent or metadata
    if silent is None:
        raise ValueError(complaint)
    return silent


async def _document(web: Web, url: str) -> Mapping[str, object] | None:
    answer = await web.send(WebRequest(url, headers=_HEADERS))
    return answer.document if answer.status == HTTPStatus.OK else None


def _parse_metadata(document: Mapping[str, object], issuer: str) -> ServerMetadata:
    # Keys are the server's business; a client reads no token.
    needed = {name: value for name, value in document.items() if name != "jwks_uri"}
    return parse_server_metadata(needed, issuer)
