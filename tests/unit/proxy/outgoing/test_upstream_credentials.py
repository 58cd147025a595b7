"""Credentials as header lines; `tests/integration/test_upstream_credentials.py` has the kinds."""

from pathlib import Path

import pytest

from gateway.errors import UpstreamCredentialUnavailable
from gateway.proxy.outgoing.header_source import OutgoingCall
from gateway.proxy.outgoing.upstream_credentials import StaticHeader, bearer_line, forward_token

ANONYMOUS = OutgoingCall(None, None, None, b"", 0.0)


async def test_a_line_ends_where_its_value_does(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(" Basic abc== \n", encoding="utf-8")

    assert await StaticHeader("X-Key", tmp_path / "key")(ANONYMOUS) == b"X-Key: Basic abc==\r\n"


@pytest.mark.parametrize("content", [b"", b"a\nb", b"a\0", b"\xc3\xa9", b"x" * 70_000])
async def test_no_other_line_can_be_smuggled_in(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)

    with pytest.raises(UpstreamCredentialUnavailable):
        await StaticHeader("X-Key", tmp_path / "key")(ANONYMOUS)


async def test_a_caller_without_a_token_has_none_to_forward() -> None:
    assert await forward_token(ANONYMOUS) == b""
    assert bearer_line("abc") == b"Authorization: Bearer abc\r\n"
