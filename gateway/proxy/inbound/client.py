"""What carrying an answer needs of a client."""

from typing import Protocol

from gateway.http.head import Head
from gateway.http.message_head import Field, Lines
from gateway.http.reply import Reply

# What is put on the wire before it is seen whether the client reads.
PIECE_BYTES = 16 * 1024


class StreamingClient(Protocol):
    """A client that can be answered piece by piece."""

    head: Head
    keep_alive: bool  # whether another request may follow the answer

    @property
    def is_paused(self) -> bool:
        """Whether the client does not keep up."""

    @property
    def is_gone(self) -> bool:
        """Whether nothing can reach the client any more."""

    async def send(self, reply: Reply) -> None:
        """Put a whole answer on the wire, a long one as fast as the client reads."""

    def answer(self, opening: Lines, status: int, request_id: str, body: bytes) -> None:
        """Put an answer of the upstream on the wire, whose head begins with `opening`."""

    def begin_stream(self, status: int, headers: list[Field], write_stall_s: float) -> None:
        """Put the head of an answer on the wire whose length nobody knows.

        A client that takes nothing for `write_stall_s` is dropped.
        """

    def write(self, piece: bytes) -> None:
        """Put a piece of a stream on the wire."""

    def end_stream(self) -> None:
        """End a stream so that the client knows that it has all of it."""

    async def drain(self) -> None:
        """Wait until the client has taken most of what waits for it."""

    def abort(self) -> None:
        """Break the connection off, so that nobody takes a part for the whole."""
