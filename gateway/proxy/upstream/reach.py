"""Whether an upstream can be connected to: looked at apart from requests, told once a change."""

import asyncio
import errno
import logging
import time
from collections.abc import Callable
from contextlib import suppress

from gateway.proxy.upstream.target import Target, open_connection
from gateway.resilience.repeat import repeat

EVERY_S = 5.0
LEAST_S = 1.0  # between two looks, however many requests fail
QUIET_S = 10.0  # between two lines of the log, however often it changes
_OURS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

logger = logging.getLogger(__name__)


class Reach:
    """Opens a connection now and then, and closes it: no request, which could have an effect.

    What one caller's request leads to decides nothing: a failed one only makes it look sooner.
    `always` looks also while nothing has failed. `on_change` is told whether it can be reached.
    """

    def __init__(
        self,
        name: str,
        target: Target,
        timeout_s: float,
        on_change: Callable[[bool], None],
        *,
        always: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._target = target
        self._timeout_s = timeout_s
        self._on_change = on_change
        self._always = always
        self._clock = clock
        self._suspected = asyncio.Event()
        self._has_looked = False
        self._reason = ""
        self._told = ""
        self._told_at: float | None = None

    @property
    def missing(self) -> str:
        """Why the upstream cannot be reached; empty while it can, or nobody knows."""
        return self._reason

    def suspect(self) -> None:
        """Look soon: somebody could not reach it."""
        self._suspected.set()

    async def run(self) -> None:
        """Look until cancelled."""
        await repeat("reaching an upstream", self._look_when_due, lambda: LEAST_S)

    async def _look_when_due(self) -> None:
        if self._has_looked:
            wait_s = EVERY_S - LEAST_S if self._has_cause else None
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._suspected.wait()
            self._suspected.clear()
        self._has_looked = True
        await self.look()

    async def look(self) -> None:
        """Connect once."""
        try:
            async with asyncio.timeout(self._timeout_s):
                await open_connection(self._target, _Look)
        except TimeoutError:
            self._note("no connection in time")
        except (OSError, ValueError) as error:  # ValueError: a host name that cannot be one
            if getattr(error, "errno", None) not in _OURS:  # without descriptors nobody can say
                self._note(f"{type(error).__name__}: {error}")
        else:
            self._note("")

    @property
    def _has_cause(self) -> bool:
        return self._always or bool(self._reason) or self._reason != self._told

    def _note(self, reason: str) -> None:
        was_up, self._reason = not self._reason, reason
        if was_up == bool(reason):
            self._on_change(not reason)
        if bool(reason) != bool(self._told) and self._may_tell():
            self._tell()

    def _may_tell(self) -> bool:
        return self._told_at is None or self._clock() - self._told_at >= QUIET_S

    def _tell(self) -> None:
        self._told, self._told_at = self._reason, self._clock()
        place = {"server": self._name, "upstream": self._target.authority}
        if self._reason:
            logger.warning("upstream cannot be reached", extra=place | {"error": self._reason})
        else:
            logger.info("upstream can be reached again", extra=place)


class _Look(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
