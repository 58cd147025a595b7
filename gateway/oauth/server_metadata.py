"""An authorization server's own metadata: RFC 8414, OpenID Connect Discovery 1.0."""

import json
from collections.abc import Collection, Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class OfferedEndpoints:
    """The endpoints of the built-in server by their names in metadata, and what they take.

    `metadata_documents` is True where client ids may be URLs of documents.
    """

    endpoints: Mapping[str, str]
    grant_types: Sequence[str]
    scopes: Collection[str]
    dpop_algorithms: Sequence[str]
    metadata_documents: bool = False


def build_server_metadata(issuer: str, offered: OfferedEndpoints) -> dict[str, object]:
    """The built-in server's own document, the same for RFC 8414 and OpenID Connect discovery.

    `none` comes first: some clients take the first entry whatever they are.
    """
    secrets = ["client_secret_basic", "client_secret_post"]
    members: dict[str, object] = {
        "issuer": issuer,
        **offered.endpoints,
        "scopes_supported": sorted(offered.scopes),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(offered.grant_types),
        "token_endpoint_auth_methods_supported": ["none", *secrets],
        "revocation_endpoint_auth_methods_supported": ["none", *secrets],
        "introspection_endpoint_auth_methods_supported": secrets,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "client_id_metadata_document_supported": offered.metadata_documents,
        "dpop_signing_alg_values_supported": list(offered.dpop_algorithms),
        # No ID tokens are issued; clients that read the OpenID form want these members.
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    }
    # RFC 8414 §3.2: what has no elements is left out.
    return {name: value for name, value in members.items() if value or value is False}


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
