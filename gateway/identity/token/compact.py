"""JWS compact serialization, read strictly: RFC 7515 §3.1, §7.1; RFC 8725 §3.11. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.identity.reasons import refused
from gateway.oauth.base64url import decode_base64url
from gateway.strict_json import parse_json_object

SEGMENTS = 3
MAX_HEADER_CHARS = 4 * 1024 * 4 // 3  # 4 KiB of JSON
MAX_PAYLOAD_CHARS = 16 * 1024 * 4 // 3  # 16 KiB of JSON
MAX_SIGNATURE_CHARS = 1366  # an RSA key of 8192 bits, the largest that is kept

# base64url of `{"`, and of `{` before white space: how the header of every JWT begins.
_JSON_STARTS = ("eyJ", "eyA", "ewo", "ew0", "ewk", "e30")


@dataclass(frozen=True, slots=True)
class CompactToken:
    """A JWT taken apart; nothing in it is verified."""

    header: Mapping[str, object]
    claims: Mapping[str, object]
    signing_input: bytes
    signature: bytes


def is_jwt_shaped(token: str) -> bool:
    """Whether `token` means to be a signed JWT; an opaque token is for another verifier."""
    return token.count(".") == SEGMENTS - 1 and token.startswith(_JSON_STARTS)


def parse_compact(token: str) -> CompactToken:
    """Take a JWT apart.

    Raises `InvalidToken` when any octet is not as RFC 7515 writes it, or claims are nested
    deeper than anybody's are (`strict_json`).
    """
    try:
        header, payload, signature = token.encode("ascii").split(b".")
        _check_sizes(header, payload, signature)
        return CompactToken(
            header=parse_json_object(decode_base64url(header)),
            claims=parse_json_object(decode_base64url(payload)),
            signing_input=header + b"." + payload,
            signature=decode_base64url(signature),
        )
    except ValueError as error:
        raise refused("malformed") from error


def _check_sizes(header: bytes, payload: bytes, signature: bytes) -> None:
    if len(header) > MAX_HEADER_CHARS or len(payload) > MAX_PAYLOAD_CHARS:
        raise ValueError("too long")
    if len(signature) > MAX_SIGNATURE_CHARS:
        raise ValueError("too long")
