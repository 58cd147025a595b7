"""How the event streams of one server are kept alive and ended."""

from dataclasses import dataclass
from typing import Literal


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
