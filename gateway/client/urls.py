"""Which URLs the client talks to, and which resource stands for which server. Pure."""

from urllib.parse import SplitResult, urlsplit

from gateway.oauth.resource import canonical_resource, is_loopback


def parse_server_url(text: str) -> str:
    """The URL of an MCP server as a person typed it, without a fragment.

    Raises ValueError, with what to write instead.
    """
    parts = _split(text)
    if parts is None or parts.scheme not in ("http", "https"):
        raise ValueError("expected the URL of an MCP server, such as https://mcp.example.com/mcp")
    if "@" in parts.netloc:
        raise ValueError("expected a URL without a user name and password")
    if not is_confidential(text):
        raise ValueError("expected https: a token would cross the network in the clear")
    return canonical_resource(parts._replace(fragment="").geturl().rstrip("#"))


def is_confidential(url: str) -> bool:
    """True for https, and for http that does not leave this machine."""
    parts = _split(url)
    if parts is None or "@" in parts.netloc:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))


def may_lead_to(server_url: str, url: str) -> bool:
    """Tell whether a server may send the client to a URL.

    https, or plain http where both are on this machine: a server elsewhere has no business
    with what listens here (MCP security best practices, SSRF).
    """
    parts, server = _split(url), _split(server_url)
    if parts is None or server is None or not is_confidential(url):
        return False
    return parts.scheme == "https" or is_loopback(server.hostname or "")


def origin_of(url: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def covers(resource: str, server_url: str) -> bool:
    """Tell whether a published resource stands for a server: RFC 9728 §3.3.

    The same URL, or one of the same origin above it, as many servers publish. Any other
    would have the client fetch a token for somebody else's server.
    """
    try:
        published, typed = (urlsplit(canonical_resource(each)) for each in (resource, server_url))
    except ValueError:
        return False
    if (published.scheme, published.netloc) != (typed.scheme, typed.netloc):
        return False
    if published.query and published.query != typed.query:
        return False
    above = published.path.rstrip("/")
    return typed.path.rstrip("/") == above or typed.path.startswith(f"{above}/")


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # raises for what is no port
    except ValueError:
        return None
    return parts if parts.hostname else None
