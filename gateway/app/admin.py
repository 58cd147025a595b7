"""Opens the admin listener: the only place for probes, metrics and status."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from gateway.app.record import Observers, observed
from gateway.config.model import Config
from gateway.observability.admin import build_admin_app


@asynccontextmanager
async def open_admin(config: Config, observers: Observers) -> AsyncIterator[int]:
    """Serve the admin listener; gives the port that it really has. Raises OSError."""
    runner = web.AppRunner(build_admin_app(observed(config, observers)), access_log=None)
    await runner.setup()
    try:
        listen = config.admin.listen
        await web.TCPSite(runner, listen.host or None, listen.port).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
