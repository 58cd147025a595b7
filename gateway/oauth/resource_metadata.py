"""The document that tells clients where to get a token: RFC 9728."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

WELL_KNOWN = "/.well-known/oauth-protected-resource"


def well_known_path(resource: str) -> str:
    """The path of a resource's document, inserted before its own path: RFC 9728 §3.

    >>> well_known_path("https://mcp.example.com/files/mcp")
    '/.well-known/oauth-protected-resource/files/mcp'
    """
    return WELL_KNOWN + urlsplit(resource).path.rstrip("/")


def resource_metadata_url(resource: str) -> str:
    """The absolute URL of a resource's document."""
    parts = urlsplit(resource)
    return f"{parts.scheme}://{parts.netloc}{well_known_path(resource)}"


def build_resource_metadata(
    resource: str,
    authorization_servers: Collection[str],
    *,
    scopes_supported: Collection[str] = (),
    dpop: Mapping[str, object] = MappingProxyType({}),
    names: Mapping[str, str | None],
    extra: Mapping[str, object],
) -> dict[str, object]:
    """Build the document of one resource.

    `names` holds human-readable members such as `resource_name`; None and empty members are
    left out (RFC 9728 §3.2). `dpop` comes from `dpop_members`. `extra` adds members and
    replaces none. `offline_access` is between a client and its issuer and never listed (MCP
    authorization, scope selection).
    """
    members: dict[str, object] = {
        "resource": resource,
        "authorization_servers": list(authorization_servers),
        "scopes_supported": sorted(set(scopes_supported) - {"offline_access"}),
        "bearer_methods_supported": ["header"],
        **dpop,
        **names,
    }
    given = {name: value for name, value in members.items() if value}
    return {**extra, **given}


def dpop_members(algorithms: Collection[str], *, required: bool) -> dict[str, object]:
    """What the document says of tokens that are bound to a key: RFC 9728 §2."""
    if not algorithms:
        return {}
    return {
        "dpop_signing_alg_values_supported": list(algorithms),
        "dpop_bound_access_tokens_required": required,
    }
