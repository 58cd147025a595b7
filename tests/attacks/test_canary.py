"""Secrets that nobody else uses go down every path that fails; then all is searched for them.

None may be found in answers, logs, audit, metrics, the status page, in what the upstream
received, or in anything that the gateway's own objects still hold.
"""

import asyncio
import base64
import gc
import itertools
import logging
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import ClientSession

from gateway.identity.api_keys.api_key import RANDOM_BYTES, make_key
from gateway.proxy.inbound.connection import ClientConnection
from tests.support.gateway import running_gateway
from tests.support.issuer_service import Asked, IssuerService, Scene
from tests.support.ports import reserved_port
from tests.support.raw_http import LIMIT_S, exchange, post
from tests.support.recording_upstream import RecordingUpstream
from tests.support.rig import CALL
from tests.support.token_signer import TokenSigner, rsa_key

ADMIN_TOKEN = "canary-admin-" + secrets.token_hex(16)
CLIENT_SECRET = "canary-client-" + secrets.token_hex(16)
CONFIG = """\
listen: 127.0.0.1:{port}
public_url: http://127.0.0.1:{port}
admin: {{listen: "127.0.0.1:0", token: {admin_token}}}
log: {{level: debug, format: json}}
api_keys: {{file: {keys}}}
issuers:
  signed: {{issuer: "{signer}", backchannel_logout: {{clients: [gw]}}}}
  asked:
    issuer: {service}
    jwt: false
    introspection: {{url: "{service}/introspect", client_id: gw, client_secret: {client_secret}}}
  shown:
    issuer: {service}/shown
    jwt: false
    userinfo: {{url: "{service}/user", insecure_accept_any_audience: true}}
servers:
  signed:
    {common}
    path: /signed
    auth: {{issuers: [signed], scopes: [mcp:read]}}
  asked: {{path: /asked, {flow}, auth: {{issuers: [asked]}}}}
  shown: {{path: /shown, {flow}, auth: {{issuers: [shown]}}}}
  exchanged:
    path: /exchanged
    allow: any
    auth: {{issuers: [signed]}}
    upstream:
      url: {upstream}
      credential:
        token_exchange:
          token_url: {service}/token
          audience: https://tools.example
          client_id: gw
          client_secret: {client_secret}
"""


@dataclass(slots=True)
class Canaries:
    """Sends secrets, remembers them and what came back."""

    port: int
    admin_port: int
    signer: TokenSigner
    service: IssuerService
    upstream: RecordingUpstream
    sent: list[str] = field(default_factory=lambda: [ADMIN_TOKEN, CLIENT_SECRET])
    answers: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def secret(self) -> str:
        """A secret that stands nowhere else, and remembered as one."""
        secret = "canary-" + secrets.token_hex(16)
        self.sent.append(secret)
        return secret

    def signed(self, server: str, **changes: object) -> str:
        """A token of the issuer; its signature is what nobody else may have."""
        token = self.signer.token(f"http://127.0.0.1:{self.port}/{server}", **changes)  # type: ignore[arg-type]
        self.sent.append(token.rpartition(".")[2])
        return token

    async def send(
        self, server: str, credential: str, *, scheme: str = "Bearer", headers: str = ""
    ) -> int:
        """Call a server's tool with a credential and return the status."""
        lines = f"Authorization: {scheme} {credential}\r\n{headers}".encode()
        request = post(self.port, CALL, path=f"/{server}", headers=lines)
        answer = await exchange(self.port, request)
        self.answers.append(f"{answer.headers} {answer.body!r}")
        self.statuses.append(answer.status)
        return answer.status

    async def logout(self, token: str) -> int:
        """Send a logout token and return the status."""
        url = f"http://127.0.0.1:{self.port}/.well-known/mcpgw/backchannel-logout/signed"
        form = {"logout_token": token}
        async with ClientSession() as client, client.post(url, data=form) as answer:
            self.answers.append(f"{answer.headers} {await answer.text()}")
            return answer.status

    async def admin_page(self, path: str, token: str = "") -> str:
        """Get a page of the admin listener."""
        url = f"http://127.0.0.1:{self.admin_port}{path}"
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with ClientSession() as client, client.get(url, headers=headers) as answer:
            return f"{answer.status} {answer.headers} {await answer.text()}"

    def echo(self, path: str, status: int) -> None:
        """Let the provider answer with everything it was sent: the worst that it could say."""

        def shown(asked: Asked) -> Scene:
            everything = {"headers": dict(asked.headers), "form": dict(asked.form)}
            return Scene(everything | {"error": str(everything)}, status=status)

        self.service.scenes[path] = shown


@asynccontextmanager
async def running_canaries(folder: Path) -> AsyncIterator[Canaries]:
    keys = folder / "keys.yaml"
    keys.write_text("keys: []\n", encoding="utf-8")
    with reserved_port() as port:
        async with (
            IssuerService() as service,
            TokenSigner() as signer,
            RecordingUpstream() as upstream,
        ):
            common = {"upstream": upstream.url, "allow": "any"}
            config = CONFIG.format(
                port=port,
                keys=keys,
                admin_token=ADMIN_TOKEN,
                client_secret=CLIENT_SECRET,
                signer=signer.issuer,
                service=service.url,
                upstream=upstream.url,
                common="\n    ".join(f"{name}: {value}" for name, value in common.items()),
                flow=", ".join(f'{name}: "{value}"' for name, value in common.items()),
            )
            async with running_gateway(config) as gateway:
                yield Canaries(port, gateway.admin_port, signer, service, upstream)


async def _fail_signed(canaries: Canaries) -> None:
    changes: list[dict[str, object]] = [
        {"key": rsa_key("stranger")},
        {"header": {"kid": "unknown"}},
        {"header": {"alg": "none"}},
        {"header": {"typ": "JWT"}},
        {"aud": "https://elsewhere.example"},
        {"iss": "https://elsewhere.example"},
        {"exp": 1},
        {"nbf": 2**40},
        {"sub": None},
        {"cnf": {"jkt": "a" * 43}},
    ]
    for change in changes:
        assert await canaries.send("signed", canaries.signed("signed", **change)) == 401
    assert await canaries.send("signed", canaries.signed("signed", scope="other")) == 403
    assert await canaries.send("signed", canaries.signed("signed"), scheme="DPoP") == 401
    for shape in ("{}", "{} {}", "{}.{}.{}", '"{}"', "mcpgw_{}"):
        secret = canaries.secret()
        assert await canaries.send("signed", shape.replace("{}", secret)) in (400, 401)
    key = make_key(secrets.token_bytes(RANDOM_BYTES))
    canaries.sent.append(key)
    assert await canaries.send("signed", key) == 401
    basic = base64.b64encode(f"user:{canaries.secret()}".encode()).decode()
    canaries.sent.append(basic)
    assert await canaries.send("signed", basic, scheme="Basic") == 401
    proof = f"DPoP: {canaries.signed('signed')}\r\n"
    assert await canaries.send("signed", canaries.signed("signed"), scheme="DPoP", headers=proof)


async def _fail_asked(canaries: Canaries) -> None:
    services = {"asked": "/introspect", "shown": "/user"}
    refusals = {"asked": Scene({"active": False}), "shown": Scene(status=401)}
    for server, path in services.items():
        for status in (200, 302, 400, 401, 403, 429, 500):
            canaries.echo(path, status)
            assert await canaries.send(server, canaries.secret()) in (401, 503)
            canaries.service.scenes[path] = refusals[server]  # so that no circuit opens
            assert await canaries.send(server, canaries.secret()) == 401
        canaries.service.scenes[path] = Scene(b'{"active": true, "sub": ')
        assert await canaries.send(server, canaries.secret()) == 503


async def _fail_exchange(canaries: Canaries) -> None:
    for status in (200, 400, 401, 500):
        canaries.echo("/token", status)
        assert await canaries.send("exchanged", canaries.signed("exchanged")) in (
            401,
            403,
            502,
            503,
        )


async def _fail_elsewhere(canaries: Canaries) -> None:
    logout_token = canaries.signed("gw", aud="gw", iss="https://elsewhere.example")
    assert await canaries.logout(logout_token) == 400
    assert await canaries.logout(canaries.secret()) == 400
    refused = await canaries.admin_page("/revocations", canaries.secret())
    assert refused.startswith("401")
    canaries.answers += [refused, await canaries.admin_page("/revocations", ADMIN_TOKEN)]
    async with ClientSession() as client:
        query = {"access_token": canaries.secret()}
        url = f"http://127.0.0.1:{canaries.port}/signed"
        async with client.post(url, params=query, data=CALL) as answer:
            canaries.answers.append(f"{answer.headers} {await answer.text()}")


async def _pass(canaries: Canaries) -> None:
    """Let some tokens through, so that verdicts are cached, and then fail behind them."""
    assert await canaries.send("signed", canaries.signed("signed")) == 200
    known = {"active": True, "sub": "grace", "aud": f"http://127.0.0.1:{canaries.port}/asked"}
    canaries.service.scenes["/introspect"] = Scene(known)
    assert await canaries.send("asked", canaries.secret()) in (200, 503)
    canaries.upstream.replies.append(b"not http\r\n\r\n")
    assert await canaries.send("signed", canaries.signed("signed")) == 502


async def _all_gone() -> None:
    """Return when the last connection of a caller has ended."""
    async with asyncio.timeout(LIMIT_S):
        while any(  # noqa: ASYNC110 - nothing tells of it
            isinstance(each, ClientConnection) and not each.is_lost for each in gc.get_objects()
        ):
            await asyncio.sleep(0.05)


def _held() -> Iterator[str]:
    """Every text that an object of the gateway's still holds, directly or in its containers."""
    gc.collect()
    containers = (dict, list, tuple, set, frozenset)
    for owner in gc.get_objects():
        if not str(type(owner).__module__).startswith("gateway."):
            continue
        waiting = list(gc.get_referents(owner))
        for depth in range(4):
            inner: list[object] = []
            for value in waiting:
                if isinstance(value, str):
                    yield value
                elif isinstance(value, bytes | bytearray):
                    yield value.decode("latin-1")
                elif isinstance(value, containers) or hasattr(value, "__slots__"):
                    inner += gc.get_referents(value)
            waiting = inner if depth < 3 else []


def _places(canaries: Canaries, pages: Mapping[str, str], logged: str) -> Mapping[str, str]:
    return {
        "answers": "\n".join(canaries.answers),
        "logs and audit": logged,
        "the upstream": bytes(canaries.upstream.received).decode("latin-1"),
        "the gateway's objects": "\n".join(_held()),
        **pages,
    }


@pytest.mark.requirement("N20", "C1", "O6", "20", "H7")
async def test_no_secret_is_found_anywhere_after_every_failure(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    async with running_canaries(tmp_path) as canaries:
        await _fail_signed(canaries)
        canaries.upstream.assert_untouched()
        await _fail_asked(canaries)
        await _fail_exchange(canaries)
        await _fail_elsewhere(canaries)
        canaries.upstream.assert_untouched()
        await _pass(canaries)
        await _all_gone()
        pages = {path: await canaries.admin_page(path) for path in ("/", "/metrics", "/readyz")}
        places = _places(canaries, pages, caplog.text + "".join(capfd.readouterr()))

    configured = {ADMIN_TOKEN, CLIENT_SECRET}
    found = [
        f"{secret[:20]}… in {name}"
        for (name, text), secret in itertools.product(places.items(), canaries.sent)
        if secret in text and not (name == "the gateway's objects" and secret in configured)
    ]
    assert found == []
    # The search does find what is there.
    assert CLIENT_SECRET in places["the gateway's objects"]
    assert "grace" in places["the gateway's objects"]
    assert '"ada"' in places["logs and audit"]
    assert len(canaries.sent) > 40
