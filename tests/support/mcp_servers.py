"""Real MCP servers of the official SDK, each in a thread with a loop of its own."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import uvicorn
from starlette.applications import Starlette

from examples.whoami_server import build_server
from tests.support.ports import listening_socket

Kind = Literal["stateful", "stateless", "json", "sse"]


@contextmanager
def running_mcp_server(kind: Kind) -> Iterator[str]:
    """Serve the tools of the example and give the URL of the endpoint."""
    with running_app(_app(kind)) as origin:
        yield f"{origin}{'/sse' if kind == 'sse' else '/mcp'}"


@contextmanager
def running_app(app: Starlette) -> Iterator[str]:
    """Serve an application with uvicorn as it comes, and give its origin."""
    with running_app_at(lambda origin: app) as origin:
        yield origin


@contextmanager
def running_app_at(build: Callable[[str], Starlette]) -> Iterator[str]:
    """The same for an application that must know its origin."""
    listener = listening_socket()
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(
        uvicorn.Config(
            build(origin),
            log_level="critical",
            ws="none",
            lifespan="on",
            timeout_graceful_shutdown=1,
        )
    )
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield origin
    finally:
        server.should_exit = True
        thread.join(5)
        listener.close()
    assert not thread.is_alive(), "the MCP server did not end"


def _app(kind: Kind) -> Starlette:
    server = build_server()
    match kind:
        case "stateful":
            return server.streamable_http_app()
        case "stateless":
            return server.streamable_http_app(stateless_http=True)
        case "json":
            return server.streamable_http_app(stateless_http=True, json_response=True)
        case "sse":
            return server.sse_app()
