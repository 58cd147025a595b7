"""Who asks for tokens: an MCP client, however it became known here."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

ClientKind = Literal["configured", "registered", "metadata_document"]
ClientAuthMethod = Literal["none", "client_secret_basic", "client_secret_post", "private_key_jwt"]
LOGIN_GRANTS = frozenset({"authorization_code", "refresh_token"})


@dataclass(frozen=True, slots=True)
class Client:
    """A client with what it said of itself; only `verified_host` and `configured` are vouched for.

    `name` is the client's own word, None when it gave none. `verified_host` is the host that
    served its metadata document, None for other kinds. `scopes` limits what it may be granted,
    None is no limit. `jwks` is the key set of a client that authenticates with `private_key_jwt`.
    """

    client_id: str
    kind: ClientKind
    redirect_uris: tuple[str, ...] = ()
    name: str | None = None
    auth_method: ClientAuthMethod = "none"
    grant_types: frozenset[str] = LOGIN_GRANTS
    verified_host: str | None = None
    scopes: frozenset[str] | None = None
    jwks: Mapping[str, object] | None = field(default=None, repr=False)
    jwks_uri: str | None = None

    @property
    def shown_name(self) -> str:
        """What people see, where it has no name too."""
        return self.name or "a client without a name"

    def to_travel(self) -> "Client":
        """The same without what only the authorization request is checked against."""
        return replace(self, redirect_uris=(), jwks=None)

    @property
    def is_public(self) -> bool:
        """Whether nothing proves who it is: RFC 6749 §2.1."""
        return self.auth_method == "none"
