"""Reading a request body: within its limit, within its time, after authentication."""

import pytest

from tests.support.raw_http import raw_connection
from tests.support.rig import CALL, Rig, running_rig


def head(rig: Rig, *lines: str, bearer: str | None = None) -> bytes:
    credential = bearer or rig.token()
    fixed = ("POST /mcp HTTP/1.1", f"Host: 127.0.0.1:{rig.port}", "Content-Type: application/json")
    sent = (*fixed, f"Authorization: Bearer {credential}", *lines, "", "")
    return "\r\n".join(sent).encode()


@pytest.mark.requirement("180", "H4")
async def test_an_announced_body_over_the_limit_is_refused_unread() -> None:
    async with running_rig() as rig:
        response = await rig.send(head(rig, "Content-Length: 99999999"))

        assert response.status == 413
        rig.upstream.assert_untouched()


@pytest.mark.requirement("180")
async def test_a_chunked_body_is_cut_off_at_the_limit() -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        await client.send(head(rig, "Transfer-Encoding: chunked"))
        piece = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
        for _ in range(4):
            await client.send(piece)
        await client.send(piece)

        assert (await client.read_response()).status == 413
        rig.upstream.assert_untouched()


async def test_a_chunked_body_goes_upstream_with_a_length() -> None:
    async with running_rig() as rig:
        chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(CALL), CALL)

        response = await rig.send(head(rig, "Transfer-Encoding: chunked") + chunks)

        assert response.status == 200
        assert rig.upstream.requests[-1].body == CALL
        assert rig.upstream.requests[-1].value("Content-Length") == str(len(CALL))


@pytest.mark.requirement("172", "H11")
async def test_no_continue_before_authentication() -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        await client.send(head(rig, "Content-Length: 10", "Expect: 100-continue", bearer="e30"))

        assert (await client.read_response()).status == 401
        rig.upstream.assert_untouched()


async def test_continue_after_authentication() -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        await client.send(head(rig, f"Content-Length: {len(CALL)}", "Expect: 100-continue"))
        interim = await client.reader.readuntil(b"\r\n\r\n")
        await client.send(CALL)

        assert interim == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert (await client.read_response()).status == 200


@pytest.mark.requirement("H4")
async def test_broken_chunks_are_refused() -> None:
    async with running_rig() as rig:
        response = await rig.send(head(rig, "Transfer-Encoding: chunked") + b"zz\r\n")

        assert response.status == 400
        rig.upstream.assert_untouched()
