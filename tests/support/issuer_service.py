"""Somebody else's HTTP service: an issuer's endpoint that answers as the test tells it to."""

import asyncio
import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from aiohttp import web
from aiohttp.test_utils import TestServer


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came: `form` when the body was one, `json` when it was JSON."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    form: Mapping[str, str] = field(default_factory=dict)
    json: object = None


@dataclass(frozen=True, slots=True)
class Scene:
    """One answer: `body` is JSON unless it is bytes."""

    body: object = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class IssuerService:
    """Use it as an async context manager. `scenes` answer by path; a callable sees the request.

    While `gate` is cleared, every request waits for it; `came` is set by the first request.
    """

    scenes: dict[str, Scene | Callable[[Asked], Scene]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    tls: ssl.SSLContext | None = None
    _server: TestServer | None = None

    @property
    def url(self) -> str:
        return f"{'http' if self.tls is None else 'https'}://127.0.0.1:{self.port}"

    def count(self, path: str) -> int:
        """How often a path was asked for."""
        return sum(each.path == path for each in self.asked)

    async def __aenter__(self) -> Self:
        self.gate.set()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._server = TestServer(app, host="127.0.0.1")
        await self._server.start_server(ssl=self.tls, access_log=None, shutdown_timeout=0.1)
        self.port = self._server.port or 0
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.gate.set()
        if self._server is not None:
            await self._server.close()

    async def _serve(self, request: web.Request) -> web.Response:
        asked = await _read(request)
        self.asked.append(asked)
        self.came.set()
        await self.gate.wait()
        scene = self.scenes.get(asked.path, Scene(status=404))
        shown = scene(asked) if callable(scene) else scene
        body = shown.body if isinstance(shown.body, bytes) else json.dumps(shown.body).encode()
        kind = {"Content-Type": "application/json"}
        return web.Response(status=shown.status, body=body, headers=kind | dict(shown.headers))


async def _read(request: web.Request) -> Asked:
    body = await request.read()
    form: dict[str, str] = {}
    document: object = None
    if request.content_type == "application/x-www-form-urlencoded":
        form = {name: str(value) for name, value in (await request.post()).items()}
    elif request.content_type == "application/json" and body:
        document = json.loads(body)
    path, _, query = request.raw_path.partition("?")
    return Asked(request.method, path, query, request.headers, form, document)
