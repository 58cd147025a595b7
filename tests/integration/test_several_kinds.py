"""One server, callers of every kind: each token is judged by its own issuer and by nobody else."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientSession
from click.testing import CliRunner

from gateway.cli.key import command as key_command
from tests.support.gateway import running_gateway
from tests.support.issuer_service import Asked, IssuerService, Scene
from tests.support.ports import reserved_port
from tests.support.raw_http import RawResponse, exchange, post
from tests.support.recording_upstream import RecordingUpstream
from tests.support.rig import CALL
from tests.support.token_signer import RSA_KID, TokenSigner, rsa_jwk, rsa_key

REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
CONFIG = """\
listen: 127.0.0.1:{port}
public_url: http://127.0.0.1:{port}
api_keys: {{file: {folder}/keys.yaml}}
issuers:
  one: {{issuer: "{one}"}}
  two: {{issuer: "{two}"}}
  first:
    issuer: {asked}/first
    jwt: false
    introspection: {{url: "{asked}/first", {client}}}
  second:
    issuer: {asked}/second
    jwt: false
    introspection: {{url: "{asked}/second", {client}}}
  pods:
    issuer: https://kubernetes.default.svc
    jwt: false
    token_review: {{url: "{asked}{reviews}", bearer_token_file: {folder}/own-token}}
servers:
  mcp: {{upstream: "{upstream}", allow: any}}
"""


@dataclass(frozen=True, slots=True)
class Crowd:
    """A gateway with five issuers and API keys."""

    port: int
    one: TokenSigner
    two: TokenSigner
    asked: IssuerService
    upstream: RecordingUpstream
    folder: Path

    @property
    def resource(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    async def call(self, token: str) -> RawResponse:
        return await exchange(self.port, post(self.port, CALL, token=token))

    async def caller(self, token: str) -> tuple[str | None, str | None]:
        """The issuer and the subject that the upstream is told."""
        response = await self.call(token)
        assert response.status == 200, response
        last = self.upstream.last
        return last.value("X-User-Issuer"), last.value("X-User-Id")


@asynccontextmanager
async def running_crowd(folder: Path) -> AsyncIterator[Crowd]:
    (folder / "own-token").write_text("own", encoding="utf-8")
    (folder / "keys.yaml").write_text("keys: []\n", encoding="utf-8")
    with reserved_port() as port:
        async with (
            TokenSigner() as one,
            # Another key under the same name as the other issuer's.
            TokenSigner([rsa_jwk(rsa_key("two"), RSA_KID)]) as two,
            IssuerService() as asked,
            RecordingUpstream() as upstream,
        ):
            config = CONFIG.format(
                port=port,
                folder=folder,
                one=one.issuer,
                two=two.issuer,
                asked=asked.url,
                client="client_id: gw, client_secret: s3cret",
                reviews=REVIEWS,
                upstream=upstream.url,
            )
            async with running_gateway(config):
                yield Crowd(port, one, two, asked, upstream, folder)


def _knows(crowd: Crowd, *known: str) -> Callable[[Asked], Scene]:
    def answer(asked: Asked) -> Scene:
        if asked.form["token"] not in known:
            return Scene({"active": False})
        return Scene({"active": True, "sub": asked.form["token"], "aud": crowd.resource})

    return answer


@pytest.mark.requirement("2", "108", "J14")
async def test_each_issuer_vouches_for_its_own_tokens_only(tmp_path: Path) -> None:
    async with running_crowd(tmp_path) as crowd:
        mine = crowd.one.token(crowd.resource)
        theirs = crowd.two.token(crowd.resource, key=rsa_key("two"))
        crossed = [
            crowd.two.token(crowd.resource),  # names two, signed by one
            crowd.one.token(crowd.resource, key=rsa_key("two")),
        ]

        refused = [await crowd.call(token) for token in crossed]

        assert [each.status for each in refused] == [401, 401]
        crowd.upstream.assert_untouched()
        assert await crowd.caller(mine) == (crowd.one.issuer, "ada")
        assert await crowd.caller(theirs) == (crowd.two.issuer, "ada")


async def test_opaque_tokens_are_shown_to_issuers_in_the_order_of_the_file(tmp_path: Path) -> None:
    async with running_crowd(tmp_path) as crowd:
        crowd.asked.scenes["/first"] = _knows(crowd, "a", "both")
        crowd.asked.scenes["/second"] = _knows(crowd, "b", "both")
        crowd.asked.scenes[REVIEWS] = Scene({"status": {}})

        assert await crowd.caller("a") == (f"{crowd.asked.url}/first", "a")
        assert await crowd.caller("b") == (f"{crowd.asked.url}/second", "b")
        assert await crowd.caller("both") == (f"{crowd.asked.url}/first", "both")
        assert (await crowd.call("nobody")).status == 401
        crowd.asked.scenes["/first"] = Scene(status=500)
        assert (await crowd.call("nobody-2")).status == 503  # the first might know it


async def test_a_pod_is_reviewed_by_its_cluster(tmp_path: Path) -> None:
    async with running_crowd(tmp_path) as crowd:
        crowd.asked.scenes |= {"/first": _knows(crowd), "/second": _knows(crowd)}
        user = {"username": "system:serviceaccount:a:b", "groups": []}
        status = {"authenticated": True, "user": user, "audiences": [crowd.resource]}
        crowd.asked.scenes[REVIEWS] = Scene({"status": status}, 201)

        issuer, subject = await crowd.caller("pod-token")

        assert (issuer, subject) == ("https://kubernetes.default.svc", "system:serviceaccount:a:b")


async def test_a_key_works_from_the_moment_it_is_made_until_it_is_revoked(tmp_path: Path) -> None:
    async with running_crowd(tmp_path) as crowd:
        key = _key(crowd, "new", "--subject", "ci", "--scope", "mcp:read", "--expires", "90d")
        await _until(crowd, key, 200)

        assert crowd.upstream.last.value("X-User-Id") == "ci"
        assert crowd.upstream.last.value("X-User-Scopes") == "mcp:read"
        assert crowd.asked.asked == []  # nobody else gets to see a key
        assert key not in (crowd.folder / "keys.yaml").read_text(encoding="utf-8")
        _key(crowd, "revoke", "ci")
        await _until(crowd, key, 401)


@pytest.mark.requirement("2")
async def test_the_metadata_names_every_issuer_with_a_login(tmp_path: Path) -> None:
    async with running_crowd(tmp_path) as crowd, ClientSession() as client:
        url = f"http://127.0.0.1:{crowd.port}/.well-known/oauth-protected-resource/mcp"
        answer = await client.get(url)

        assert (await answer.json())["authorization_servers"] == [
            crowd.one.issuer,
            crowd.two.issuer,
            f"{crowd.asked.url}/first",
            f"{crowd.asked.url}/second",
        ]


def _key(crowd: Crowd, command: str, *arguments: str) -> str:
    file = str(crowd.folder / "keys.yaml")
    result = CliRunner().invoke(key_command, [command, *arguments, "--file", file])
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


async def _until(crowd: Crowd, token: str, status: int) -> None:
    started = time.monotonic()
    while (await crowd.call(token)).status != status:
        assert time.monotonic() - started < 1.5, f"not {status} in time"
        await asyncio.sleep(0.05)
