"""Opens the admin listener: the only place for probes, metrics and status."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

from gateway.app.admin.door import Application, Door
from gateway.app.admin.probes import answer_probe
from gateway.app.record import Observers, observed
from gateway.config.model import Config
from gateway.identity.revocation.revocations import Revocations
from gateway.observability.observed import Observed
from gateway.proxy.sessions.sessions import Sessions

BACKLOG = 128
RunApplication = Callable[
    [Observed, Collection[str], str | None, Revocations, Mapping[str, Sessions]],
    AbstractAsyncContextManager[Application],
]


class AdminListener:
    """Answers plain probes at once, and everything else as soon as its application is loaded.

    `port` is the one that it really has; `loaded` is set when the application is there.
    """

    def __init__(self, port: int, door: Door) -> None:
        self.port = port
        self.loaded = asyncio.Event()
        self._door = door

    def load(self) -> None:
        """Begin to load the application, unless somebody has asked for it already."""
        self._door.wanted.set()


@asynccontextmanager
async def open_admin(
    config: Config,
    observers: Observers,
    revocations: Revocations,
    sessions: Mapping[str, Sessions],
    background: asyncio.TaskGroup,
) -> AsyncIterator[AdminListener]:
    """Serve the admin listener. Raises OSError."""
    names = frozenset(name.lower() for name in (*config.admin.hosts, config.admin.listen.host))
    door = Door(partial(answer_probe, readiness=observers.readiness, names=names))
    listen = config.admin.listen
    server = await asyncio.get_running_loop().create_server(
        door, listen.host or None, listen.port, backlog=BACKLOG
    )
    admin = AdminListener(server.sockets[0].getsockname()[1], door)
    token = config.admin.token.get_secret_value() if config.admin.token is not None else None
    shown = observed(config, observers)

    async def serve() -> None:
        await door.wanted.wait()
        # In a thread: the public listener serves already.
        run_application = await asyncio.to_thread(_import_application)
        async with run_application(shown, names, token, revocations, sessions) as new_protocol:
            door.open(new_protocol)
            admin.loaded.set()
            await asyncio.Future()

    serving = background.create_task(serve())
    try:
        yield admin
    finally:
        server.close()
        door.close()
        serving.cancel()
        await asyncio.wait([serving])


def _import_application() -> RunApplication:
    # aiohttp's server takes 200 ms, half a start. Probes and calls are answered without it.
    from gateway.app.admin.application import running_application  # see above

    return running_application
