"""What is kept fresh and looked at beside serving."""

import json

import pytest

from tests.support.gateway import running_gateway, short_config
from tests.support.ports import reserved_port
from tests.support.raw_http import exchange, post
from tests.support.recording_upstream import RecordingUpstream
from tests.support.rig import CALL
from tests.support.token_signer import TokenSigner
from tests.unit.app.test_serve import get, lines_until


@pytest.mark.requirement("J22")
async def test_without_keys_it_is_not_ready_and_refuses_nobody_for_good() -> None:
    """A 401 would make clients throw away good tokens."""
    with reserved_port() as port:
        async with RecordingUpstream() as upstream, TokenSigner() as signer:
            signer.status = 500
            config = short_config(port, upstream.url, signer.issuer)
            async with running_gateway(config) as gateway:
                token = signer.token(f"http://127.0.0.1:{port}/mcp", header=None, key=None)
                response = await exchange(port, post(port, CALL, token=token))

                assert await get(gateway.admin_port, "/readyz") == 503
                assert response.status == 503
                assert response.value("Retry-After") is not None
                upstream.assert_untouched()


@pytest.mark.requirement("U12")
@pytest.mark.parametrize(("need", "status"), [("any", 503), ("all", 503), ("ignore", 200)])
async def test_a_server_that_is_down_keeps_traffic_away_as_the_operator_says(
    capfd: pytest.CaptureFixture[str], need: str, status: int
) -> None:
    admin = f'admin: {{listen: "127.0.0.1:0", readiness: {{upstreams: {need}}}}}\n'
    with reserved_port() as port, reserved_port() as nobody:
        async with TokenSigner() as signer:
            config = short_config(port, f"http://127.0.0.1:{nobody}/mcp", signer.issuer, more=admin)
            async with running_gateway(config) as gateway:
                lines = await lines_until(capfd, "upstream cannot be reached")
                found = await get(gateway.admin_port, "/readyz")

    assert found == status
    assert [line for line in lines if line.get("server") == "mcp"]


@pytest.mark.requirement("U12")
@pytest.mark.parametrize(("need", "status"), [("any", 200), ("all", 503)])
async def test_one_issuer_of_two_that_is_away_keeps_traffic_away_only_when_asked_to(
    need: str, status: int
) -> None:
    admin = f'admin: {{listen: "127.0.0.1:0", readiness: {{issuers: {need}}}}}\n'
    with reserved_port() as port:
        async with RecordingUpstream() as upstream, TokenSigner() as one, TokenSigner() as away:
            away.status = 500
            config = f"""\
listen: 127.0.0.1:{port}
public_url: http://127.0.0.1:{port}
issuers: {{one: {{issuer: "{one.issuer}"}}, away: {{issuer: "{away.issuer}"}}}}
servers: {{mcp: {{upstream: {{url: "{upstream.url}"}}, allow: any}}}}
{admin}"""
            async with running_gateway(config) as gateway:
                request = f"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1:{gateway.admin_port}\r\n\r\n"
                answer = await exchange(gateway.admin_port, request.encode())
                assert answer.status == status
                condition = json.loads(answer.body)["conditions"]["issuer away"]
                assert condition.get("needed", True) == (status == 503)
                token = one.token(f"http://127.0.0.1:{port}/mcp", header=None, key=None)
                response = await exchange(port, post(port, CALL, token=token))
                assert response.status == 200
