"""An authorization server's own metadata: RFC 8414, OpenID Connect Discovery 1.0."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_OAUTH = "/.well-known/oauth-authorization-server"
_OIDC = "/.well-known/openid-configuration"
_MAX_SHOWN = 300


@dataclass(frozen=True, slots=True)
class ServerMetadata:
    """A checked document; `document` is the whole of it, as it came.

    `jwks_uri` is None where there are no keys to fetch: tokens are opaque then.
    """

    issuer: str
    jwks_uri: str | None
    document: Mapping[str, object] = field(repr=False)

    def endpoint(self, name: str) -> str:
        """The URL of one endpoint, such as `introspection_endpoint`.

        Raises ValueError when the document names none that can be asked safely.
        """
        url = self.document.get(name)
        if not isinstance(url, str) or not _is_fetchable(url, self.issuer):
            raise ValueError(f"the metadata has no usable {name}")
        return url


def discovery_urls(issuer: str) -> tuple[str, ...]:
    """Where the metadata of an issuer may be, in the order that MCP clients try.

    RFC 8414 §3 inserts the well-known part before the issuer's path, OIDC appends it.
    """
    parts = urlsplit(issuer)
    origin, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    if not path:
        return (origin + _OAUTH, origin + _OIDC)
    return (origin + _OAUTH + path, origin + _OIDC + path, origin + path + _OIDC)


def parse_server_metadata(document: object, issuer: str) -> ServerMetadata:
    """Check a fetched document.

    Raises ValueError, above all when `issuer` differs by a single character: then somebody
    else answers for the issuer (RFC 8414 §3.3).
    """
    if not isinstance(document, Mapping):
        raise ValueError("the metadata is not a JSON object")
    named = document.get("issuer")
    if named != issuer:
        raise ValueError(
            f"the metadata names another issuer: {_show(named)}, expected {_show(issuer)}"
        )
    jwks_uri = document.get("jwks_uri")
    if jwks_uri is None:
        return ServerMetadata(issuer, None, document)
    if not isinstance(jwks_uri, str) or not _is_fetchable(jwks_uri, issuer):
        raise ValueError("the metadata has no usable jwks_uri")
    return ServerMetadata(issuer, jwks_uri, document)


def _show(value: object) -> str:
    # In ASCII and in quotes, so that a slash or a look-alike at the end is seen.
    return json.dumps(value)[:_MAX_SHOWN] if isinstance(value, str) else type(value).__name__


def _is_fetchable(url: str, issuer: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return True
    # Plain http only where the issuer itself was accepted with it; the fetcher judges again.
    plain = parts.scheme == "http" and urlsplit(issuer).scheme == "http"
    return plain and bool(parts.hostname)
