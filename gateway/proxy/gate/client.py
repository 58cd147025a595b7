"""What the gate knows of a client whose request it serves."""

from dataclasses import dataclass
from typing import Protocol

from gateway.http.head import Head
from gateway.http.message_head import Field
from gateway.http.reply import Reply


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """How large a body may be, how long it may pause, and how long it may take."""

    max_bytes: int
    stall_s: float
    total_s: float


class Client(Protocol):
    """One request of a client, and the way to answer it.

    A connection makes them; so does whoever tries what the gate would decide.
    """

    head: Head
    keep_alive: bool  # whether another request may follow the answer
    whole: bytes | None  # the body, when all of it came with the head

    @property
    def is_body_here(self) -> bool:
        """Whether nothing of the body is to come."""

    @property
    def is_paused(self) -> bool:
        """Whether the client does not keep up."""

    @property
    def is_gone(self) -> bool:
        """Whether nothing can reach the client any more."""

    @property
    def has_stalled(self) -> bool:
        """Whether it was dropped because it did not read."""

    async def body(self, limits: BodyLimits) -> bytes:
        """Read the whole body.

        A client that waits for `100 Continue` gets it now, so never before authentication.
        Raises `BodyTooLarge`, `RequestTimeout` when it takes too long, and `InvalidRequest` when
        the framing breaks.
        """

    def reply(self, reply: Reply, *, keep_alive: bool = True) -> None:
        """Put a whole answer, which must be short, on the wire in one write."""

    async def send(self, reply: Reply) -> None:
        """Put a whole answer on the wire, a long one as fast as the client reads."""

    def begin_stream(self, status: int, headers: list[Field]) -> None:
        """Put the head of an answer on the wire whose length nobody knows."""

    def write(self, piece: bytes) -> None:
        """Put a piece of a stream on the wire."""

    def end_stream(self) -> None:
        """End a stream so that the client knows that it has all of it."""

    async def drain(self) -> None:
        """Wait until the client has taken most of what waits for it."""

    def abort(self) -> None:
        """Break the connection off, so that nobody takes a part for the whole."""
