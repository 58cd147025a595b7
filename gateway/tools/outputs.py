"""What the gateway's own tools answer; the schemas that clients get are made of these."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

_When = Annotated[str | None, Meta(description="RFC 3339, in UTC; null when the token has no end.")]


class Status(msgspec.Struct):
    """Whether the caller is logged in, and how this server wants it."""

    authenticated: bool
    server: str
    resource: Annotated[str, Meta(description="The OAuth resource that tokens must be for.")]
    resource_metadata: Annotated[str, Meta(description="Where RFC 9728 metadata is.")]
    authorization_servers: list[str]
    required_scopes: list[str]
    dpop: Annotated[str, Meta(description="Sender-constrained tokens: off, allowed or required.")]
    subject: str | None
    scopes: Annotated[list[str], Meta(description="Those of the presented token.")]
    expires_at: _When


class LoginUrl(msgspec.Struct):
    """Where to log in."""

    authorization_server: str | None
    authorization_endpoint: Annotated[
        str | None, Meta(description="Null while the authorization server does not say.")
    ]
    registration_endpoint: str | None
    resource: str
    resource_metadata: str
    scopes: Annotated[list[str], Meta(description="What to ask for.")]
    how: str


class CallableTools(msgspec.Struct):
    """The names of tools, by what it takes to call them."""

    allowed: list[str]
    with_more_scopes: Annotated[
        dict[str, list[str]], Meta(description="Each tool with the scopes that a login must ask.")
    ]


class WhoAmI(msgspec.Struct):
    """The caller as the gateway knows it."""

    subject: str
    issuer: str
    client_id: str | None
    name: str | None
    email: str | None
    scopes: list[str]
    roles: list[str]
    groups: Annotated[list[str] | None, Meta(description="Null when nobody knows them now.")]
    tools: Annotated[
        CallableTools | None, Meta(description="Null when the server does not list its tools now.")
    ]


class TokenInfo(msgspec.Struct):
    """The token that came with this call."""

    kind: Annotated[str, Meta(description="How it was verified: jwt, introspection, key, …")]
    issuer: str
    subject: str
    client_id: str | None
    token_id: str | None
    scopes: list[str]
    issued_at: _When
    expires_at: _When
    expires_in_s: int | None
    sender_constrained: bool
    claims: Mapping[str, Any]
    token: Annotated[str | None, Meta(description="Only when `showToken` is true.")]


class Refresh(msgspec.Struct):
    """How the caller's client gets a newer token."""

    issuer: str
    token_endpoint: str | None
    supported: Annotated[
        bool | None, Meta(description="Whether the issuer offers refresh tokens; null: unknown.")
    ]
    client_id: str | None
    expires_at: _When
    expires_in_s: int | None
    how: str


def schema_of(output: type[msgspec.Struct]) -> Mapping[str, object]:
    """The JSON Schema of one output, an object at its root as MCP 2025-11-25 wants it."""
    (root,), shared = msgspec.json.schema_components([output], ref_template="#/$defs/{name}")
    own = shared.pop(output.__name__)
    assert root == {"$ref": f"#/$defs/{output.__name__}"}  # noqa: S101  # how msgspec names it
    return {**own, "$defs": shared} if shared else own
