"""Servers of the official SDKs that believe the signed assertion and nothing else."""

import json
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import jwt
import pytest
import uvicorn
from aiohttp import ClientSession

from examples.assertion_server import build_app
from tests.support.gateway import running_gateway
from tests.support.node import PROVIDER_HOME, node_command
from tests.support.ports import listening_socket, reserved_port
from tests.support.processes import read_line, stop
from tests.support.rig import running_rig
from tests.support.token_signer import TokenSigner

ROOT = Path(__file__).parents[2]
AUDIENCE = "https://tools.example"
KEYS = "/.well-known/mcpgw/assertion-keys.json"
ASSERTION = f"forward: {{assertion: {{audience: '{AUDIENCE}'}}}}"
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "whoami"}}
HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}

Start = Callable[[str], AbstractContextManager[str]]


@contextmanager
def python_server(keys_url: str) -> Iterator[str]:
    listener = listening_socket()
    config = uvicorn.Config(build_app(keys_url, AUDIENCE), log_level="critical", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
    finally:
        server.should_exit = True
        thread.join(5)
        listener.close()


@contextmanager
def typescript_server(keys_url: str) -> Iterator[str]:
    argv = [node_command(), str(PROVIDER_HOME / "assertion-server.mjs"), keys_url, AUDIENCE]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
    try:
        yield read_line(process, limit_s=20)
    finally:
        stop(process)


SERVERS = pytest.mark.parametrize("start", [python_server, typescript_server])


async def _through_gateway(start: Start, forward: str) -> tuple[int, str, str]:
    """Call a server through the gateway: status, body, and the token that was shown."""
    with reserved_port() as port, start(f"http://127.0.0.1:{port}{KEYS}") as upstream:
        async with TokenSigner() as signer:
            config = f"""\
listen: 127.0.0.1:{port}
public_url: http://127.0.0.1:{port}
issuers: {{corp: {{issuer: "{signer.issuer}"}}}}
servers: {{mcp: {{upstream: "{upstream}", allow: any, {forward}}}}}
"""
            token = signer.token(f"http://127.0.0.1:{port}/mcp", groups=["dev"])
            async with running_gateway(config), ClientSession(headers=HEADERS) as client:
                bearer = {"Authorization": f"Bearer {token}"}
                url = f"http://127.0.0.1:{port}/mcp"
                async with client.post(url, json=CALL, headers=bearer) as response:
                    return response.status, await response.text(), token


@SERVERS
@pytest.mark.requirement("I10", "142")
async def test_a_server_of_the_sdk_learns_who_calls_from_the_assertion(start: Start) -> None:
    status, body, token = await _through_gateway(start, ASSERTION)

    assert status == 200
    content = json.loads(json.loads(body)["result"]["content"][0]["text"])
    assert (content["sub"], content["client_id"]) == ("ada", "test-client")
    assert content["groups"] == ["dev"]
    assert content["mcp"] == {"method": "tools/call", "name": "whoami"}
    assert token not in body


@SERVERS
@pytest.mark.requirement("I10", "142")
@pytest.mark.parametrize(
    "forward", ["forward: {}", "forward: {assertion: {audience: 'https://b'}}"]
)
async def test_it_refuses_what_comes_without_one_or_for_somebody_else(
    start: Start, forward: str
) -> None:
    status, _, _ = await _through_gateway(start, forward)

    assert status == 403


@SERVERS
@pytest.mark.requirement("I10")
async def test_it_refuses_a_stolen_assertion_with_another_body(start: Start) -> None:
    async with running_rig(server=ASSERTION) as rig:
        await rig.call(body=json.dumps(CALL).encode())
        stolen = {"X-Gateway-Assertion": str(rig.upstream.last.value("X-Gateway-Assertion"))}
        with start(rig.origin + KEYS) as url:
            async with ClientSession(headers=HEADERS) as client:
                other = json.dumps(CALL | {"id": 2}).encode()
                answers = [
                    (await client.post(url, data=body, headers=headers)).status
                    for body, headers in [
                        (json.dumps(CALL).encode(), stolen),
                        (other, stolen),
                        (json.dumps(CALL).encode(), {}),
                        (json.dumps(CALL).encode(), {"X-Gateway-Assertion": "a.b.c"}),
                    ]
                ]

    assert answers == [200, 403, 403, 403]


@pytest.mark.requirement("I1", "I2", "I3", "I10")
@pytest.mark.parametrize(
    "name", ["X-Gateway-Assertion", "x_gateway_assertion", "X-GATEWAY-assertion"]
)
async def test_a_caller_brings_no_assertion_of_his_own(name: str) -> None:
    async with running_rig(server=ASSERTION) as rig:
        await rig.call(headers=f"{name}: forged\r\n".encode())

        seen = [value for key, value in rig.upstream.last.headers if "assertion" in key.lower()]
        assert len(seen) == 1
        assert seen != ["forged"]


@pytest.mark.requirement("I10", "142")
@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256"])
async def test_it_is_short_lived_and_verifies_with_the_published_keys(algorithm: str) -> None:
    more = f"assertion_keys: {{algorithm: {algorithm}}}\n"
    async with running_rig(more, server="forward: {assertion: {}}") as rig:
        await rig.call()
        shown = str(rig.upstream.last.value("X-Gateway-Assertion"))
        async with ClientSession() as client, client.get(rig.origin + KEYS) as response:
            published = await response.json()

    header = jwt.get_unverified_header(shown)
    key = jwt.PyJWKSet.from_dict(published)[header["kid"]]
    claims = jwt.decode(shown, key, [algorithm], audience=rig.upstream.url, issuer=rig.resource)
    assert header["typ"] == "gateway-assertion+jwt"
    assert 0 < claims["exp"] - time.time() <= 60
    assert all("d" not in each for each in published["keys"])


def test_the_page_shows_the_very_code_that_is_tested() -> None:
    page = (ROOT / "docs" / "assertion.md").read_text(encoding="utf-8")
    for path, mark in (
        ("examples/assertion_server.py", "#"),
        ("tests/idp/assertion-server.mjs", "//"),
    ):
        text = (ROOT / path).read_text(encoding="utf-8")
        shown = re.search(rf"{mark} docs: begin\n(.*?)\n\s*{mark} docs: end", text, re.DOTALL)
        assert shown is not None
        assert shown[1].rstrip() in page


@pytest.mark.requirement("A20")
async def test_what_the_gateway_itself_asks_is_vouched_for_as_of_now() -> None:
    body = CALL | {"params": {"name": "cli_whoami"}}
    server = f"{ASSERTION}, tools: {{gateway: all}}"
    async with running_rig(server=server) as rig:
        await rig.call(body=json.dumps(body).encode())
        asked = [each for each in rig.upstream.requests if b'"tools/list"' in each.body]
        listen = b"Accept: text/event-stream\r\nAuthorization: Bearer %b\r\n"
        head = rig.request("GET", "/mcp", headers=listen % rig.token().encode())
        await rig.send(head)

        for request, method in ((asked[0], "POST"), (rig.upstream.last, "GET")):
            shown = request.values("X-Gateway-Assertion")[0]
            claims = jwt.decode(shown, options={"verify_signature": False})
            assert abs(claims["iat"] - time.time()) < 10
            assert claims["htm"] == method
