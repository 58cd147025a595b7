"""The official SDK's client, a certified provider and the SDK's servers, with the gateway between.

Nothing here knows the gateway from inside: it is what a person with an MCP client sees.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from typing import get_args

import httpx2
import pytest
from mcp.client import Client

from tests.support.gateway import running_gateway, short_config
from tests.support.identity_provider import OidcProvider
from tests.support.mcp_servers import Kind, running_mcp_server
from tests.support.oauth_client import Mode, Person, connected_client, connected_sse_client
from tests.support.ports import reserved_port

ACCEPT = "application/json, text/event-stream"


@pytest.fixture(scope="module")
def servers() -> Iterator[Mapping[Kind, str]]:
    """Each kind of upstream, by the URL of its endpoint."""
    kinds: tuple[Kind, ...] = get_args(Kind)
    with ExitStack() as running:
        yield {kind: running.enter_context(running_mcp_server(kind)) for kind in kinds}


@pytest.fixture
def stateful_server(servers: Mapping[Kind, str]) -> str:
    return servers["stateful"]


@asynccontextmanager
async def gateway_before(upstream: str, provider: OidcProvider, port: int) -> AsyncIterator[str]:
    """Put the gateway in front of an upstream and give the URL that people type."""
    async with running_gateway(short_config(port, upstream, provider.issuer)):
        yield f"http://127.0.0.1:{port}/mcp"


async def identity_seen_by(client: Client) -> dict[str, str]:
    """The identity headers that reached the upstream with a call of this client."""
    result = await client.call_tool("whoami", {})
    assert result.structured_content is not None
    return dict(result.structured_content)


async def open_session(http_client: httpx2.AsyncClient, url: str) -> str:
    """Do the handshake of 2025-11-25 by hand and give the session id."""
    params = {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "by hand", "version": "1"},
    }
    message = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}
    answer = await http_client.post(url, json=message, headers={"Accept": ACCEPT})
    assert answer.status_code == 200, answer.text
    return str(answer.headers["Mcp-Session-Id"])


async def call_whoami(
    http_client: httpx2.AsyncClient, url: str, token: str | None
) -> httpx2.Response:
    """Post a tools/call by hand."""
    headers = {"Accept": ACCEPT} | ({"Authorization": f"Bearer {token}"} if token else {})
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "whoami"}}
    return await http_client.post(url, json=message, headers=headers)


@pytest.mark.requirement("1", "2", "3", "8", "12", "80", "94")
@pytest.mark.parametrize("mode", ["auto", "legacy", "2026-07-28"])
@pytest.mark.parametrize("kind", ["stateful", "stateless", "json"])
async def test_sdk_client_discovers_registers_logs_in_and_calls_tools(
    kind: Kind, mode: Mode, oidc_provider: OidcProvider, port: int, servers: Mapping[Kind, str]
) -> None:
    async with (
        gateway_before(servers[kind], oidc_provider, port) as url,
        connected_client(Person(url), mode) as client,
    ):
        tools = await client.list_tools()
        identity = await identity_seen_by(client)

    assert {tool.name for tool in tools.tools} >= {"whoami", "add", "count"}
    assert identity["x-user-id"] == "ada"
    assert identity["x-user-email"] == "ada@example.com"
    assert identity["x-user-issuer"] == oidc_provider.issuer


@pytest.mark.requirement("39", "M14")
async def test_client_of_the_first_transport_logs_in_and_calls_tools(
    oidc_provider: OidcProvider, port: int, servers: Mapping[Kind, str]
) -> None:
    async with (
        gateway_before(servers["sse"], oidc_provider, port) as url,
        connected_sse_client(Person(url)) as client,
    ):
        identity = await identity_seen_by(client)

    assert identity["x-user-id"] == "ada"


@pytest.mark.requirement("39", "S1")
@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_progress_arrives_while_the_tool_still_runs(
    mode: Mode, oidc_provider: OidcProvider, port: int, stateful_server: str
) -> None:
    arrived: list[float] = []
    clock = asyncio.get_running_loop().time

    async def note(progress: float, total: float | None, message: str | None) -> None:
        arrived.append(clock())

    async with (
        gateway_before(stateful_server, oidc_provider, port) as url,
        connected_client(Person(url), mode) as client,
    ):
        arguments = {"to": 3, "delay_s": 0.1}
        await client.call_tool("count", arguments, progress_callback=note)

    assert len(arrived) == 3
    assert arrived[2] - arrived[0] > 0.1


@pytest.mark.requirement("142", "I1", "I2", "I3")
async def test_client_cannot_say_who_it_is(
    oidc_provider: OidcProvider, port: int, stateful_server: str
) -> None:
    forged = {"X-User-Id": "root", "x_user_email": "root@example.com", "x-USER-name": "Root"}

    async with (
        gateway_before(stateful_server, oidc_provider, port) as url,
        connected_client(Person(url), "auto", headers=forged) as client,
    ):
        identity = await identity_seen_by(client)

    assert identity["x-user-id"] == "ada"
    assert "root" not in json.dumps(identity).lower()


@pytest.mark.requirement("40", "181", "183", "186", "M13")
async def test_two_people_at_once_are_never_mixed_up(
    oidc_provider: OidcProvider, port: int, stateful_server: str
) -> None:
    """Both clients count their request ids from the same number."""
    async with (
        gateway_before(stateful_server, oidc_provider, port) as url,
        connected_client(Person(url, "ada"), "auto") as one,
        connected_client(Person(url, "grace"), "auto") as other,
    ):
        seen = await asyncio.gather(*(identity_seen_by(client) for client in (one, other) * 10))

    assert [who["x-user-id"] for who in seen] == ["ada", "grace"] * 10


@pytest.mark.requirement("9", "24", "95", "J16")
async def test_token_of_another_server_at_the_same_provider_is_refused(
    oidc_provider: OidcProvider, port: int, stateful_server: str
) -> None:
    with reserved_port() as other_port:
        async with (
            gateway_before(stateful_server, oidc_provider, port) as url,
            gateway_before(stateful_server, oidc_provider, other_port) as other_url,
            httpx2.AsyncClient() as http_client,
        ):
            person = Person(url)
            async with connected_client(person, "auto"):
                pass
            answer = await call_whoami(http_client, other_url, person.access_token)

    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


@pytest.mark.requirement("21", "23", "M14")
async def test_session_without_a_token_opens_nothing(
    oidc_provider: OidcProvider, port: int, stateful_server: str
) -> None:
    async with gateway_before(stateful_server, oidc_provider, port) as url:
        person = Person(url)
        async with httpx2.AsyncClient(auth=person.oauth()) as http_client:
            session_id = await open_session(http_client, url)
        async with httpx2.AsyncClient(headers={"Mcp-Session-Id": session_id}) as stranger:
            answers = [await stranger.request(method, url) for method in ("GET", "DELETE")]
            answers.append(await call_whoami(stranger, url, token=None))

    assert [answer.status_code for answer in answers] == [401, 401, 401]


@pytest.mark.requirement("42")
async def test_client_learns_that_its_session_ended(
    oidc_provider: OidcProvider, port: int, stateful_server: str
) -> None:
    async with (
        gateway_before(stateful_server, oidc_provider, port) as url,
        httpx2.AsyncClient(auth=Person(url).oauth()) as http_client,
    ):
        http_client.headers["Mcp-Session-Id"] = await open_session(http_client, url)
        ended = await http_client.delete(url)
        answer = await call_whoami(http_client, url, token=None)

    assert ended.status_code == 200
    assert answer.status_code == 404
