"""Several texts as one key, each behind its length: no character shifts a boundary. Pure."""

from collections.abc import Iterable

_LENGTH_BYTES = 8


def encode_parts(parts: Iterable[str]) -> bytes:
    """Write the parts so that other parts, or another number of them, are never the same bytes."""
    encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
    return b"".join(len(each).to_bytes(_LENGTH_BYTES) + each for each in encoded)
