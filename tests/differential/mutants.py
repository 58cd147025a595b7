"""Bodies made from others by small changes, the same ones for the same number."""

import random
from collections.abc import Sequence

# What parsers disagree about stands in these.
_PIECES = [
    b'"name":"wipe"', b'"n\\u0061me":"wipe"', b'"NAME":"wipe"', b'"method":"tools/call"',
    b'"params":{"name":"wipe"}', b'"path":"/etc"', b'"arguments":{}', b'"__proto__":{}',
    b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"null", b"true", b"1e400", b"-0", b"NaN",
    b"\xef\xbb\xbf", b"\xc2\xa0", b"\xff", b"\x00", b"\\u0000", b"\\ud800", b"//", b"\t", b"\r\n",
    b" ", b"9007199254740993", b"\\/",
]  # fmt: skip


def mutant(number: int, seeds: Sequence[bytes]) -> bytes:
    """One to four changes to one of the seeds."""
    rng = random.Random(number)  # noqa: S311  # it must be the same each time
    body = bytearray(rng.choice(seeds))
    for _ in range(rng.randint(1, 4)):
        _change(body, rng, seeds)
    return bytes(body)


def _change(body: bytearray, rng: random.Random, seeds: Sequence[bytes]) -> None:
    start = rng.randint(0, len(body))
    end = min(len(body), start + rng.randint(0, 12))
    match rng.randrange(6):
        case 0:  # a comma in front makes many of the pieces a further member
            body[start:start] = rng.choice([b"", b","]) + rng.choice(_PIECES)
        case 1:
            body[start:end] = b""
        case 2:
            body[start:end] = rng.choice(_PIECES)
        case 3:
            body[start:start] = body[start:end]
        case 4 if start < len(body):
            body[start] = rng.randrange(256)
        case _:
            other = rng.choice(seeds)
            cut = rng.randint(0, len(other))
            body[start:] = other[cut:]
