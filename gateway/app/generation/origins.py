"""Which servers share a public origin, and so a host."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from gateway.config.model import Config
from gateway.config.reading.complete import public_url


def origin_of(url: str) -> str:
    """The scheme and authority of a URL.

    >>> origin_of("https://mcp.example.com/x")
    'https://mcp.example.com'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def servers_by_origin(config: Config) -> Mapping[str, list[str]]:
    """The names of the servers at each public origin, in the order of the file."""
    found: dict[str, list[str]] = {}
    for name, server in config.servers.items():
        found.setdefault(origin_of(public_url(config, server)), []).append(name)
    return dict(sorted(found.items()))
