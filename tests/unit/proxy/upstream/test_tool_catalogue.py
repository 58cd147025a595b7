"""What a server publishes about its tools, asked of servers of both eras."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from gateway.errors import IdentityUnavailable
from gateway.proxy.upstream.gateway_requests import OwnRequests
from gateway.proxy.upstream.pool import UpstreamPool
from gateway.proxy.upstream.target import parse_target
from gateway.proxy.upstream.tool_catalogue import FRESH_S, STALE_S, ToolCatalogue
from gateway.proxy.upstream.upstream_limits import PoolLimits
from gateway.resilience.single_flight import SingleFlight
from tests.support.mcp_servers import running_mcp_server
from tests.support.recording_upstream import RecordingUpstream, chunk, event_stream_head, json_reply

PAGES = (
    b'{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"a"}],"nextCursor":"n"}}',
    b'{"jsonrpc":"2.0","id":2,"result":{"tools":[{"name":"b","annotations":'
    b'{"readOnlyHint":true,"title":"B"}}]}}',
)
LIMITS = PoolLimits(10, 10, 1.0, 4.0, 1.0, 5.0, 5.0)


@asynccontextmanager
async def catalogue_of(url: str, age: list[float]) -> AsyncIterator[ToolCatalogue]:
    target = parse_target(url, None)
    pool = UpstreamPool(target, LIMITS)
    async with asyncio.TaskGroup() as group:
        began = time.monotonic()
        yield ToolCatalogue(
            OwnRequests(pool, target, ()), SingleFlight(group), lambda: began + age[0]
        )
    await pool.aclose()


async def test_a_real_server_is_asked() -> None:
    with running_mcp_server("stateful") as url:
        async with catalogue_of(url, [0.0]) as catalogue:
            assert "whoami" in await catalogue.tools()
            assert await catalogue.annotations_of("no such tool") is None


async def test_a_server_of_the_older_revisions_is_greeted_first() -> None:
    hello = b'{"jsonrpc":"2.0","id":2,"result":{"protocolVersion":"2025-06-18"}}'
    tools = b'{"jsonrpc":"2.0","id":3,"result":{"tools":[{"name":"a"}]}}'
    events = b"event: message\ndata: " + tools + b"\n\n"
    async with RecordingUpstream() as upstream:
        upstream.replies.extend(
            [
                json_reply(b'{"jsonrpc":"2.0","error":{"code":-32600}}', status="400 Bad"),
                json_reply(hello, headers=b"Mcp-Session-Id: s1\r\n"),
                json_reply(b"", status="202 Accepted"),
                event_stream_head() + chunk(events) + chunk(b""),
            ]
        )
        async with catalogue_of(upstream.url, [0.0]) as catalogue:
            assert list(await catalogue.tools()) == ["a"]

        sessions = [each.value("Mcp-Session-Id") for each in upstream.requests]
        assert sessions == [None, None, "s1", "s1", "s1"]
        assert upstream.last.method == "DELETE"
        assert upstream.last.value("MCP-Protocol-Version") == "2025-06-18"


async def test_every_page_is_read_and_only_hints_are_kept() -> None:
    async with RecordingUpstream() as upstream:
        upstream.replies.extend(json_reply(page) for page in PAGES)
        async with catalogue_of(upstream.url, [0.0]) as catalogue:
            assert await catalogue.annotations_of("b") == {"readOnlyHint": True}
            assert await catalogue.annotations_of("a") == {}
        assert len(upstream.requests) == 2
        assert urlsplit(upstream.url).netloc == upstream.last.value("Host")


async def test_an_old_list_is_used_while_the_server_is_away() -> None:
    age = [0.0]
    async with RecordingUpstream() as upstream:
        upstream.replies.append(json_reply(PAGES[1].replace(b'"id":2', b'"id":1')))
        async with catalogue_of(upstream.url, age) as catalogue:
            await catalogue.tools()
            upstream.default_reply = json_reply(b"{}", status="500 Broken")
            age[0] = FRESH_S + 1
            assert "b" in await catalogue.tools()
            age[0] = STALE_S + 1
            with pytest.raises(IdentityUnavailable) as error:
                await catalogue.tools()

    assert error.value.reason == "tools_unknown"


@pytest.mark.requirement("A11")
@pytest.mark.parametrize(
    "revision", [r'"2025-11-25\r\nHost: internal"', r'"a\u0000"', "7", '"%s"' % ("9" * 65)]
)
async def test_a_revision_that_no_header_can_hold_goes_no_further(revision: str) -> None:
    hello = b'{"jsonrpc":"2.0","id":2,"result":{"protocolVersion":%s}}' % revision.encode()
    async with RecordingUpstream() as upstream:
        upstream.replies.extend([json_reply(b"{}", status="400 Bad"), json_reply(hello)])
        async with catalogue_of(upstream.url, [0.0]) as catalogue:
            with pytest.raises(IdentityUnavailable):
                await catalogue.tools()

        assert len(upstream.requests) == 2
        assert b"internal" not in upstream.received


@pytest.mark.requirement("A11")
async def test_a_session_id_that_is_none_is_not_sent_back() -> None:
    hello = b'{"jsonrpc":"2.0","id":2,"result":{"protocolVersion":"2025-06-18"}}'
    tools = b'{"jsonrpc":"2.0","id":3,"result":{"tools":[]}}'
    async with RecordingUpstream() as upstream:
        upstream.replies.extend(
            [
                json_reply(b"{}", status="400 Bad"),
                json_reply(hello, headers=b"Mcp-Session-Id: a b\xe9\r\n"),
                json_reply(b"", status="202 Accepted"),
                json_reply(tools),
            ]
        )
        async with catalogue_of(upstream.url, [0.0]) as catalogue:
            assert not await catalogue.tools()

        assert [each.value("Mcp-Session-Id") for each in upstream.requests] == [None] * 4


@pytest.mark.requirement("B5", "B1")
async def test_a_compressed_list_behind_a_redirect_is_read() -> None:
    async with RecordingUpstream() as upstream:
        place = f"Location: https://127.0.0.1:{upstream.port}/mcp/\r\nContent-Length: 0\r\n\r\n"
        page = gzip.compress(PAGES[1].replace(b'"id":2', b'"id":1'))
        upstream.replies.append(b"HTTP/1.1 307 Moved\r\n" + place.encode())
        upstream.replies.append(json_reply(page, headers=b"Content-Encoding: gzip\r\n"))
        async with catalogue_of(upstream.url, [0.0]) as catalogue:
            assert list(await catalogue.tools()) == ["b"]

        assert upstream.last.target == "/mcp/"
