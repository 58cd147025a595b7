"""When the gateway's own tools are called, and how they stand beside a server's in its list."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from gateway.errors import InvalidMessage, MissingToken
from gateway.identity.principal import Principal
from gateway.mcp.message import Message
from gateway.mcp.operation import operation_of
from gateway.proxy.gate.own_tools import OwnTools
from gateway.proxy.upstream.gateway_requests import OwnRequests
from gateway.proxy.upstream.pool import UpstreamPool
from gateway.proxy.upstream.target import parse_target
from gateway.proxy.upstream.tool_catalogue import ToolCatalogue
from gateway.resilience.single_flight import SingleFlight
from gateway.tools.toolbox import Toolbox
from tests.support.heads import head
from tests.support.recording_upstream import RecordingUpstream, json_reply
from tests.unit.proxy.conftest import LIMITS
from tests.unit.tools.test_answers import facts

ADA = Principal("https://idp.example.com", "ada")
STATUS = Message("request", "tools/call", 7, "cli_status", target="tool")
WHOAMI = Message("request", "tools/call", 8, "cli_whoami", target="tool")
THEIRS = Message("request", "tools/call", 9, "whoami", target="tool")


@dataclass
class Caller:
    principal: Principal | None = ADA
    token: str | None = None


@asynccontextmanager
async def beside(flights: SingleFlight, *theirs: str) -> AsyncIterator[OwnTools]:
    """Our two tools beside a server with these."""
    published = {"jsonrpc": "2.0", "id": 1, "result": {"tools": [{"name": x} for x in theirs]}}
    async with RecordingUpstream(json_reply(json.dumps(published).encode())) as upstream:
        target = parse_target(upstream.url)
        pool = UpstreamPool(target, LIMITS)
        catalogue = ToolCatalogue(OwnRequests(pool, target, ()), flights, time.monotonic)
        chosen = Toolbox({"cli_status": "cli_status", "cli_whoami": "cli_whoami"}, facts({}))
        yield OwnTools(chosen, catalogue)
        await pool.aclose()


async def test_a_call_of_ours_is_told_from_one_of_the_servers(flights: SingleFlight) -> None:
    async with beside(flights, "whoami") as own:
        assert await own.are_called(head(), [STATUS])
        assert not await own.are_called(head(), [THEIRS])


async def test_a_servers_tool_of_the_same_name_keeps_it(flights: SingleFlight) -> None:
    async with beside(flights, "cli_status") as own:
        assert not await own.are_called(head(), [STATUS])
        assert await own.are_called(head(), [WHOAMI])


async def test_ours_are_called_in_a_message_of_their_own(flights: SingleFlight) -> None:
    async with beside(flights) as own:
        assert await own.are_called(head(), [STATUS, WHOAMI])

        with pytest.raises(InvalidMessage):
            await own.are_called(head(), [STATUS, THEIRS])


async def test_each_message_is_answered_under_its_id(flights: SingleFlight) -> None:
    async with beside(flights) as own:
        operation = operation_of([STATUS, WHOAMI], "2025-03-26")

        answers = json.loads(await own.answer(Caller(), operation, 1.0, batch=True))

        assert [each["id"] for each in answers] == [7, 8]
        assert answers[1]["result"]["structuredContent"]["subject"] == "ada"


async def test_who_has_no_token_calls_the_public_ones_only(flights: SingleFlight) -> None:
    async with beside(flights) as own:
        nobody = Caller(None)
        public = operation_of([STATUS], None)

        answer = json.loads(await own.answer(nobody, public, 1.0, batch=False))

        assert answer["result"]["structuredContent"]["authenticated"] is False
        with pytest.raises(MissingToken):
            await own.answer(nobody, operation_of([WHOAMI], None), 1.0, batch=False)


def listed(own: OwnTools, *theirs: str, principal: Principal | None = ADA) -> list[str]:
    """The names in a list as it leaves the gateway."""
    asked = operation_of([Message("request", "tools/list", 1)], None)
    answer = {"jsonrpc": "2.0", "id": 1, "result": {"tools": [{"name": x} for x in theirs]}}
    text = json.dumps(answer).encode()
    for change in own.changes(principal, head(), asked, ()):
        text = change(text)
    return [each["name"] for each in json.loads(text)["result"]["tools"]]


async def test_a_list_has_the_servers_tools_and_ours(flights: SingleFlight) -> None:
    async with beside(flights) as own:
        assert set(listed(own, "whoami")) == {"whoami", "cli_status", "cli_whoami"}
        assert listed(own, "cli_status").count("cli_status") == 1


async def test_who_has_no_token_sees_the_public_ones_of_ours(flights: SingleFlight) -> None:
    async with beside(flights) as own:
        assert set(listed(own, principal=None)) == {"cli_status"}


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_answers_that_hold_no_list_are_left_alone(flights: SingleFlight, method: str) -> None:
    async with beside(flights) as own:
        assert own.changes(ADA, head(method), operation_of([], None), ()) == ()
