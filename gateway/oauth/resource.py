"""URLs that name a resource, hosts, and paths that only one reading fits: RFC 8707, RFC 3986."""

import re
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

_REG_NAME = re.compile(
    r"(?=.{1,253}\.?$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_-]{1,63})*\.?"
)
_HOST_PORT = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:@/?#\\\s,]+)(?::(?P<port>\d{1,5}))?")
_PLAIN_PATH = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+,=:@/-]|%[0-9A-Fa-f]{2})*")
_HIDDEN = re.compile(r"%(?:2e|2f|5c|25|00|3b|23|3f|[01][0-9a-f]|7f|[89a-f][0-9a-f])", re.IGNORECASE)


def is_loopback(host: str) -> bool:
    """True for `localhost` and the loopback addresses: RFC 8252 §7.3, RFC 6761 §6.3."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def parse_host(value: str) -> tuple[str, int | None]:
    """Split a Host header into a lower-cased host and a port, None when it names none.

    Raises ValueError for everything but one host: RFC 9110 §7.2, RFC 3986 §3.2.2.
    """
    match = _HOST_PORT.fullmatch(value)
    if match is None:
        raise ValueError("not a host")
    host, port = match["host"].lower(), match["port"]
    if host.startswith("["):
        host = f"[{IPv6Address(host[1:-1]).compressed}]"
    elif not _REG_NAME.fullmatch(host):
        raise ValueError("not a host name")
    if port is not None and not 0 < int(port) < 65536:  # noqa: PLR2004  # 16 bits
        raise ValueError("not a port")
    return host, None if port is None else int(port)


def is_ambiguous_path(raw_path: str) -> bool:
    """True when two servers could read different things in a path.

    Encoded slashes, dots, backslashes and percent signs, dot segments, empty segments, path
    parameters, control characters: what one decodes, normalizes or cuts, another does not.
    """
    if not _PLAIN_PATH.fullmatch(raw_path) or _HIDDEN.search(raw_path):
        return True
    segments = raw_path.split("/")[1:]
    return any(segment in (".", "..") for segment in segments) or "" in segments[:-1]


def canonical_resource(url: str) -> str:
    """Lower-case scheme and host and drop a lone trailing slash; all else stays as it is.

    MCP authorization, canonical server URI. Raises ValueError for what RFC 8707 §2 refuses: a
    relative URI or a fragment.
    """
    parts = urlsplit(url)
    if not parts.scheme or not parts.netloc or "#" in url:
        raise ValueError("a resource is an absolute URI without a fragment")
    path = "" if parts.path == "/" else parts.path
    return parts._replace(
        scheme=parts.scheme.lower(), netloc=parts.netloc.lower(), path=path
    ).geturl()
