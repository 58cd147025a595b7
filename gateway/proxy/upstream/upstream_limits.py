"""How much of an upstream one gateway process uses, and how long it waits for it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """`first_byte_timeout_s` runs until a response's head is complete; drips do not extend it.

    `idle_stream_timeout_s` runs while a response's body is silent. `max_head_bytes` is for each
    head, of interim responses too.
    """

    max_connections: int
    max_waiting: int
    max_wait_s: float
    idle_timeout_s: float
    connect_timeout_s: float
    first_byte_timeout_s: float
    idle_stream_timeout_s: float
    max_head_bytes: int = 64 * 1024
