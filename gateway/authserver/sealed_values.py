"""Flows, codes, refresh tokens and client ids: what they say is sealed into them."""

import zlib
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import msgspec

from gateway.errors import InvalidRequest
from gateway.sealing.seal import Binding, Opened, Seal

T = TypeVar("T")
# A person may be of many groups; what a browser carries in a URL is held to less by its servers.
MAX_CHARS = 16 * 1024
_RAW_DEFLATE = -15  # without a header: the value is authenticated as a whole


class Life(NamedTuple):
    """When a value is opened, and how old it may be by then; in seconds."""

    now: float
    max_age_s: float


class SealedValues:
    """Seals values of a type for one use and one owner under the server's issuer."""

    def __init__(self, seal: Seal, issuer: str) -> None:
        self._seal = seal
        self.issuer = issuer

    def close(self, value: object, purpose: str, owner: Sequence[str], now: float) -> str:
        """Seal a value; the text is safe in a URL.

        Raises `InvalidRequest` for one so long that nobody would open it again.
        """
        packer = zlib.compressobj(wbits=_RAW_DEFLATE)
        packed = packer.compress(msgspec.json.encode(value)) + packer.flush()
        sealed = self._seal.close(packed, self._binding(purpose, owner), now)
        if len(sealed) > MAX_CHARS:
            raise InvalidRequest("The request holds too much.", reason="too_long")
        return sealed

    def open(
        self, sealed: str, kind: type[T], binding: tuple[str, Sequence[str]], life: Life
    ) -> T | None:
        """Open a value; `binding` is purpose and owner. None when it is none of ours, or over.

        One whose members are no longer those of its kind is none of ours either.
        """
        opened = self._open(sealed, binding, life)
        if opened is None:
            return None
        text = zlib.decompress(opened.value, wbits=_RAW_DEFLATE)
        try:
            return msgspec.json.decode(text, type=kind)
        except msgspec.ValidationError:
            return None  # sealed by another version of this server

    def _open(self, sealed: str, binding: tuple[str, Sequence[str]], life: Life) -> Opened | None:
        bound = self._binding(*binding)
        return self._seal.open(sealed, bound, life.now, life.max_age_s, MAX_CHARS)

    def _binding(self, purpose: str, owner: Sequence[str]) -> Binding:
        return Binding(f"authorization server: {purpose}", self.issuer, tuple(owner))
