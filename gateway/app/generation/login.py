"""What clients are told about logging in: where, in which order, and what to ask for."""

from gateway.config.model import Config, Server
from gateway.config.reading.complete import public_url
from gateway.config.reading.login import login_issuers
from gateway.identity.token.asked_scopes import AskedScopes, asked_scopes
from gateway.identity.token.token_issuers import advertised_issuers
from gateway.oauth.dpop import ALGORITHMS
from gateway.oauth.resource_metadata import resource_metadata_url
from gateway.proxy.gate.route import Challenges


def authorization_servers(config: Config, server: Server) -> list[str]:
    """The URLs for a server's metadata, the preferred one first."""
    names = login_issuers(config, server)
    return [url for name in names for url in advertised_issuers(config.issuers[name])]


def asked_for(config: Config, server: Server) -> AskedScopes:
    """The names by which clients of a server ask for scopes."""
    return asked_scopes(
        [config.issuers[name] for name in login_issuers(config, server)],
        [config.issuers[name] for name in server.auth.issuers],
        server.auth.audiences,
    )


def login_scopes(config: Config, server: Server) -> frozenset[str]:
    """What a login has to ask for."""
    # `offline_access` is between client and issuer: MCP authorization, scope selection.
    return asked_for(config, server).named(server.auth.scopes - {"offline_access"}, None)


def own_origin_issuer(config: Config, server: Server) -> str | None:
    """The issuer whose metadata stands at the gateway's own origin; None without any.

    (MCP 2025-03-26 clients look there.) The local one has its own place there, when it is alone.
    """
    local = [name for name in server.auth.issuers if config.issuers[name].local]
    return next(iter([*login_issuers(config, server), *local]), None)


def dpop_algorithms(server: Server) -> tuple[str, ...]:
    """The algorithms of DPoP proofs; none where bound tokens are refused."""
    return () if server.auth.dpop.mode == "off" else ALGORITHMS


def build_challenges(config: Config, name: str) -> Challenges:
    """What the refusals of one server say."""
    server = config.servers[name]
    return Challenges(
        resource_metadata_url(public_url(config, server)),
        server.resource_name or name,
        login_scopes(config, server),
        dpop_algorithms(server),
        dpop_only=server.auth.dpop.mode == "required",
        asked=asked_for(config, server),
    )
