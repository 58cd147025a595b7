"""Says in the log what changes while the gateway runs: readiness, and descriptors running out."""

import asyncio
import logging
import platform
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from importlib.metadata import version
from typing import Any

from gateway.app.descriptors import has_run_out, is_exhaustion
from gateway.app.record import DISTRIBUTION
from gateway.config.model import Config
from gateway.observability.health import Readiness
from gateway.observability.log.seldom import Seldom
from gateway.resilience.repeat import repeat

EVERY_S = 1.0
QUIET_S = 10.0  # between two lines about readiness
RUN_OUT = "no file descriptor is left: connections are refused"

logger = logging.getLogger(__name__)


def announce_start(config: Config, source: str) -> None:
    """Say what starts: what somebody who reads the log later wants to know first."""
    logger.info(
        "starting",
        extra={
            "version": version(DISTRIBUTION),
            "python": platform.python_version(),
            "config": source,
            "servers": list(config.servers),
            "issuers": {name: issuer.issuer for name, issuer in config.issuers.items()},
        },
    )


def watch_process(readiness: Readiness, group: asyncio.TaskGroup, stack: AsyncExitStack) -> None:
    """Look after the process, and hear the event loop's complaints, until `stack` ends."""
    watcher = Watcher(readiness)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(watcher.on_loop_error)
    stack.callback(loop.set_exception_handler, None)
    stack.callback(group.create_task(watcher.run()).cancel)


class Watcher:
    """Looks once a second; `run_out` is asked whether descriptors have run out."""

    def __init__(
        self,
        readiness: Readiness,
        run_out: Callable[[], bool] = has_run_out,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._readiness = readiness
        self._run_out = run_out
        self._clock = clock
        self._told_at: float | None = None
        self._seldom = Seldom(logger)
        self._obstacles: frozenset[str] | None = None

    async def run(self) -> None:
        """Look until cancelled."""
        await repeat("watching", self._look, lambda: EVERY_S)

    async def _look(self) -> None:
        self.look()

    def look(self) -> None:
        """Tell what has changed since the last look."""
        if self._run_out():
            self._seldom.warn(RUN_OUT)
        now = self._clock()
        quiet = self._told_at is not None and now - self._told_at < QUIET_S
        if quiet or self._readiness.draining:
            return
        obstacles = self._readiness.obstacles
        if frozenset(obstacles) == self._obstacles:
            return
        self._obstacles, self._told_at = frozenset(obstacles), now
        if obstacles:
            told = [f"{name}: {reason}" for name, reason in obstacles.items()]
            logger.warning("not ready", extra={"conditions": told})
        else:
            logger.info("ready")

    def on_loop_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Take what the event loop complains about: a listener that cannot accept, above all."""
        if is_exhaustion(context.get("exception")):
            self._seldom.warn(RUN_OUT)
        else:
            loop.default_exception_handler(context)
