"""Loads the control plane once the gateway serves, or when a request is for it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

from gateway.app.generation.parts import Parts
from gateway.proxy.gate.route import ControlPlane

if TYPE_CHECKING:
    from gateway.app.control_plane.hosts import Extension

Open = Callable[[Parts, Sequence["Extension"]], AbstractAsyncContextManager[ControlPlane]]


class LateControlPlane:
    """A control plane that may not be there yet; whoever needs it waits for it."""

    def __init__(self) -> None:
        self.wanted = asyncio.Event()
        self._is_there = asyncio.Event()
        self._control: ControlPlane | None = None

    def load(self) -> None:
        """Begin to load it, unless somebody has asked for it already."""
        self.wanted.set()

    def set(self, control: ControlPlane) -> None:
        """Give it to those who wait, and to those who ask from now on."""
        self._control = control
        self._is_there.set()

    async def loaded(self) -> ControlPlane:
        """The control plane, as soon as it is there."""
        while self._control is None:
            self.wanted.set()
            await self._is_there.wait()
        return self._control


@asynccontextmanager
async def late_control_plane(
    parts: Parts, background: asyncio.TaskGroup, extensions: Sequence["Extension"] = ()
) -> AsyncIterator[LateControlPlane]:
    """Build the control plane of one configuration, but not before it is wanted."""
    late = LateControlPlane()

    async def serve() -> None:
        await late.wanted.wait()
        open_control_plane = await asyncio.to_thread(_import_open)
        async with open_control_plane(parts, extensions) as control:
            late.set(control)
            await asyncio.Future()

    serving = background.create_task(serve())
    try:
        yield late
    finally:
        serving.cancel()
        await asyncio.wait([serving])


def _import_open() -> Open:
    # aiohttp's server takes 200 ms, half a start. Calls are answered without it.
    from gateway.app.control_plane.hosts import open_control_plane  # see above

    return open_control_plane
