"""A proxy in front that rewrites Host."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.support.gateway import running_gateway, short_config
from tests.support.ports import reserved_port
from tests.support.raw_http import RawResponse, exchange, post
from tests.support.recording_upstream import RecordingUpstream, json_reply
from tests.support.rig import CALL
from tests.support.token_signer import TokenSigner

pytestmark = pytest.mark.requirement("B10")

TRUSTED = "trusted_proxies: [127.0.0.1]\n"
PUBLIC = "https://mcp.example.com"


@asynccontextmanager
async def called(
    host: str, *forwarded: str, more: str = TRUSTED
) -> AsyncIterator[tuple[RawResponse, RecordingUpstream]]:
    """A good call through a proxy that says `forwarded` and asks for `host`."""
    with reserved_port() as port:
        async with RecordingUpstream() as upstream, TokenSigner() as signer:
            upstream.replies.append(json_reply(b'{"jsonrpc":"2.0","id":1,"result":{}}'))
            config = short_config(port, upstream.url, signer.issuer, more=more)
            config = config.replace(f"public_url: http://127.0.0.1:{port}", f"public_url: {PUBLIC}")
            token = signer.token(f"{PUBLIC}/mcp", header=None, key=None)
            request = post(port, CALL, token=token).replace(
                f"Host: 127.0.0.1:{port}".encode(),
                "\r\n".join(
                    [f"Host: {host}", *(f"X-Forwarded-Host: {each}" for each in forwarded)]
                ).encode(),
            )
            async with running_gateway(config):
                yield await exchange(port, request), upstream


@pytest.mark.parametrize(
    ("host", "forwarded"),
    [
        ("mcp.example.com", []),
        ("gateway.internal:8080", ["mcp.example.com"]),
        ("mcp_gateway", ["MCP.example.com:443"]),
        ("10.0.0.7", ["spoofed.example, mcp.example.com"]),
        ("10.0.0.7", ["spoofed.example", "mcp.example.com"]),
        ("mcp.example.com", ["other.example"]),
    ],
)
async def test_the_word_of_a_trusted_proxy_leads_to_the_server(
    host: str, forwarded: list[str]
) -> None:
    async with called(host, *forwarded) as (response, _):
        assert response.status == 200


@pytest.mark.parametrize(
    ("forwarded", "more"),
    [
        (["mcp.example.com"], ""),
        (["mcp.example.com"], "trusted_proxies: [10.0.0.0/8]\n"),
        ([], TRUSTED),
        (["other.example"], TRUSTED),
        (["mcp.example.com, other.example"], TRUSTED),
        (["mcp.example.com/x"], TRUSTED),
        ([""], TRUSTED),
    ],
)
async def test_nobody_elses_word_counts(forwarded: list[str], more: str) -> None:
    async with called("10.0.0.7", *forwarded, more=more) as (response, upstream):
        assert response.status == 421
        upstream.assert_untouched()


def warned(capfd: pytest.CaptureFixture[str]) -> dict[str, Any]:
    lines = [json.loads(each) for each in capfd.readouterr().err.splitlines()]
    (line,) = [each for each in lines if "not ours" in each["message"]]
    assert line["level"] == "warning"
    return dict(line)


async def test_the_log_names_the_host_that_came_and_those_expected(
    capfd: pytest.CaptureFixture[str],
) -> None:
    async with called("10.0.0.7", "mcp.example.com", more="") as (response, upstream):
        assert response.status == 421
        upstream.assert_untouched()

    told = warned(capfd)
    assert told["host"] == "10.0.0.7"
    assert told["expected"] == ["mcp.example.com", "mcp.example.com:443"]
    assert told["advice"].startswith("name the proxy 127.0.0.1 in trusted_proxies")


async def test_without_a_forwarded_host_the_log_says_what_a_proxy_must_do(
    capfd: pytest.CaptureFixture[str],
) -> None:
    async with called("10.0.0.7") as (_, upstream):
        upstream.assert_untouched()

    assert "must keep Host" in warned(capfd)["advice"]
