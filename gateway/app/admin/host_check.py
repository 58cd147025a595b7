"""Refuses requests to the admin listener under another name than those of `host`."""

import logging
from collections.abc import Collection

from aiohttp import web
from aiohttp.http import HttpVersion10
from aiohttp.typedefs import Handler, Middleware
from aiohttp.web_middlewares import middleware

from gateway.app.admin.guard import error
from gateway.app.admin.host import is_answered_for
from gateway.observability.log.seldom import Seldom
from gateway.observability.log.single_line import single_line

logger = logging.getLogger(__name__)

METHODS = "GET, HEAD, POST, DELETE, OPTIONS"
_MAX_TOLD_CHARS = 100


def check_host(names: Collection[str]) -> Middleware:
    """Build what refuses other names, and answers `OPTIONS *` for all paths (RFC 9110 §9.3.7)."""
    seldom = Seldom(logger)

    @middleware
    async def checked(request: web.Request, handler: Handler) -> web.StreamResponse:
        hosts = _hosts(request)
        if hosts is None:
            return error(400, "Exactly one Host header is needed.")
        if not all(is_answered_for(each, names) for each in hosts):
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
