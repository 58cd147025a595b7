"""URLs that an upstream makes of what the gateway sent, with real servers and raw ones."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from tests.support.gateway import running_gateway
from tests.support.mcp_servers import running_app
from tests.support.ports import reserved_port
from tests.support.raw_http import RawResponse, exchange, post, raw_connection
from tests.support.recording_upstream import RecordingUpstream, chunk, event_stream_head
from tests.support.rig import CALL
from tests.support.token_signer import TokenSigner

PUBLIC = "https://mcp.example.com"


class Site:
    """A gateway that is reached at `https://mcp.example.com` through something in front of it."""

    def __init__(self, port: int, signer: TokenSigner) -> None:
        self.port = port
        self._token = signer.token(f"{PUBLIC}/mcp")

    def request(self, path: str = "/mcp") -> bytes:
        sent = post(self.port, CALL, token=self._token, path=path)
        return sent.replace(f"127.0.0.1:{self.port}".encode(), b"mcp.example.com")

    async def call(self, path: str = "/mcp") -> RawResponse:
        return await exchange(self.port, self.request(path))


@asynccontextmanager
async def site(upstream: str, server: str = "") -> AsyncIterator[Site]:
    with reserved_port() as port:
        async with TokenSigner() as signer:
            config = f"""\
listen: 127.0.0.1:{port}
public_url: {PUBLIC}
issuers: {{default: {{issuer: "{signer.issuer}"}}}}
servers: {{mcp: {{upstream: {{url: "{upstream}"{server}}}, allow: any}}}}
"""
            async with running_gateway(config):
                yield Site(port, signer)


async def _answer(request: Request) -> JSONResponse:
    result = {"path": request.url.path, "query": request.url.query, "url": str(request.url)}
    return JSONResponse({"jsonrpc": "2.0", "id": 1, "result": result})


@pytest.mark.requirement("B1")
async def test_a_real_starlette_that_redirects_to_its_slash_path_is_followed() -> None:
    app = Starlette(routes=[Mount("/mcp", routes=[Route("/", _answer, methods=["POST"])])])
    with running_app(app) as origin:
        async with site(f"{origin}/mcp") as gateway:
            response = await gateway.call("/mcp?a=b")

    assert response.status == 200
    # It believes X-Forwarded-Proto, so what it redirected to was https at its own address.
    assert f'"{origin.replace("http:", "https:")}/mcp/?a=b"'.encode() in response.body


@pytest.mark.requirement("B1")
@pytest.mark.parametrize("host", ["", ", host: mcp.internal"])
async def test_a_redirect_to_the_public_host_is_followed_at_the_upstream(host: str) -> None:
    async with RecordingUpstream() as upstream, site(upstream.url, host) as gateway:
        upstream.replies.append(
            b"HTTP/1.1 308 Moved\r\nLocation: https://mcp.example.com/mcp/?a=b\r\n"
            b"Content-Length: 0\r\n\r\n"
        )

        response = await gateway.call()

        assert response.status == 200
        assert [each.target for each in upstream.requests] == ["/mcp", "/mcp/?a=b"]


@pytest.mark.requirement("B1")
@pytest.mark.parametrize("host", ["https://127.0.0.1:{}", "https://mcp.example.com", ""])
async def test_an_absolute_endpoint_of_a_legacy_server_leads_through_the_gateway(
    host: str,
) -> None:
    async with RecordingUpstream() as upstream, site(upstream.url) as gateway:
        endpoint = f"{host.format(upstream.port)}/messages?session=1".encode()
        event = b"event: endpoint\ndata: " + endpoint + b"\n\n"
        upstream.replies.append(event_stream_head() + chunk(event))
        async with raw_connection(gateway.port) as client:
            await client.send(_get(gateway.request()))
            await client.read_head()
            told = (await client.read_chunk()).decode().split("data: ")[1].strip()

            assert told.startswith("/mcp?mcpgw_endpoint=")
            assert (await gateway.call(told)).status == 200
            assert upstream.last.target == "/messages?session=1"


@pytest.mark.requirement("B1")
async def test_an_endpoint_at_another_host_ends_the_stream() -> None:
    async with RecordingUpstream() as upstream, site(upstream.url) as gateway:
        event = b"event: endpoint\ndata: https://other.example/messages\n\n"
        upstream.replies.append(event_stream_head() + chunk(event))
        async with raw_connection(gateway.port) as client:
            await client.send(_get(gateway.request()))
            await client.read_head()

            assert await client.is_closed()


@pytest.mark.requirement("A10")
async def test_what_the_upstreams_url_says_no_caller_says_otherwise() -> None:
    async with RecordingUpstream() as upstream:
        async with site(f"http://127.0.0.1:{upstream.port}/q?tenant=acme") as gateway:
            await gateway.call("/mcp?tenant=evil&x=1")

        assert upstream.last.target == "/q?tenant=acme&x=1"


def _get(request: bytes) -> bytes:
    head = request.partition(b"\r\n\r\n")[0].replace(b"POST", b"GET", 1)
    lines = [line for line in head.split(b"\r\n") if not line.startswith(b"Content-")]
    return b"\r\n".join(lines) + b"\r\n\r\n"
