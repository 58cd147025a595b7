"""What log and audit may be told of an upstream's answer: short, one line, no secret. Pure."""

import errno
import ssl

_LONGEST = 80
_PRINTABLE = range(0x20, 0x7F)


def shown(value: bytes) -> str:
    """Make bytes from outside fit for a log line.

    >>> shown(b"text/html\\r\\n")
    'text/html??'
    """
    text = "".join(chr(byte) if byte in _PRINTABLE else "?" for byte in value[:_LONGEST])
    return text if len(value) <= _LONGEST else f"{text}…"


def failure(error: BaseException | None) -> str:
    """Name what a socket failed with: the errno's own name where it has one.

    >>> failure(ConnectionRefusedError(111, "Connection refused"))
    'ECONNREFUSED'
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"TLS: {shown(error.verify_message.encode())}"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {getattr(error, 'reason', None) or 'failed'}"
    if isinstance(error, OSError):
        name = errno.errorcode.get(error.errno or 0)
        text = str(error.strerror or error) or type(error).__name__
        return name or shown(text.encode())
    return "closed" if error is None else type(error).__name__
