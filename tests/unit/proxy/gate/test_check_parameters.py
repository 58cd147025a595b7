"""Comparing headers that repeat arguments with the body, by what a real list of tools says."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from gateway.errors import HeaderMismatch, InvalidMessage
from gateway.mcp.message import Message
from gateway.mcp.operation import Operation, operation_of
from gateway.proxy.gate.check_parameters import check_parameters
from gateway.proxy.upstream.gateway_requests import OwnRequests
from gateway.proxy.upstream.pool import UpstreamPool
from gateway.proxy.upstream.target import parse_target
from gateway.proxy.upstream.tool_catalogue import ToolCatalogue
from gateway.resilience.single_flight import SingleFlight
from tests.support.heads import head
from tests.support.recording_upstream import RecordingUpstream, json_reply
from tests.unit.proxy.conftest import LIMITS

REGION = {"type": "string", "x-mcp-header": "Region"}
TOOL = {"name": "query", "inputSchema": {"type": "object", "properties": {"region": REGION}}}
TOOLS = json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"tools": [TOOL]}}).encode()


@asynccontextmanager
async def publishing(
    flights: SingleFlight, tools: bytes = TOOLS
) -> AsyncIterator[tuple[ToolCatalogue, RecordingUpstream]]:
    async with RecordingUpstream(json_reply(tools)) as upstream:
        target = parse_target(upstream.url)
        pool = UpstreamPool(target, LIMITS)
        yield ToolCatalogue(OwnRequests(pool, target, ()), flights, time.monotonic), upstream
        await pool.aclose()


def call(arguments: str, revision: str = "2026-07-28", name: str = "query") -> Operation:
    raw = msgspec.Raw(arguments.encode())
    message = Message("request", "tools/call", 1, name, revision, "tool", raw)
    return operation_of([message], revision)


def headed(value: str | None) -> list[tuple[str, str]]:
    return [] if value is None else [("Mcp-Param-Region", value)]


@pytest.mark.requirement("33", "34")
@pytest.mark.parametrize("value", ["eu", None])
async def test_a_header_that_differs_or_is_missing_is_refused(
    flights: SingleFlight, value: str | None
) -> None:
    async with publishing(flights) as (catalogue, _):
        await check_parameters(catalogue, head(headers=headed("us")), call('{"region":"us"}'))

        with pytest.raises(HeaderMismatch):
            await check_parameters(catalogue, head(headers=headed(value)), call('{"region":"us"}'))


async def test_without_such_a_header_nobody_asks_the_server(flights: SingleFlight) -> None:
    async with publishing(flights) as (catalogue, upstream):
        await check_parameters(catalogue, head(), call('{"region":"us"}'))

        upstream.assert_untouched()


async def test_what_the_gateway_does_not_know_passes(flights: SingleFlight) -> None:
    async with publishing(flights) as (catalogue, _):
        sent = head(headers=headed("us"))

        await check_parameters(catalogue, sent, call("{}", name="other"))
        await check_parameters(catalogue, sent, call('{"region":"eu"}', revision="2025-11-25"))


@pytest.mark.requirement("34")
async def test_a_server_that_does_not_answer_does_not_stop_a_call(flights: SingleFlight) -> None:
    async with publishing(flights, b"{}") as (catalogue, _):
        await check_parameters(catalogue, head(headers=headed("us")), call('{"region":"eu"}'))


async def test_arguments_that_can_be_read_in_two_ways_are_refused(flights: SingleFlight) -> None:
    async with publishing(flights) as (catalogue, _):
        twice = call('{"region":"us","region":"eu"}')

        with pytest.raises(InvalidMessage):
            await check_parameters(catalogue, head(headers=headed("us")), twice)
