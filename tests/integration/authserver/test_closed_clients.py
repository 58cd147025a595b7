"""Clients whose programs cannot run here log in, each with what it is known to send.

What that is stands in docs/clients.md with its sources: bodies of registrations, shapes of
documents, redirect URIs, and what each leaves out, repeats or names in its own way.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.support.login_gateway import login_gateway
from tests.support.login_pages import OAuthClient, PersonsBrowser
from tests.support.login_place import LoginPlace, login_place
from tests.support.mcp_servers import running_mcp_server
from tests.support.recording_upstream import RecordingUpstream

BOTH = ["authorization_code", "refresh_token"]
PUBLIC = {"token_endpoint_auth_method": "none", "grant_types": BOTH, "response_types": ["code"]}
CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "x", "version": "1"},
    },
}


@dataclass(frozen=True, slots=True)
class Habits:
    """How one client does it. `document` or `registers` is what it says of itself.

    `resources` are named at authorize, `later` at the token endpoint; `{url}` and `{issuer}` in
    them stand for the server's.
    """

    comes_back_to: str
    registers: Mapping[str, object] | None = None
    document: Mapping[str, object] | None = None
    asks: Mapping[str, str] = field(default_factory=dict)
    resources: Sequence[str] = ("{url}",)
    later: Mapping[str, str] = field(default_factory=dict)
    uses_basic: bool = False


CLIENTS = {
    "Claude Code, which names no resource": Habits(
        "http://localhost:51234/callback",
        document=PUBLIC
        | {"redirect_uris": ["http://localhost/callback", "http://127.0.0.1/callback"]},
        asks={"scope": "mcp:read offline_access", "prompt": "consent"},
        resources=(),
    ),
    "Claude Code, which names the origin": Habits(
        "http://localhost:51234/callback",
        registers=PUBLIC
        | {
            "client_name": "Claude Code (files)",
            "redirect_uris": ["http://localhost:51234/callback"],
        },
        resources=("{issuer}/",),
        later={"resource": "{issuer}/"},
    ),
    "Claude's connectors, registered": Habits(
        "https://claude.ai/api/mcp/auth_callback",
        registers=PUBLIC
        | {
            "client_name": "Claude",
            "redirect_uris": ["https://claude.ai/api/mcp/auth_callback"],
            "token_endpoint_auth_method": "client_secret_post",
            "scope": "claudeai",
        },
        asks={"scope": "claudeai"},
    ),
    "Claude's connectors, by a document": Habits(
        "https://claude.ai/api/mcp/auth_callback",
        document=PUBLIC
        | {
            "redirect_uris": ["https://claude.ai/api/mcp/auth_callback"],
            "grant_types": [*BOTH, "urn:ietf:params:oauth:grant-type:jwt-bearer"],
        },
        later={"resource": "{url}"},
    ),
    "ChatGPT": Habits(
        "https://chatgpt.com/connector_platform_oauth_redirect",
        document=PUBLIC
        | {
            "redirect_uris": ["https://chatgpt.com/connector_platform_oauth_redirect"],
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
            "token_endpoint_auth_signing_alg": "RS256",
            "jwks_uri": "https://chatgpt.com/oauth/jwks.json",
        },
        later={"resource": "{url}"},
    ),
    "Codex, which names the resource twice": Habits(
        "http://127.0.0.1:50123/callback/Ab3dEf6hIj9k",
        registers=PUBLIC
        | {
            "client_name": "Codex",
            "redirect_uris": ["http://127.0.0.1:50123/callback/Ab3dEf6hIj9k"],
        },
        resources=("{url}", "{url}"),
    ),
    "VS Code, whose usual port is taken": Habits(
        "http://127.0.0.1:59656/",
        registers=PUBLIC
        | {
            "client_name": "Visual Studio Code",
            "client_uri": "https://code.visualstudio.com",
            "application_type": "native",
            "grant_types": [*BOTH, "urn:ietf:params:oauth:grant-type:device_code"],
            "redirect_uris": [
                "https://insiders.vscode.dev/redirect",
                "https://vscode.dev/redirect",
                "http://127.0.0.1/",
                "http://127.0.0.1:33418/",
            ],
        },
        asks={"state": base64.b64encode(b"\xff\xfe?a state of bytes").decode()},
        later={"resource": "{url}"},
    ),
    "VS Code, by its site": Habits(
        "https://vscode.dev/redirect",
        document=PUBLIC
        | {
            "application_type": "native",
            "grant_types": [*BOTH, "urn:ietf:params:oauth:grant-type:device_code"],
            "redirect_uris": ["http://127.0.0.1:33418/", "https://vscode.dev/redirect"],
        },
        asks={"state": "vscode://dynamicauthprovider/127.0.0.1/authorize?nonce=a%2Bb&windowId=1"},
    ),
    "Cursor": Habits(
        "cursor://anysphere.cursor-mcp/oauth/callback",
        registers=PUBLIC
        | {
            "client_name": "Cursor",
            "redirect_uris": [
                "cursor://anysphere.cursor-mcp/oauth/callback",
                "https://www.cursor.com/agents/mcp/oauth/callback",
                "http://localhost:8787/callback",
            ],
        },
        asks={"scope": "mcp:read"},
        later={"resource": "{url}"},
    ),
    "Gemini CLI": Habits(
        "http://localhost:41001/oauth/callback",
        registers=PUBLIC
        | {
            "client_name": "Gemini CLI MCP Client",
            "redirect_uris": ["http://localhost:41001/oauth/callback"],
            "scope": "",
        },
        later={"resource": "{url}"},
    ),
    "the C# SDK, which has no secret and sends it": Habits(
        "http://localhost:1179/callback",
        document=PUBLIC | {"redirect_uris": ["http://localhost:1179/callback"]},
        later={"client_secret": "", "resource": "{url}"},
    ),
    "the Go SDK, which tries Basic without a secret": Habits(
        "http://localhost:3142/",
        document=PUBLIC | {"redirect_uris": ["http://localhost:3142/"]},
        uses_basic=True,
    ),
}


@pytest.fixture(scope="module")
def stateless() -> Iterator[str]:
    with running_mcp_server("stateless") as url:
        yield url


@pytest.mark.parametrize("name", CLIENTS)
async def test_it_logs_in_calls_and_refreshes(
    port: int, stateless: str, tmp_path: Path, name: str
) -> None:
    habits = CLIENTS[name]
    async with login_place(port, stateless, tmp_path) as place:
        client = await known_client(place, habits)
        url = client.authorize_url(**habits.asks) + "".join(
            f"&resource={each.format(url=place.url, issuer=place.issuer)}"
            for each in habits.resources
        )
        async with PersonsBrowser() as browser:
            back = await browser.log_in(url)
        status, granted = await redeem(
            place, client, habits, code=back.answer["code"], **exchange_form(client)
        )
        called = await call(place, granted)
        refreshed, anew = await redeem(
            place,
            client,
            habits,
            refresh_token=str(granted["refresh_token"]),
            grant_type="refresh_token",
        )

    assert back.goes_to.startswith(habits.comes_back_to + "?")
    assert back.answer["state"] == habits.asks.get("state", "of-the-client")
    assert back.answer["iss"] == place.issuer
    assert (status, called, refreshed) == (200, 200, 200)
    assert granted["scope"] == anew["scope"] == "mcp:read"


FIRST = {
    "mcp-remote and the Rust SDK": ("GET", {"Accept": "application/json, text/event-stream"}),
    "Gemini CLI": ("HEAD", {"Accept": "application/json, text/event-stream"}),
    "Gemini CLI, for HTTP+SSE": ("HEAD", {"Accept": "text/event-stream"}),
    "Spring and Amazon Q": ("POST", {"Content-Type": "application/json"}),
    "Claude's connectors": ("POST", {"User-Agent": "python-httpx/0.28.1"}),
    "Codex": ("GET", {"MCP-Protocol-Version": "2024-11-05"}),
}


@pytest.mark.parametrize("name", FIRST)
async def test_first_request_is_challenged_however_it_asks(port: int, name: str) -> None:
    method, headers = FIRST[name]
    async with (
        RecordingUpstream() as upstream,
        login_gateway(port, upstream.url),
        ClientSession() as session,
        session.request(method, f"http://127.0.0.1:{port}/mcp", headers=headers) as answer,
    ):
        upstream.assert_untouched()

    place = f'resource_metadata="http://127.0.0.1:{port}/.well-known/oauth-protected-resource/mcp"'
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    assert place in answer.headers["WWW-Authenticate"]


async def test_chatgpt_finds_the_metadata_at_the_root(port: int) -> None:
    issuer = f"http://127.0.0.1:{port}"
    async with (
        RecordingUpstream() as upstream,
        login_gateway(port, upstream.url),
        ClientSession() as session,
        session.get(f"{issuer}/.well-known/oauth-protected-resource") as answer,
    ):
        document = await answer.json()
        upstream.assert_untouched()

    assert answer.status == 200
    assert document["authorization_servers"] == [issuer]


async def known_client(place: LoginPlace, habits: Habits) -> OAuthClient:
    client = OAuthClient(place.issuer, redirect_uri=habits.comes_back_to)
    if habits.document is not None:
        place.serve(**habits.document)
        client.client_id = place.document
    if habits.registers is not None:
        status, _ = await client.register(**habits.registers)
        assert status == 201
    return client


def exchange_form(client: OAuthClient) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "redirect_uri": client.redirect_uri,
        "code_verifier": client.challenge.verifier,
    }


async def redeem(
    place: LoginPlace, client: OAuthClient, habits: Habits, **form: str
) -> tuple[int, dict[str, object]]:
    later = {
        name: each.format(url=place.url, issuer=place.issuer) for name, each in habits.later.items()
    }
    headers = None
    named: dict[str, str | None] = dict(form | later)
    if habits.uses_basic:
        told = base64.b64encode(f"{client.client_id.replace(':', '%3A')}:".encode()).decode()
        headers = {"Authorization": f"Basic {told}"}
        named["client_id"] = None
    status, answer, _ = await client.post("/token", headers, **named)
    return status, answer


async def call(place: LoginPlace, granted: Mapping[str, object]) -> int:
    headers = {
        "Authorization": f"Bearer {granted['access_token']}",
        "Accept": "application/json, text/event-stream",
    }
    async with (
        ClientSession() as session,
        session.post(place.url, json=CALL, headers=headers) as answer,
    ):
        return answer.status
