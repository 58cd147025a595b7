"""What clients are told: where people can log in, and scopes by the names to ask for."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from tests.integration.test_own_tools import content_of
from tests.integration.test_rules import call
from tests.support.gateway import running_gateway
from tests.support.ports import reserved_port
from tests.support.raw_http import RawResponse, exchange, post
from tests.support.recording_upstream import RecordingUpstream, json_reply
from tests.support.rig import CALL
from tests.support.token_signer import TokenSigner


@dataclass(frozen=True, slots=True)
class Corner:
    """A gateway for jobs and for people, whose provider names scopes otherwise in tokens."""

    port: int
    jobs: TokenSigner
    people: TokenSigner
    upstream: RecordingUpstream

    async def get(self, path: str) -> RawResponse:
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n"
        return await exchange(self.port, head.encode())

    async def call(self, token: str | None, body: bytes = CALL) -> RawResponse:
        return await exchange(self.port, post(self.port, body, token=token))

    def token(self, signer: TokenSigner, scope: str) -> str:
        return signer.token("11112222", scope=scope)


@asynccontextmanager
async def running_corner(people: str = "") -> AsyncIterator[Corner]:
    with reserved_port() as port:
        async with (
            RecordingUpstream() as upstream,
            TokenSigner() as jobs,
            TokenSigner() as corp,
        ):
            config = f"""\
listen: 127.0.0.1:{port}
public_url: http://127.0.0.1:{port}
issuers:
  jobs: {{issuer: "{jobs.issuer}", advertise: false}}
  people: {{issuer: "{corp.issuer}", scope_prefix: "api://{{audience}}/"{people}}}
servers:
  mcp:
    upstream: "{upstream.url}"
    auth: {{scopes: [read], audiences: ["11112222"]}}
    allow: any
    tools: {{gateway: all}}
    rules:
      - {{tools: [delete], allow: {{scopes: [write]}}}}
      - {{tools: ["*"], allow: any}}
      - {{methods: ["*"], allow: any}}
"""
            async with running_gateway(config):
                yield Corner(port, jobs, corp, upstream)


@pytest.mark.requirement("B3", "2")
async def test_people_are_sent_only_where_they_can_log_in() -> None:
    async with running_corner() as corner:
        resource = await corner.get("/.well-known/oauth-protected-resource/mcp")
        origin = await corner.get("/.well-known/oauth-authorization-server")
        told = content_of(await corner.call(None, call("cli_login_url")))
        job = await corner.call(corner.token(corner.jobs, "read"))

        assert json.loads(resource.body)["authorization_servers"] == [corner.people.issuer]
        assert json.loads(origin.body)["issuer"] == corner.people.issuer
        assert told["authorization_server"] == corner.people.issuer
        assert job.status == 200  # whose tokens count is another matter


@pytest.mark.requirement("B3")
async def test_nobody_is_sent_anywhere_when_no_issuer_has_a_login() -> None:
    async with running_corner(", advertise: false") as corner:
        resource = await corner.get("/.well-known/oauth-protected-resource/mcp")
        origin = await corner.get("/.well-known/oauth-authorization-server")

        assert "authorization_servers" not in json.loads(resource.body)
        assert origin.status == 404


@pytest.mark.requirement("B2")
async def test_scopes_are_named_as_clients_must_ask_for_them_everywhere() -> None:
    read, write = "api://11112222/read", "api://11112222/write"
    async with running_corner() as corner:
        metadata = await corner.get("/.well-known/oauth-protected-resource/mcp")
        missing = await corner.call(None)
        weak = await corner.call(corner.token(corner.people, "other"))
        upgrade = await corner.call(
            corner.token(corner.people, "read"), CALL.replace(b"whoami", b"delete")
        )
        corner.upstream.assert_untouched()
        status = content_of(await corner.call(None, call("cli_status")))
        login = content_of(await corner.call(None, call("cli_login_url")))

    assert json.loads(metadata.body)["scopes_supported"] == [read]
    assert f'scope="{read}"' in str(missing.challenge)
    assert (weak.status, upgrade.status) == (403, 403)
    assert f'scope="{read}"' in str(weak.challenge)
    assert f'scope="{read} {write}"' in str(upgrade.challenge)
    assert json.loads(upgrade.body)["error"]["data"]["scopes"] == [read, write]
    assert status["required_scopes"] == login["scopes"] == [read]


@pytest.mark.requirement("B2")
async def test_a_caller_of_another_issuer_asks_by_that_ones_names() -> None:
    async with running_corner() as corner:
        refused = await corner.call(corner.token(corner.jobs, "other"))
        allowed = await corner.call(corner.token(corner.jobs, "read"))

        assert 'scope="read"' in str(refused.challenge)
        assert allowed.status == 200


@pytest.mark.requirement("B2")
async def test_whoami_names_what_a_login_must_ask_for() -> None:
    listed = b'{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"delete","inputSchema":{}}]}}'
    async with running_corner() as corner:
        corner.upstream.default_reply = json_reply(listed)
        token = corner.token(corner.people, "read")

        told = content_of(await corner.call(token, call("cli_whoami")))

    assert told["scopes"] == ["read"]  # as the token says it
    assert told["tools"]["with_more_scopes"] == {
        "delete": ["api://11112222/read", "api://11112222/write"]
    }
