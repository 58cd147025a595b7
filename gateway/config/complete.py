"""Fills in what follows from the rest, so that nobody has to derive it again."""

from gateway.config.model import Config, Server


def complete(config: Config) -> Config:
    """Return the configuration with each server's resource and issuers, and the default server."""
    servers = {name: _complete_server(config, server) for name, server in config.servers.items()}
    default = config.default_server or (next(iter(servers)) if len(servers) == 1 else None)
    return config.model_copy(update={"servers": servers, "default_server": default})


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
