"""Passwords: how they are hashed (RFC 9106), what a new one must be, and how one is made up."""

import base64
import re
import unicodedata
from collections.abc import Iterable

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

MIN_CHARS = 15  # NIST SP 800-63B-4 §3.1.1.2, where nothing else is asked for
MAX_BYTES = 1024
RANDOM_BYTES = 16
_MIN_DISTINCT = 5
_TELLING_NAME = 4  # shorter names are parts of words
# OWASP asks for 19 MiB and two passes. More, as one is hashed at a time; on one core, as the data
# plane has the others.
_HASHER = PasswordHasher(time_cost=2, memory_cost=64 * 1024, parallelism=1)
_HASH = re.compile(
    r"(?P<parameters>\$argon2id\$v=19\$m=(?P<memory>\d{4,7}),t=(?P<passes>\d{1,2}),p=[1-8])"
    r"\$[A-Za-z0-9+/]{22,86}\$[A-Za-z0-9+/]{43,86}"
)
_LEAST_KIB, _MOST_KIB = 7 * 1024, 1024 * 1024  # OWASP's least; what a small machine still has
_MOST_PASSES = 16
# None of 0 1 i l o u: it is read aloud and typed.
_ALPHABET = "abcdefghjkmnpqrstvwxyz23456789"
_GROUP_CHARS = 5
_GENERATED_CHARS = 25  # 30^25 > 2^122


def normal_password(password: str) -> bytes:
    """One spelling of what is typed on different keyboards: RFC 8265 §4.2.

    Raises ValueError for what is no text, or longer than anybody types.
    """
    spaced = "".join(" " if unicodedata.category(each) == "Zs" else each for each in password)
    encoded = unicodedata.normalize("NFC", spaced).encode()
    if len(encoded) > MAX_BYTES:
        raise ValueError(f"a password has at most {MAX_BYTES} bytes")
    return encoded


def check_new_password(password: str, name: str) -> None:
    """Raise ValueError, which says what to do, for a password that others would guess."""
    normal_password(password)
    if len(password) < MIN_CHARS:
        raise ValueError(f"a password has at least {MIN_CHARS} characters; four words are fine")
    if len(set(password)) < _MIN_DISTINCT:
        raise ValueError("the password repeats the same few characters")
    if len(name) >= _TELLING_NAME and name.casefold() in password.casefold():
        raise ValueError("the password contains the account's name")


def hash_password(password: str) -> str:
    """What is kept instead of a password; takes some 0.15 s and 64 MiB."""
    return _HASHER.hash(normal_password(password))


def is_password_hash(text: str) -> bool:
    """Whether a text is an Argon2id hash, neither weak nor more costly than a login may be."""
    match = _HASH.fullmatch(text)
    return (
        match is not None
        and _LEAST_KIB <= int(match["memory"]) <= _MOST_KIB
        and 1 <= int(match["passes"]) <= _MOST_PASSES
    )


def is_right_password(password_hash: str, password: bytes) -> bool:
    """Compare; for a worker thread. Raises argon2's `VerificationError` without memory to do so."""
    try:
        return _HASHER.verify(password_hash, password)
    except VerifyMismatchError:
        return False


def decoys(password_hashes: Iterable[str]) -> tuple[str, ...]:
    """Hashes of nothing, one for each way in which these are made, to spend the same time on.

    There is always one.
    """
    found = (_HASH.fullmatch(each) for each in password_hashes)
    parameters = {match["parameters"] for match in found if match is not None}
    return tuple(
        f"{each}${_no_bytes(16)}${_no_bytes(32)}" for each in sorted(parameters or {_today()})
    )


def make_password(random: bytes) -> str:
    """Write `RANDOM_BYTES` random bytes as a password that can be read aloud."""
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"expected {RANDOM_BYTES} random bytes, got {len(random)}")
    number, chars = int.from_bytes(random), []
    for _ in range(_GENERATED_CHARS):
        number, place = divmod(number, len(_ALPHABET))
        chars.append(_ALPHABET[place])
    text = "".join(chars)
    return "-".join(text[at : at + _GROUP_CHARS] for at in range(0, len(text), _GROUP_CHARS))


def _today() -> str:
    return f"$argon2id$v=19$m={_HASHER.memory_cost},t={_HASHER.time_cost},p={_HASHER.parallelism}"


def _no_bytes(count: int) -> str:
    return base64.b64encode(bytes(count)).decode().rstrip("=")
