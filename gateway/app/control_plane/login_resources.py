"""Which MCP servers the built-in authorization server issues tokens for, and with which scopes."""

from collections.abc import Iterator

from gateway.app.generation.login import login_scopes
from gateway.authserver.resources import ProtectedResource, Resources
from gateway.config.allow import Allow
from gateway.config.model import Config, Server
from gateway.config.reading.complete import public_url


def login_resources(config: Config, issuer: str) -> Resources:
    """The servers that trust the issuer of this name."""
    found = [
        _resource(config, name, server)
        for name, server in config.servers.items()
        if issuer in server.auth.issuers
    ]
    return Resources(found, config.default_server)


def _resource(config: Config, name: str, server: Server) -> ProtectedResource:
    return ProtectedResource(
        name,
        server.resource_name or name,
        server.resource,
        public_url(config, server),
        login_scopes(config, server),
        frozenset(_mentioned(config, server)),
    )


def _mentioned(config: Config, server: Server) -> Iterator[str]:
    """Every scope that lets a caller do something at this server."""
    yield from server.auth.scopes
    yield from server.auth.scopes_supported or ()
    yield from _of_allow(server.allow)
    for rule in server.rules or ():
        yield from _of_allow(rule.allow)
    for role in config.roles.values():
        yield from _of_allow(role)


def _of_allow(allow: Allow | str | None) -> Iterator[str]:
    if not isinstance(allow, Allow):
        return
    yield from allow.scopes or ()
    for part in (*(allow.all_of or ()), *(allow.any_of or ())):
        yield from _of_allow(part)
