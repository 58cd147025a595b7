"""The names by which clients ask for scopes, where tokens call them otherwise. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.config.issuer import Issuer
from gateway.identity.principal import Principal
from gateway.identity.token.token_issuers import TokenIssuers

AUDIENCE = "{audience}"
# OpenID Connect Core §5.4, §11: the same at every issuer.
_STANDARD = frozenset({"openid", "profile", "email", "address", "phone", "offline_access"})


@dataclass(frozen=True, slots=True)
class ScopeNames:
    """How one issuer's scopes are asked for: by a name of their own, else with a prefix."""

    prefix: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    def ask_for(self, scope: str) -> str:
        """The name of a scope that tokens name so.

        >>> ScopeNames("api://app/").ask_for("mcp.read")
        'api://app/mcp.read'
        """
        if scope in self.names:
            return self.names[scope]
        # Written in full already, as `auth.scopes_supported` may be.
        is_whole = "://" in scope or scope in self.names.values()
        return scope if is_whole or scope in _STANDARD else self.prefix + scope


def scope_names(issuer: Issuer, audiences: Sequence[str]) -> ScopeNames:
    """Those of one issuer for a server with these further audiences.

    `{audience}` in the prefix stands for the first of them that fits behind what is before it.
    Without one there is no prefix.
    """
    prefix = issuer.scope_prefix
    if AUDIENCE in prefix:
        before, _, after = prefix.partition(AUDIENCE)
        fitting = [bare for each in audiences if "://" not in (bare := each.removeprefix(before))]
        prefix = before + fitting[0] + after if fitting else ""
    return ScopeNames(prefix, issuer.scope_names)


@dataclass(frozen=True, slots=True)
class AskedScopes:
    """What callers of one server ask for: as the first issuer names it, or their token's own."""

    login: ScopeNames = field(default_factory=ScopeNames)
    of_issuers: Sequence[tuple[Callable[[Principal], bool], ScopeNames]] = ()

    def named(self, scopes: frozenset[str], principal: Principal | None) -> frozenset[str]:
        """The names to ask for; `principal` is None before a login."""
        names = self.login
        if principal is not None:
            names = next((own for includes, own in self.of_issuers if includes(principal)), names)
        return frozenset(map(names.ask_for, scopes))


AS_IN_TOKENS = AskedScopes()


def asked_scopes(
    login: Sequence[Issuer], issuers: Sequence[Issuer], audiences: Sequence[str]
) -> AskedScopes:
    """For a server that takes tokens of `issuers` and sends people to those of `login`."""
    return AskedScopes(
        scope_names(login[0], audiences) if login else ScopeNames(),
        [(TokenIssuers(each).includes, scope_names(each, audiences)) for each in issuers],
    )
