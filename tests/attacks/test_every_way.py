"""What holds for a message holds on every way that a message can come."""

import json
from collections.abc import Callable

import pytest
from aiohttp import ClientSession

from tests.attacks.messages import MIRRORING, call
from tests.attacks.mirrored_headers import META
from tests.integration.test_revocation import ADMIN, TOKEN
from tests.support.raw_http import RawResponse, post, raw_connection
from tests.support.recording_upstream import chunk, event_stream_head
from tests.support.rig import Rig, running_rig

LIMIT = 2048
SERVER = f"tools: {{gateway: [cli_status, cli_whoami]}}, limits: {{body: {LIMIT}B}}"
OWN, THEIRS = "cli_whoami", "whoami"


async def legacy_path(rig: Rig) -> str:
    """The sealed place that a server of the first transport gave."""
    rig.upstream.replies.append(
        event_stream_head() + chunk(b"event: endpoint\ndata: /messages\n\n")
    )
    headers = f"Authorization: Bearer {rig.token()}\r\nAccept: text/event-stream\r\n".encode()
    async with raw_connection(rig.port) as client:
        await client.send(rig.request("GET", "/mcp", headers=headers))
        assert (await client.read_head()).status == 200
        event = await client.read_chunk()
    return event.decode().partition("data: ")[2].strip()


async def path_of(way: str, rig: Rig) -> str:
    return await legacy_path(rig) if way == "legacy" else "/mcp"


def chunked(request: bytes) -> bytes:
    """The same request, its body as one chunk without an announced length."""
    head, _, body = request.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length")]
    return b"\r\n".join([*lines, b"Transfer-Encoding: chunked", b"", chunk(body) + chunk(b"")])


def mirrored(name: str) -> bytes:
    return f"{MIRRORING}\r\nMcp-Method: tools/call\r\nMcp-Name: {name}\r\n".encode()


async def send_all(rig: Rig, request: bytes) -> RawResponse:
    async with raw_connection(rig.port) as client:
        await client.send(request)
        return await client.read_response()


@pytest.mark.requirement("182", "32", "M9")
@pytest.mark.parametrize(("way", "tool"), [("plain", THEIRS), ("legacy", THEIRS), ("own", OWN)])
async def test_a_header_that_says_something_else_is_refused_on_every_way(
    way: str, tool: str
) -> None:
    body = call(b'{"name":"%b",%b}' % (tool.encode(), META % b"2026-07-28"))
    async with running_rig(server=SERVER) as rig:
        path, token = await path_of(way, rig), rig.token()
        before = len(rig.upstream.requests)
        for lie in ("cli_status", "other"):
            request = post(rig.port, body, token=token, path=path, headers=mirrored(lie))
            refused = await send_all(rig, request)
            assert refused.status == 400
            assert json.loads(refused.body)["error"]["code"] == -32020
        assert len(rig.upstream.requests) == before

        request = post(rig.port, body, token=token, path=path, headers=mirrored(tool))
        assert (await send_all(rig, request)).status == 200


@pytest.mark.requirement("180")
@pytest.mark.parametrize("form", [bytes, chunked], ids=["announced", "chunked"])
@pytest.mark.parametrize(("way", "tool"), [("plain", THEIRS), ("legacy", THEIRS), ("own", OWN)])
async def test_a_body_has_a_limit_on_every_way(
    way: str, tool: str, form: Callable[[bytes], bytes]
) -> None:
    async with running_rig(server=SERVER) as rig:
        path, token = await path_of(way, rig), rig.token()
        frame = len(call(b'{"name":"%b","x":""}' % tool.encode()))
        bodies = [
            call(b'{"name":"%b","x":"%b"}' % (tool.encode(), b"a" * (size - frame)))
            for size in (LIMIT, LIMIT + 1)
        ]

        fits, exceeds = [
            await send_all(rig, form(post(rig.port, body, token=token, path=path)))
            for body in bodies
        ]

        assert (fits.status, exceeds.status) == (200, 413)
        passed = [each.body for each in rig.upstream.requests if tool.encode() in each.body]
        assert passed == ([] if way == "own" else bodies[:1])


@pytest.mark.requirement("180")
@pytest.mark.parametrize("form", [bytes, chunked], ids=["announced", "chunked"])
async def test_a_logout_has_a_limit_too(form: Callable[[bytes], bytes]) -> None:
    async with running_rig(issuer="backchannel_logout: {clients: [mcp-client]}") as rig:
        path = "/.well-known/mcpgw/backchannel-logout/default"
        request = post(rig.port, b"logout_token=" + b"a" * 1024 * 1024, path=path)

        assert (await send_all(rig, form(request))).status == 413


@pytest.mark.requirement("180")
async def test_a_revocation_has_a_limit_too() -> None:
    async with (
        running_rig(ADMIN.format(state="./state", store="memory:")) as rig,
        ClientSession(headers=TOKEN) as client,
    ):
        url = f"http://127.0.0.1:{rig.admin_port}/revocations"
        answer = await client.post(url, json={"subject": "a" * 80_000})
        listed = await (await client.get(url)).json()

    assert 400 <= answer.status < 500
    assert listed == {"revocations": []}


@pytest.mark.requirement("179")
@pytest.mark.parametrize("way", ["plain", "legacy"])
@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("{ours}", "https://app.example", 200),
        ("{ours}", "https://evil.example", 403),
        ("{ours}", "http://{ours}", 200),
        ("evil.example", "https://app.example", 421),
        ("evil.example", "https://evil.example", 421),
        ("evil.example", "http://evil.example", 421),
        ("app.example", "https://app.example", 421),
    ],
)
async def test_neither_host_nor_origin_speaks_for_the_other(
    way: str, host: str, origin: str, status: int
) -> None:
    """DNS rebinding makes both the attacker's; a page elsewhere has an honest Host."""
    async with running_rig(server="allowed_origins: ['https://app.example']") as rig:
        path, ours = await path_of(way, rig), f"127.0.0.1:{rig.port}"
        before = len(rig.upstream.requests)
        header = f"Origin: {origin.format(ours=ours)}\r\n".encode()
        request = post(rig.port, call(), token=rig.token(), path=path, headers=header)
        named = host.format(ours=ours).encode()

        response = await send_all(rig, request.replace(ours.encode(), named, 1))

        assert response.status == status
        assert len(rig.upstream.requests) == before + (status == 200)
