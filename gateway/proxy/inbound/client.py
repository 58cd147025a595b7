"""What carrying an answer needs of a client."""

from typing import TYPE_CHECKING, Protocol

from gateway.http.message_head import Lines
from gateway.http.reply import Reply
from gateway.resilience.stepper import Pending

if TYPE_CHECKING:
    from gateway.proxy.inbound.stream import Stream

# What is put on the wire before it is seen whether the client reads.
PIECE_BYTES = 16 * 1024


class StreamingClient(Protocol):
    """A client that can be answered piece by piece."""

    keep_alive: bool  # whether another request may follow the answer

    @property
    def now(self) -> float:
        """The time of the loop's clock."""

    @property
    def is_paused(self) -> bool:
        """Whether the client does not keep up."""

    @property
    def is_gone(self) -> bool:
        """Whether nothing can reach the client any more."""

    @property
    def has_stalled(self) -> bool:
        """Whether it was dropped because it did not read."""

    async def send(self, reply: Reply) -> None:
        """Put a whole answer on the wire, a long one as fast as the client reads."""

    def answer(self, opening: Lines, status: int, request_id: str, body: bytes) -> None:
        """Put an answer of the upstream on the wire, whose head begins with `opening`."""

    def begin_stream(self, opening: Lines, request_id: str, write_stall_s: float) -> None:
        """Put the head of an answer on the wire that begins with `opening`, of unknown length.

        A client that takes nothing for `write_stall_s` is dropped.
        """

    def write(self, piece: bytes) -> None:
        """Put a piece of a stream on the wire."""

    def end_stream(self) -> None:
        """End a stream so that the client knows that it has all of it."""

    def drained(self) -> Pending[None]:
        """What is done when the client has taken most of what waits for it; for one to wait."""

    def carry(self, stream: "Stream") -> None:
        """Cancel `stream` when the client goes; `end_serving` is to follow at its end."""

    def end_serving(self) -> None:
        """The stream has ended, and with it the request: the next one may begin."""

    def abort(self) -> None:
        """Break the connection off, so that nobody takes a part for the whole."""
