"""The form of API keys: a prefix that scanners find, 256 random bits, a checksum. Pure."""

import hashlib
import re
import zlib

PREFIX = "mcpgw_"
RANDOM_BYTES = 32
_SECRET_CHARS = 43  # 62^43 > 2^256
_CHECKSUM_CHARS = 6  # 62^6 > 2^32
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FORM = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_SECRET_CHARS + _CHECKSUM_CHARS}}}")
_HASH_PREFIX = "sha256:"
_ID_CHARS = 12


def make_key(random: bytes) -> str:
    """Write `RANDOM_BYTES` random bytes as a key."""
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"expected {RANDOM_BYTES} random bytes, got {len(random)}")
    body = PREFIX + _base62(int.from_bytes(random), _SECRET_CHARS)
    return body + _checksum(body)


def is_key(token: str) -> bool:
    """Whether a token means to be an API key, so that it is nobody else's business."""
    return token.startswith(PREFIX)


def has_good_checksum(token: str) -> bool:
    """Whether a token is well-formed: what a scanner can tell without asking the gateway."""
    if not _FORM.fullmatch(token):
        return False
    return token[-_CHECKSUM_CHARS:] == _checksum(token[:-_CHECKSUM_CHARS])


def hash_key(token: str) -> str:
    """What is stored instead of a key.

    A fast hash is right here: nobody can try out 256 random bits, as they can passwords.
    """
    return _HASH_PREFIX + hashlib.sha256(token.encode()).hexdigest()


def key_id(key_hash: str) -> str:
    """The short name of a key, for lists, audit lines and revocations."""
    return key_hash.removeprefix(_HASH_PREFIX)[:_ID_CHARS]


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECKSUM_CHARS)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
