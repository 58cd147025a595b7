"""A path is authorized and forwarded as the same bytes, or not at all."""

import json

import pytest

from tests.attacks.path_cases import AMBIGUOUS, NOT_A_PATH, QUERIES, UNKNOWN
from tests.support.gateway import running_gateway
from tests.support.ports import reserved_port
from tests.support.raw_http import exchange, post
from tests.support.recording_upstream import RecordingUpstream
from tests.support.rig import CALL, Rig, running_rig
from tests.support.token_signer import TokenSigner


def call(rig: Rig, path: str) -> bytes:
    """A good call of some path."""
    good = post(rig.port, CALL, token=rig.token())
    return good.replace(b"/mcp", path.encode("latin-1"), 1)


@pytest.mark.requirement("P1", "P3")
@pytest.mark.parametrize("paths", [AMBIGUOUS, NOT_A_PATH], ids=["ambiguous", "no path"])
async def test_a_path_of_two_readings_is_refused(paths: tuple[str, ...]) -> None:
    async with running_rig() as rig:
        for path in paths:
            response = await rig.send(call(rig, path))

            assert response.status == 400, path
            assert json.loads(response.body)["error"]["code"] == -32600
            assert response.value("Connection") == "close", path
            assert not rig.upstream.connections, path


@pytest.mark.requirement("P1", "P3", "P4", "25")
async def test_an_unknown_path_is_not_found_whatever_the_token() -> None:
    async with running_rig() as rig:
        for path in UNKNOWN:
            within = await rig.send(call(rig, path))
            without = await rig.send(rig.request("POST", path, headers=b"Content-Length: 0\r\n"))

            assert (within.status, without.status) == (404, 404), path
            assert (within.challenge, without.challenge) == (None, None)
            assert not rig.upstream.connections, path


@pytest.mark.requirement("P2", "161")
@pytest.mark.parametrize("target", QUERIES)
async def test_a_query_decides_nothing_and_is_kept(target: str) -> None:
    async with running_rig() as rig:
        without = await rig.send(rig.request("GET", target))
        rig.upstream.assert_untouched()
        within = await rig.send(call(rig, target))

        assert (without.status, within.status) == (401, 200)
        assert rig.upstream.last.target == target


MOUNTS = """\
listen: 127.0.0.1:{port}
public_url: http://127.0.0.1:{port}
issuers: {{idp: {{issuer: "{issuer}"}}}}
servers:
  plain: {{path: /mcp, upstream: "{plain}", allow: any, auth: {{scopes: [mcp:read]}}}}
  admin: {{path: /mcp-admin, upstream: "{admin}", allow: {{subjects: [root]}}}}
"""


@pytest.mark.requirement("P4", "90", "J13")
@pytest.mark.parametrize("path", ["/mcp", "/mcp-admin"])
async def test_a_token_for_one_mount_opens_no_other_with_the_same_beginning(
    path: str, signer: TokenSigner
) -> None:
    with reserved_port() as port:
        async with RecordingUpstream() as plain, RecordingUpstream() as admin:
            config = MOUNTS.format(
                port=port, issuer=signer.issuer, plain=plain.url, admin=admin.url
            )
            token = signer.token(f"http://127.0.0.1:{port}{path}")
            async with running_gateway(config):
                places = ["/mcp", "/mcp-admin", "/mcp-", "/mcp-admin2"]
                sent = [post(port, CALL, token=token, path=each) for each in places]
                statuses = [(await exchange(port, each)).status for each in sent]

            reached = {"/mcp": [200, 401, 404, 404], "/mcp-admin": [401, 403, 404, 404]}
            assert statuses == reached[path]
            admin.assert_untouched()
