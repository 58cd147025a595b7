"""Sealed values: what must be remembered travels with the client, unreadable and bound to it."""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.identity.principal import Principal

_NONCE_BYTES = 12  # NIST SP 800-38D §8.2: 96 bits
MAX_SEALED_CHARS = 4096


class Seal:
    """AES-256-GCM under one key; a value opens for the principal and purpose it was made for."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def close(self, value: bytes, principal: Principal | None, purpose: str) -> str:
        """Seal a value for one principal; the text is safe in a URL."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._aead.encrypt(nonce, value, _binding(principal, purpose))
        return urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode()

    def open(self, sealed: str, principal: Principal | None, purpose: str) -> bytes | None:
        """Open a value; None when it is forged, damaged or somebody else's, all alike."""
        if len(sealed) > MAX_SEALED_CHARS:
            return None
        try:
            raw = urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
            return self._aead.decrypt(
                raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _binding(principal, purpose)
            )
        except (ValueError, InvalidTag):  # ValueError: not base64, or too short
            return None


def _binding(principal: Principal | None, purpose: str) -> bytes:
    # Issuer, subject and client together: one client id is shared by many users (attack S7).
    who = (principal.issuer, principal.subject, principal.client_id or "") if principal else ()
    return "\0".join((purpose, *who)).encode()
