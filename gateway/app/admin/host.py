"""For which names the admin listener answers: a page of another's must not read it (CWE-350).

A page in the operator's browser may have its own name lead here (DNS rebinding); the browser then
takes what this listener says for the page's own. It cannot name an address, though: a request to
one comes from no page of another name. So addresses and loopback names always count, other names
only when they are configured.
"""

import logging
from collections.abc import Collection
from ipaddress import ip_address

from aiohttp import web
from aiohttp.http import HttpVersion10
from aiohttp.typedefs import Handler, Middleware
from aiohttp.web_middlewares import middleware

from gateway.app.admin.guard import error
from gateway.oauth.resource import parse_host
from gateway.observability.log.seldom import Seldom
from gateway.observability.log.single_line import single_line

logger = logging.getLogger(__name__)

METHODS = "GET, HEAD, POST, DELETE, OPTIONS"
_MAX_TOLD_CHARS = 100
_LOCAL = "localhost"


def is_answered_for(authority: str, names: Collection[str]) -> bool:
    """Whether a Host value is an address, this machine's own name or one of `names`.

    `names` are hosts, which stand for every port, or hosts with a port.
    """
    try:
        host, port = parse_host(authority)
    except ValueError:
        return False
    if host == _LOCAL or host.endswith(f".{_LOCAL}") or _is_address(host):
        return True
    return host in names or (port is not None and f"{host}:{port}" in names)


def check_host(names: Collection[str]) -> Middleware:
    """Build what refuses other names, and answers `OPTIONS *` for all paths (RFC 9110 §9.3.7)."""
    known = frozenset(name.lower() for name in names)
    seldom = Seldom(logger)

    @middleware
    async def checked(request: web.Request, handler: Handler) -> web.StreamResponse:
        hosts = _hosts(request)
        if hosts is None:
            return error(400, "Exactly one Host header is needed.")
        if not all(is_answered_for(each, known) for each in hosts):
            received = single_line(", ".join(hosts))[:_MAX_TOLD_CHARS]
            seldom.warn(
                "the admin listener was asked under a name that is not its own", host=received
            )
            return error(421, "No such host here. An operator can add it to admin.hosts.")
        if request.method == "OPTIONS" and request.raw_path == "*":
            return web.Response(status=204, headers={"Allow": METHODS})
        return await handler(request)

    return checked


def _hosts(request: web.Request) -> list[str] | None:
    """The names a request is for: Host, and that of an absolute target (RFC 9112 §3.2.2).

    Empty for one of HTTP/1.0 without any, as probes send it and browsers do not; None when they
    are missing or too many.
    """
    hosts = request.headers.getall("Host", [])
    if len(hosts) > 1 or (not hosts and request.version != HttpVersion10):
        return None
    _, separator, rest = request.raw_path.partition("://")
    is_absolute = bool(separator) and not request.raw_path.startswith("/")
    return [*hosts, rest.partition("/")[0].partition("?")[0]] if is_absolute else hosts


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
