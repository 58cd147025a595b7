"""Work that several requests wait for and that outlives the one which asked for it."""

import asyncio
import copy
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import TypeVar, cast

from gateway.errors import GatewayError

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class _Landing:
    value: object = None
    error: Exception | None = None


class SingleFlight:
    """Runs at most one piece of work per key, in tasks of `group`.

    The group belongs to the caller and must be open for as long as this is used.
    """

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        self._in_air: dict[Hashable, asyncio.Future[_Landing]] = {}

    def is_in_air(self, key: Hashable) -> bool:
        """Whether the work for `key` is under way."""
        return key in self._in_air

    async def join(self, key: Hashable, work: Callable[[], Awaitable[V]]) -> V:
        """Start `work` for `key`, or wait for it when it runs already, and share its outcome.

        A caller that is cancelled only stops waiting. Each gets an error of its own.
        """
        landing = self._in_air.get(key)
        if landing is None:
            landing = asyncio.get_running_loop().create_future()
            self._group.create_task(self._fly(key, work, landing))
            self._in_air[key] = landing
        # Without the shield, the first caller to go would cancel the future for all others.
        landed = await asyncio.shield(landing)
        if landed.error is not None:
            # Raising one instance in many tasks would chain their tracebacks.
            raise copy.copy(landed.error) from landed.error.__cause__
        return cast(V, landed.value)

    def launch(self, key: Hashable, work: Callable[[], Awaitable[None]]) -> None:
        """Start `work` for `key` unless it runs already; nobody waits for it."""
        if key in self._in_air:
            return
        landing = self._in_air[key] = asyncio.get_running_loop().create_future()
        self._group.create_task(self._fly(key, work, landing))

    async def _fly(
        self,
        key: Hashable,
        work: Callable[[], Awaitable[object]],
        landing: asyncio.Future[_Landing],
    ) -> None:
        try:
            landed = _Landing(value=await work())
        except asyncio.CancelledError:
            landing.cancel()
            raise
        except GatewayError as error:
            # An outcome, not a fault: its traceback would make a circle with this frame, and
            # collecting those took a quarter of the time of a flood of bad tokens.
            landed = _Landing(error=error.with_traceback(None))
        # Every error goes to those who wait; escaping from here it would end the whole group.
        except Exception as error:  # noqa: BLE001
            landed = _Landing(error=error)
        finally:
            del self._in_air[key]
        landing.set_result(landed)
