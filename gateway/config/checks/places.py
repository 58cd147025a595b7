"""Where servers sit: places that are taken, and hosts that are one host in two spellings."""

from urllib.parse import urlsplit

from gateway.config.model import Config
from gateway.config.reading.complete import public_url
from gateway.config.reading.problems import Finding

_TAKEN_PATHS = ("/health", "/.well-known")
# Of the built-in authorization server.
_LOGIN_PATHS = (
    "/authorize",
    "/token",
    "/register",
    "/revoke",
    "/introspect",
    "/device",
    "/device_authorization",
)


def find_bad_places(config: Config) -> list[Finding]:
    """List servers that would hide each other or what the gateway itself serves."""
    found: list[Finding] = []
    places: dict[str, str] = {}
    origins: dict[str, str] = {}
    for name, server in config.servers.items():
        place = public_url(config, server)
        if place in places:
            message = f"the same URL as servers.{places[place]}: {place}"
            found.append(Finding(("servers", name), message))
        places.setdefault(place, name)
        if taken := _taken(config, place):
            found.append(
                Finding(("servers", name, "path"), f"{taken} belongs to the gateway itself")
            )
        # Requests are told apart by Host, so the routes of one origin would replace the other's.
        origin = _origin(place)
        rivals = {origins.setdefault(host, origin) for host in _host_values(origin)} - {origin}
        if rivals:
            message = f"the same host as {rivals.pop()}; write it the same way everywhere"
            found.append(Finding(("servers", name, "public_url"), message))
    return found


def _taken(config: Config, url: str) -> str | None:
    path = urlsplit(url).path
    taken = _TAKEN_PATHS if config.authorization_server is None else _TAKEN_PATHS + _LOGIN_PATHS
    return next((each for each in taken if path == each or path.startswith(each + "/")), None)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _host_values(origin: str) -> set[str]:
    parts = urlsplit(origin)
    host = parts.hostname or ""
    default = 443 if parts.scheme == "https" else 80
    port = parts.port or default
    return {host, f"{host}:{port}"} if port == default else {f"{host}:{port}"}
