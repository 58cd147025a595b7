"""What the gate knows of a client whose request it serves, and what it may take and be given."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from gateway.http.head import Head
from gateway.http.message_head import Lines
from gateway.http.reply import Reply
from gateway.http.trace_fields import TraceFields

if TYPE_CHECKING:
    from gateway.proxy.gate.call import Answered
    from gateway.proxy.gate.record import RequestRecord
    from gateway.proxy.gate.route import Application


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """How large a body may be, how long it may pause, and how long it may take."""

    max_bytes: int
    stall_s: float
    total_s: float


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """Seconds; `keepalive_s` 0 sends no comments.

    `at_expiry`: which streams end with their token; `end_listening` those of a GET. Others,
    calls that were allowed, have `expiry_grace_s` more.
    """

    keepalive_s: float
    write_stall_s: float
    at_expiry: Literal["end", "end_listening", "keep"] = "end"
    expiry_grace_s: float = 0.0


class Client(Protocol):
    """One request of a client, and the way to answer it.

    A connection makes them; so does whoever tries what the gate would decide.
    """

    head: Head
    trace: TraceFields
    whole: bytes | None  # the body, when all of it came with the head

    @property
    def is_body_here(self) -> bool:
        """Whether nothing of the body is to come."""

    @property
    def has_stalled(self) -> bool:
        """Whether it was dropped because it did not read."""

    async def body(self, limits: BodyLimits) -> bytes:
        """Read the whole body.

        A client that waits for `100 Continue` gets it now, so never before authentication.
        Raises `BodyTooLarge`, `RequestTimeout` when it takes too long, and `MalformedHttp` when
        the framing breaks.
        """

    def reply(self, reply: Reply, *, keep_alive: bool = True) -> None:
        """Put a whole answer, which must be short, on the wire in one write."""

    def answer(
        self, opening: Lines, status: int, request_id: str, body: bytes, *, keep_alive: bool = True
    ) -> None:
        """Put a whole answer, which must be short, on the wire; its head begins with `opening`."""

    async def send(self, reply: Reply) -> None:
        """Put a whole answer on the wire, a long one as fast as the client reads."""

    async def deliver(
        self,
        answered: "Answered",
        record: "RequestRecord",
        finish: Callable[["RequestRecord"], None],
    ) -> None:
        """Put the upstream's answer on the wire: whole when it is whole, else as it arrives.

        One that is still arriving on return is `record.streamed`; `finish` is called at its end.
        """

    async def hand_over(
        self, head: Head, application: "Application", record: "RequestRecord"
    ) -> None:
        """Have an application answer, as the connection's last; it notes how in `record`.

        `head` has the Host that trusted proxies name. Raises what `body` does.
        """
