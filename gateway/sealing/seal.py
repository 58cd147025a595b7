"""Sealed values: what must be remembered travels with the client, unreadable and bound to it."""

import os
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.oauth.base64url import decode_base64url, encode_base64url
from gateway.sealing.parts import encode_parts

_NONCE_BYTES = 12  # NIST SP 800-38D §8.2: 96 bits
_TIME_BYTES = 8
MAX_SEALED_CHARS = 4096


class Binding(NamedTuple):
    """What a value is sealed for: it opens for exactly this use, server and owner.

    `owner` is whose it is, as `owner_of` says; empty for callers without a token.
    """

    purpose: str
    server: str
    owner: tuple[str, ...]


class Opened(NamedTuple):
    """A value that was sealed, and when, in Unix seconds."""

    value: bytes
    sealed_at: float


class Seal:
    """AES-256-GCM under one key; a value opens for the binding it was made for, in one spelling."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def close(self, value: bytes, binding: Binding, now: float) -> str:
        """Seal a value; the text is safe in a URL."""
        nonce = os.urandom(_NONCE_BYTES)
        told = int(now * 1000).to_bytes(_TIME_BYTES) + value
        sealed = self._aead.encrypt(nonce, told, _associated(binding))
        return encode_base64url(nonce + sealed).decode()

    def open(
        self,
        sealed: str,
        binding: Binding,
        now: float,
        max_age_s: float,
        max_chars: int = MAX_SEALED_CHARS,
    ) -> Opened | None:
        """Open a value; None when it is forged, damaged, too old or somebody else's, all alike."""
        if len(sealed) > max_chars:
            return None
        try:
            # In one spelling only: whoever notes that a value is over compares its text.
            raw = decode_base64url(sealed.encode("ascii"))
            told = self._aead.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _associated(binding))
        except (ValueError, InvalidTag):  # ValueError: not base64url, or too short
            return None
        sealed_at = int.from_bytes(told[:_TIME_BYTES]) / 1000
        if now - sealed_at >= max_age_s:
            return None
        return Opened(told[_TIME_BYTES:], sealed_at)


def _associated(binding: Binding) -> bytes:
    return encode_parts((binding.purpose, binding.server, *binding.owner))
