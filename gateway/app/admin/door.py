"""Takes the connections of a listener whose application is still being loaded."""

import asyncio
from collections.abc import Callable
from typing import cast

# What to answer to the first bytes of a connection; None leaves them to the application.
FirstAnswer = Callable[[bytes], bytes | None]
Application = Callable[[], asyncio.Protocol]


class Door:
    """A factory of protocols: visitors wait at the door until `open` gives the application.

    `wanted` is set when one of them wants more than `first_answer` gives.
    """

    def __init__(self, first_answer: FirstAnswer) -> None:
        self.wanted = asyncio.Event()
        self.first_answer = first_answer
        self.visitors: set[Visitor] = set()
        self.application: Application | None = None

    def __call__(self) -> asyncio.Protocol:
        """Make what serves one connection."""
        return Visitor(self) if self.application is None else self.application()

    def open(self, application: Application) -> None:
        """Hand over everybody who waits, and those who come from now on."""
        self.application = application
        for visitor in tuple(self.visitors):
            visitor.enter(application())

    def close(self) -> None:
        """Send away who still waits."""
        for visitor in tuple(self.visitors):
            visitor.leave()


class Visitor(asyncio.Protocol):
    """One connection at the door. What it sends is held, one read at most, and lost nowhere."""

    _transport: asyncio.Transport

    def __init__(self, door: Door) -> None:
        self._door = door
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait, unless the door was opened since the connection was accepted."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        if self._door.application is not None:
            self.enter(self._door.application())
        else:
            self._door.visitors.add(self)

    def data_received(self, data: bytes) -> None:
        """Answer what is plain, and have the rest wait with its connection."""
        answer = self._door.first_answer(data)
        if answer is not None:
            self._transport.write(answer)
            self._transport.close()
            return
        self._received = data
        self._transport.pause_reading()
        self._door.wanted.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._door.visitors.discard(self)

    def enter(self, protocol: asyncio.Protocol) -> None:
        """Give the connection, and what it sent, to the application."""
        self._door.visitors.discard(self)
        if self._transport.is_closing():
            return
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        if self._received:
            protocol.data_received(self._received)
            self._transport.resume_reading()

    def leave(self) -> None:
        """End the connection."""
        self._transport.close()
