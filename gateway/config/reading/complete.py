"""Fills in what follows from the rest, so that nobody has to derive it again."""

from urllib.parse import urlsplit

from gateway.config.model import Config, Server
from gateway.config.scalars import HostPort
from gateway.oauth.resource import is_loopback


def complete(config: Config) -> Config:
    """Return the configuration with each server's resource and issuers, and the default server."""
    servers = {name: _complete_server(config, server) for name, server in config.servers.items()}
    default = config.default_server or (next(iter(servers)) if len(servers) == 1 else None)
    filled: dict[str, object] = {"servers": servers, "default_server": default}
    if "listen" not in config.model_fields_set and (place := loopback_place(config)) is not None:
        filled["listen"] = place
    return config.model_copy(update=filled)


def loopback_place(config: Config) -> HostPort | None:
    """Where clients of this machine knock, None when the public URL is of another one.

    With https and without `tls` somebody else has that port, and speaks TLS there.
    """
    parts = urlsplit(config.public_url)
    host, is_https = parts.hostname or "", parts.scheme == "https"
    if not is_loopback(host) or (is_https and config.tls is None):
        return None
    # The address that every machine has; a name may stand for `::1`, which not every one has.
    named = host if ":" in host or host[0].isdigit() else "127.0.0.1"
    return HostPort(named, parts.port or (443 if is_https else 80))


def public_url(config: Config, server: Server) -> str:
    """The URL that a client types: the base and the path, without a lone slash."""
    base = server.public_url or config.public_url
    return base if server.path == "/" else base + server.path


def _complete_server(config: Config, server: Server) -> Server:
    issuers = server.auth.issuers or tuple(config.issuers)
    auth = server.auth.model_copy(update={"issuers": issuers})
    resource = server.resource or public_url(config, server)
    # Who wrote rules has said who may do what; `allow` only narrows that further.
    allow = "any" if server.allow is None and server.rules else server.allow
    return server.model_copy(update={"auth": auth, "resource": resource, "allow": allow})
