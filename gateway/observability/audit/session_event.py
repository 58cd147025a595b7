"""The beginning and the end of a session, for the audit log."""

import msgspec


class SessionStarted(msgspec.Struct, frozen=True, gc=False, tag_field="event", tag="session_start"):
    """A server gave a session to a caller. `session` is a short name, not the session's id."""

    time: str
    server: str
    session: str
    subject: str | None
    issuer: str | None
    client_id: str | None


class SessionEnded(msgspec.Struct, frozen=True, gc=False, tag_field="event", tag="session_end"):
    """A session is over.

    `reason`: who ended it (`client`, `upstream`, `admin`), its time (`idle`, `lifetime`), or
    `cap`: the caller began as many newer ones as may be.
    `tools` are the names that were called in it, as the client wrote them.
    """

    time: str
    server: str
    session: str
    subject: str | None
    issuer: str | None
    client_id: str | None
    reason: str
    duration_s: float
    requests: int
    tools: tuple[str, ...]
