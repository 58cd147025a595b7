"""One session of the older revisions: MCP, Session Management."""

from collections.abc import Hashable
from dataclasses import dataclass, field

from gateway.http.message_head import Lines, field_lines
from gateway.observability.audit.session_event import SessionEnded, SessionStarted
from gateway.observability.times import iso_time
from gateway.proxy.limits.caller import Caller


@dataclass(slots=True)
class Session:
    """One session: the upstream's id, the sealed one, whose it is, and what was done in it.

    Times in Unix seconds. `name` is a short name for logs and the admin listener; the session
    is one of those that `counted_as` may have.
    """

    upstream_id: bytes
    sealed: str
    caller: Caller
    counted_as: Hashable
    name: str
    started_at: float
    seen_at: float
    requests: int = 0
    tools: set[str] = field(default_factory=set)

    @property
    def line(self) -> Lines:
        """The header line for the upstream."""
        return field_lines([(b"Mcp-Session-Id", self.upstream_id)])

    def beginning(self, server: str) -> SessionStarted:
        """What is told of it when it begins."""
        return SessionStarted(iso_time(self.started_at), server, self.name, *_told(self.caller))

    def ending(self, server: str, reason: str, now: float) -> SessionEnded:
        """What is told of it when it ends."""
        return SessionEnded(
            iso_time(now),
            server,
            self.name,
            *_told(self.caller),
            reason,
            now - self.started_at,
            self.requests,
            tuple(sorted(self.tools)),
        )


def _told(caller: Caller) -> tuple[str | None, str | None, str | None]:
    if caller is None:
        return None, None, None
    issuer, subject, client_id = caller
    return subject, issuer, client_id
