"""Scopes that clients would be told to ask for and must not: wildcards and `offline_access`."""

from collections.abc import Iterable, Iterator, Mapping

from gateway.config.allow import Allow
from gateway.config.model import Config, Server
from gateway.config.reading.problems import Finding, Path

_WILDCARD = (
    "a scope with * asks for everything; name the scopes that are needed, and let a token"
    " with the broad one through by scope_implies"
)
_OFFLINE = "offline_access is between a client and its issuer; leave it out"


def find_bad_scopes(config: Config) -> Iterator[Finding]:
    """Complain of each: all of these end in metadata or challenges.

    MCP security best practices, Scope Minimization; MCP authorization, Refresh Tokens.
    """
    for name, role in config.roles.items():
        yield from _of_allow(("roles", name), role)
    for name, server in config.servers.items():
        yield from _of_server(("servers", name), server)


def _of_server(path: Path, server: Server) -> Iterator[Finding]:
    yield from _of_scopes((*path, "auth", "scopes"), server.auth.scopes)
    yield from _of_scopes((*path, "auth", "scopes_supported"), server.auth.scopes_supported or ())
    extra = server.metadata.get("scopes_supported")
    yield from _of_scopes(
        (*path, "metadata", "scopes_supported"), extra if isinstance(extra, list) else ()
    )
    yield from _of_allow((*path, "allow"), server.allow)
    for number, rule in enumerate(server.rules or ()):
        yield from _of_allow((*path, "rules", number, "allow"), rule.allow)


def _of_allow(path: Path, allow: Allow | str | None) -> Iterator[Finding]:
    if not isinstance(allow, Allow):
        return
    yield from _of_scopes((*path, "scopes"), allow.scopes or ())
    parts: Mapping[str, Iterable[Allow]] = {
        "all_of": allow.all_of or (),
        "any_of": allow.any_of or (),
    }
    for key, sections in parts.items():
        for number, section in enumerate(sections):
            yield from _of_allow((*path, key, number), section)


def _of_scopes(path: Path, scopes: Iterable[object]) -> Iterator[Finding]:
    asked = [scope for scope in scopes if isinstance(scope, str)]
    if any("*" in scope for scope in asked):
        yield Finding(path, _WILDCARD)
    if "offline_access" in asked:
        yield Finding(path, _OFFLINE)
