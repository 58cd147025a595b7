"""Where people log in: which issuers clients are sent to, and in which order."""

from collections.abc import Sequence

from gateway.config.login.provider import CALLBACK_PATH
from gateway.config.model import Config, Server


def login_issuers(config: Config, server: Server) -> Sequence[str]:
    """The names of the issuers that a server's metadata advertises, the preferred one first.

    Most clients use only the first, so issuers where nobody can log in (workloads, and the
    local one without an authorization server) are left out. Empty when none is left.
    """
    if server.auth.authorization_servers:
        return server.auth.authorization_servers
    return [name for name in server.auth.issuers if _has_login(config, name)]


def _has_login(config: Config, name: str) -> bool:
    issuer = config.issuers[name]
    if issuer.advertise is not None:
        return issuer.advertise
    if issuer.local:
        return config.authorization_server is not None
    return issuer.token_review is None  # a cluster has no login page


def provider_redirect_uri(config: Config) -> str | None:
    """What to register at the provider that people log in at; None without one."""
    server = config.authorization_server
    if server is None or server.provider is None:
        return None
    own = next(issuer for issuer in config.issuers.values() if issuer.local)
    return own.issuer.rstrip("/") + CALLBACK_PATH
