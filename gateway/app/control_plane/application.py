"""One application of the control plane: its answers, its errors, and how the gate reaches it."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import unquote

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

from gateway.errors import GatewayError
from gateway.http.head import WHOLE_SERVER
from gateway.http.reply import Reply, error_reply
from gateway.http.request_parser import MAX_FIELD_BYTES, MAX_FIELDS, MAX_LINE_BYTES
from gateway.proxy.gate.record import RequestRecord
from gateway.proxy.gate.refuse import note_error
from gateway.proxy.gate.route import Application
from gateway.proxy.inbound.handover import RECORD

ALL_METHODS = "GET, HEAD, POST, DELETE, OPTIONS"

# Paths with escapes, as they are spelled on the wire, by what the router compares.
_SPELLINGS = web.AppKey("spellings", dict[str, str])

logger = logging.getLogger(__name__)
_of_protocol = logging.getLogger(f"{__name__}.protocol")
_of_protocol.addFilter(lambda line: not _is_a_strangers_fault(line))


def new_application() -> web.Application:
    """Build an application without any path."""
    # The listener has counted a body before it comes here: no limit of its own.
    app = web.Application(middlewares=[_answer_errors, _answer_whole_server], client_max_size=0)
    app.on_response_prepare.append(_complete)
    app[_SPELLINGS] = {}
    return app


def route_path(app: web.Application, path: str) -> str:
    """What to give to the router for a path, which it compares decoded.

    The data plane takes the one spelling only.
    """
    decoded = unquote(path)
    app[_SPELLINGS][decoded] = path
    return decoded


@asynccontextmanager
async def open_application(app: web.Application) -> AsyncIterator[Application]:
    """Run an application for connections that are handed over; it has no port of its own."""
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=_of_protocol,
        handler_cancellation=True,  # nobody works for a client that is gone
        auto_decompress=False,  # no body grows behind the listener's limit
        keepalive_timeout=0,
        tcp_keepalive=False,
        max_line_size=MAX_LINE_BYTES,
        max_field_size=MAX_FIELD_BYTES,
        max_headers=MAX_FIELDS + 2,  # Host and Connection are said anew
    )
    await runner.setup()
    try:
        assert runner.server is not None  # noqa: S101  # it is there after `setup`
        yield Application(methods_by_path(app), runner.server)
    finally:
        await runner.cleanup()


def _is_a_strangers_fault(line: logging.LogRecord) -> bool:
    # What aiohttp's parser refused the gate refuses and records. Else they could fill the log.
    return line.exc_info is not None and isinstance(line.exc_info[1], HttpProcessingError)


def methods_by_path(app: web.Application) -> Mapping[str, frozenset[str]]:
    """What an application answers. Raises `TypeError` for a path with a variable part.

    The data plane knows each path of a host, and answers 404 and 405 itself.
    """
    found: dict[str, frozenset[str]] = {}
    for resource in app.router.resources():
        if not isinstance(resource, web.PlainResource):
            raise TypeError(f"{resource!r} is no exact path")
        methods = frozenset(route.method for route in resource)
        path = app[_SPELLINGS].get(resource.canonical, resource.canonical)
        found[path] = found.get(path, frozenset()) | methods
    return found


def record_of(request: web.Request) -> RequestRecord:
    """The gateway's record of a request: its id, its client's address."""
    record = request.get_extra_info(RECORD)
    if not isinstance(record, RequestRecord):
        raise TypeError("the request was not handed over")
    return record


def response_of(reply: Reply) -> web.Response:
    """A reply of the gateway as aiohttp sends it."""
    headers = [(name.decode("ascii"), value.decode("latin-1")) for name, value in reply.headers]
    return web.Response(status=reply.status, headers=headers, body=reply.body or None)


@web.middleware
async def _answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    record = record_of(request)
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except GatewayError as error:
        return _refusal(record, error)
    except Exception:
        logger.exception("unexpected failure", extra={"request_id": record.request_id})
        failure = GatewayError("The gateway failed. Tell its operator the request id.")
        return _refusal(record, failure)


@web.middleware
async def _answer_whole_server(request: web.Request, handler: Handler) -> web.StreamResponse:
    # RFC 9110 §9.3.7; the router knows paths only.
    if request.method == "OPTIONS" and request.raw_path == WHOLE_SERVER:
        return web.Response(status=204, headers={"Allow": ALL_METHODS})
    return await handler(request)


async def _complete(request: web.Request, response: web.StreamResponse) -> None:
    record_of(request).status = response.status
    response.headers["X-Content-Type-Options"] = "nosniff"
    for name in ("Server", "Date"):  # what runs here, and when, is nobody's business
        response.headers.pop(name, None)


def _refusal(record: RequestRecord, error: GatewayError) -> web.Response:
    note_error(record, error)
    headers = [(b"X-Request-Id", record.wire_id.encode())]
    return response_of(error_reply(error, request_id=record.request_id, headers=headers))
