"""How much a client may send that is neither a whole head nor a body: heads, trailers. Pure.

The parser limits each field and their number, 128 of 20 KiB, but not all of them together.
"""

from collections.abc import Iterable

MAX_HEAD_BYTES = 64 * 1024  # a 16 KiB token, a 16 KiB target, and as much of everything else


class HeadBound:
    """Counts the bytes that brought nothing to an end; `take` is told of every read."""

    __slots__ = ("_body_bytes", "_heads", "_held")

    def __init__(self) -> None:
        self._heads = self._body_bytes = self._held = 0

    @property
    def has_begun(self) -> bool:
        """True when a head is under way."""
        return self._held > 0

    def take(self, size: int, heads: int, body_bytes: int) -> int:
        """Count a read; returns how many bytes are held now, or were until it.

        `heads` is how many heads were parsed so far, `body_bytes` how much of the last body.
        """
        held = self._held + size
        progress = heads != self._heads or body_bytes != self._body_bytes
        self._heads, self._body_bytes = heads, body_bytes
        self._held = 0 if progress else held
        return held


def is_too_large(fields: Iterable[tuple[bytes, bytes]]) -> bool:
    """True for a whole head whose fields together are more than the bound."""
    return sum(len(name) + len(value) + 4 for name, value in fields) > MAX_HEAD_BYTES
