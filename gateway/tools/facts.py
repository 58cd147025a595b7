"""What the gateway's own tools know: the server, and one call."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.identity.principal import Principal
from gateway.identity.token.asked_scopes import AS_IN_TOKENS, AskedScopes
from gateway.policy.rules import Rules

Metadata = Callable[[], Awaitable[Mapping[str, object]]]
Tool = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Issuer:
    """One issuer of tokens: the URL in its tokens, and a way to its metadata document.

    `metadata` raises `IdentityUnavailable` while there is none.
    """

    url: str
    metadata: Metadata


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What does not change between calls.

    `scopes` are those that every caller needs, as tokens name them; `asked` gives the names to
    ask for. `logins` are the issuers that people are sent to. `rules` is None where `allow`
    alone decides; `tools` gives what the server publishes and raises `IdentityUnavailable`.
    """

    name: str
    resource: str
    resource_metadata: str
    scopes: frozenset[str]
    issuers: Sequence[Issuer]
    dpop: str
    rules: Rules | None
    roles_of: Callable[[Principal], tuple[str, ...]]
    tools: Callable[[], Awaitable[Mapping[str, Tool]]]
    logins: Sequence[Issuer] = ()
    asked: AskedScopes = AS_IN_TOKENS

    def issuer_of(self, principal: Principal) -> Issuer | None:
        """The issuer of the caller's token, None when it is none of these."""
        return next((each for each in self.issuers if each.url == principal.issuer), None)


@dataclass(frozen=True, slots=True)
class Call:
    """Who calls with what. `token` is what was presented; `now` is in Unix seconds."""

    principal: Principal | None
    token: str | None = field(repr=False)
    arguments: Mapping[str, object]
    now: float
