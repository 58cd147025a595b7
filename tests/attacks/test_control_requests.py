"""Requests behind a request that the control plane answers: none is served, whoever reads it."""

import asyncio

import pytest

from tests.support.raw_http import post, raw_connection
from tests.support.rig import CALL, Rig, running_rig

METADATA = "/.well-known/oauth-protected-resource"
LOGOUT = "/.well-known/mcpgw/backchannel-logout/default"
WITH_LOGOUT = "backchannel_logout: {clients: [mcp-client]}"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"


async def answers(rig: Rig, *pieces: bytes) -> bytes:
    """All that comes back on one connection for these pieces, each in a segment of its own."""
    async with asyncio.timeout(5), raw_connection(rig.port) as client:
        for piece in pieces:
            await client.send(piece)
            await asyncio.sleep(0)  # another turn of the loop, so that it is read alone
        return await client.reader.read()


def posted(rig: Rig, framing: bytes) -> bytes:
    return rig.request("POST", LOGOUT, headers=FORM + framing)


@pytest.mark.requirement("H10")
@pytest.mark.parametrize("path", ["/health", METADATA, "/"])
@pytest.mark.parametrize("in_pieces", [False, True])
async def test_a_call_behind_a_document_is_not_made(path: str, in_pieces: bool) -> None:
    async with running_rig() as rig:
        document, call = rig.request("GET", path), post(rig.port, CALL, token=rig.token())
        sent = (document, call) if in_pieces else (document + call,)

        came = await answers(rig, *sent)

        assert came.startswith(b"HTTP/1.1 200 ")
        assert came.count(b"HTTP/1.1 ") == 1
        rig.upstream.assert_untouched()


@pytest.mark.requirement("H10")
@pytest.mark.parametrize(
    "framing",
    [b"Content-Length: 1\r\n", b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n"],
)
async def test_a_body_that_is_longer_than_it_says_is_no_call(framing: bytes) -> None:
    async with running_rig(issuer=WITH_LOGOUT) as rig:
        call = post(rig.port, CALL, token=rig.token())
        body = b"0\r\n\r\n" if b"chunked" in framing else b"x"

        came = await answers(rig, posted(rig, framing) + body + call)

        assert came.startswith(b"HTTP/1.1 400 ")
        assert came.count(b"HTTP/1.1 ") == 1
        rig.upstream.assert_untouched()


@pytest.mark.requirement("H10")
@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Content-Length: +5\r\n",
    ],
)
async def test_framing_with_two_readings_is_judged_before_anybody_else_reads(
    framing: bytes,
) -> None:
    async with running_rig(issuer=WITH_LOGOUT) as rig:
        call = post(rig.port, CALL, token=rig.token())

        came = await answers(rig, posted(rig, framing) + b"0\r\n\r\n" + call)

        assert came.startswith(b"HTTP/1.1 400 ")
        assert came.count(b"HTTP/1.1 ") == 1
        assert b"text/plain" not in came  # aiohttp's own word
        rig.upstream.assert_untouched()


@pytest.mark.requirement("H10")
async def test_a_body_that_a_document_does_not_want_is_no_call() -> None:
    async with running_rig() as rig:
        call = post(rig.port, CALL, token=rig.token())
        head = rig.request("GET", "/health", headers=b"Content-Length: %d\r\n" % len(call))

        came = await answers(rig, head, call)

        assert came.startswith(b"HTTP/1.1 200 ")
        assert came.count(b"HTTP/1.1 ") == 1
        rig.upstream.assert_untouched()


@pytest.mark.requirement("H15")
async def test_a_logout_that_is_too_large_is_refused() -> None:
    async with running_rig(issuer=WITH_LOGOUT) as rig:
        too_large = posted(rig, b"Content-Length: 65537\r\n")

        came = await answers(rig, too_large)

        assert came.startswith(b"HTTP/1.1 413 ")
        rig.upstream.assert_untouched()


async def test_what_aiohttp_alone_refuses_leaves_no_trace_of_an_error(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A stranger could fill the log with what another parser thinks of a request."""
    twice = b"ETag: a\r\nETag: b\r\n"
    async with running_rig() as rig:
        response = await rig.send(rig.request("GET", METADATA, headers=twice))
        rig.upstream.assert_untouched()

    assert response.status == 400
    assert '"level": "error"' not in capfd.readouterr().err
