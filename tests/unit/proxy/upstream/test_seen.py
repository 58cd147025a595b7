import errno
import ssl

import pytest

from gateway.proxy.upstream.seen import failure, shown


@pytest.mark.requirement("B8")
def test_what_is_shown_is_one_short_printable_line() -> None:
    assert shown(b"text/html; a=\r\n\x1b[2J\xff") == "text/html; a=???[2J?"
    assert shown(b"x" * 81) == "x" * 80 + "…"


@pytest.mark.requirement("B8")
@pytest.mark.parametrize(
    ("error", "name"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "ECONNREFUSED"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), "ECONNRESET"),
        (OSError("Multiple exceptions"), "Multiple exceptions"),
        (OSError(-2, "Name or service not known"), "Name or service not known"),
        (ssl.SSLError(1, "[SSL: WRONG] x"), "TLS: failed"),
        (ConnectionResetError(), "ConnectionResetError"),
        (EOFError(), "EOFError"),
        (None, "closed"),
    ],
)
def test_a_failure_is_named(error: BaseException | None, name: str) -> None:
    assert failure(error) == name
