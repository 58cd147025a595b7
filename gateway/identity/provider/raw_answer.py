"""What comes back from a host, before anybody makes sense of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An answer as it came; `unread` says why its body was not read, None when it was."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    unread: str | None = None
