"""base64url with exactly one encoding per value: RFC 7515 §2. Pure."""

import base64
import binascii


def decode_base64url(text: bytes) -> bytes:
    """Decode; raises ValueError for anything that encoding the result would not give back."""
    try:
        octets = base64.urlsafe_b64decode(text + b"==")
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    # The decoder overlooks padding, white space, foreign characters and stray bits in the
    # last character; a second spelling of a value would get past whatever compares text.
    if encode_base64url(octets) != text:
        raise ValueError("not canonical base64url")
    return octets


def encode_base64url(octets: bytes) -> bytes:
    """Encode without padding."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=")
