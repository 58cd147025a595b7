"""The life of a request."""

import asyncio
import json

import pytest

from tests.support.raw_http import post, raw_connection
from tests.support.rig import CALL, running_rig


@pytest.mark.requirement("8", "9", "24", "J13")
async def test_a_token_for_another_resource_is_refused() -> None:
    async with running_rig() as rig:
        response = await rig.call(token=rig.signer.token("https://other.example/mcp"))

        assert response.status == 401
        assert 'error="invalid_token"' in (response.challenge or "")
        rig.upstream.assert_untouched()


@pytest.mark.requirement("13")
@pytest.mark.parametrize("with_header", [True, False])
async def test_a_token_in_the_query_is_refused_even_when_it_is_good(with_header: bool) -> None:
    async with running_rig() as rig:
        header = f"Authorization: Bearer {rig.token()}\r\n".encode() if with_header else b""

        response = await rig.send(
            rig.request("GET", f"/mcp?access_token={rig.token()}", headers=header)
        )

        assert response.status == 400
        rig.upstream.assert_untouched()


@pytest.mark.requirement("H12", "176")
@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "HEAD"])
async def test_methods_that_mcp_does_not_use_are_not_allowed(method: str) -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        header = f"Authorization: Bearer {rig.token()}\r\n".encode()
        await client.send(rig.request(method, "/mcp", headers=header))

        assert (await client.read_response(to_head=method == "HEAD")).status == 405
        rig.upstream.assert_untouched()


@pytest.mark.requirement("H10")
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_body_where_none_belongs_is_refused(method: str) -> None:
    async with running_rig() as rig:
        headers = f"Authorization: Bearer {rig.token()}\r\nContent-Length: 2\r\n".encode()

        response = await rig.send(rig.request(method, "/mcp", headers=headers) + b"{}")

        assert response.status == 400
        rig.upstream.assert_untouched()


@pytest.mark.requirement("H10", "12")
async def test_pipelined_requests_are_each_judged_by_themselves() -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        good = post(rig.port, CALL, token=rig.token())
        bad = post(rig.port, CALL, token="e30")  # noqa: S106  # no password

        await client.send(good + bad + good)

        statuses = [(await client.read_response()).status for _ in range(3)]
        assert statuses == [200, 401, 200]
        assert len(rig.upstream.requests) == 2


@pytest.mark.requirement("171")
async def test_a_refused_body_is_not_taken_for_the_next_request() -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        smuggled = post(rig.port, CALL, token=rig.token())
        head = rig.request("POST", "/mcp", headers=b"Content-Length: %d\r\n" % len(smuggled))

        await client.send(head + smuggled)

        assert (await client.read_response()).status == 401
        await client.send(rig.request("GET", "/health"))
        assert (await client.read_response()).status == 200
        rig.upstream.assert_untouched()


async def test_a_caller_who_left_ends_the_exchange_with_the_upstream() -> None:
    async with running_rig() as rig:
        rig.upstream.replies.append(None)
        async with raw_connection(rig.port) as client:
            await client.send(post(rig.port, CALL, token=rig.token()))
            await rig.upstream.wait_for_request()

        await asyncio.wait_for(rig.upstream.connection_lost.wait(), 1)


@pytest.mark.requirement("43")
async def test_an_unreachable_upstream_is_told_with_the_id() -> None:
    async with running_rig() as rig:
        await rig.upstream.__aexit__(None, None, None)

        response = await rig.call()

        assert response.status == 502
        assert json.loads(response.body)["id"] == 1
