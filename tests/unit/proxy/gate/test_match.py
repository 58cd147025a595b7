"""Which server is called, by its head alone."""

import pytest

from tests.support.raw_http import post, raw_connection
from tests.support.rig import CALL, running_rig


@pytest.mark.requirement("29")
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_what_mcp_does_not_use_is_not_allowed(method: str) -> None:
    async with running_rig() as rig:
        response = await rig.send(rig.request(method, "/mcp"))

        assert response.status == 405
        assert response.value("Allow") == "GET, POST, DELETE, OPTIONS"
        rig.upstream.assert_untouched()


async def test_a_preflight_needs_no_token() -> None:
    async with running_rig() as rig:
        token_of_nobody = b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"
        response = await rig.send(rig.request("OPTIONS", "/mcp", headers=token_of_nobody))

        assert response.status == 204
        rig.upstream.assert_untouched()


async def test_a_head_that_is_refused_is_refused_each_time_it_is_repeated() -> None:
    async with running_rig() as rig, raw_connection(rig.port) as connection:
        for _ in range(3):
            await connection.send(post(rig.port, CALL, headers=b"Origin: https://evil.example\r\n"))
            assert (await connection.read_response()).status == 403
        rig.upstream.assert_untouched()


async def test_of_heads_that_differ_each_is_matched_for_itself() -> None:
    """A token that came before is not the next head's."""
    async with running_rig() as rig, raw_connection(rig.port) as connection:
        statuses = []
        for token in (rig.token(), None, rig.token(), None):
            await connection.send(post(rig.port, CALL, token=token))
            statuses.append((await connection.read_response()).status)

        assert statuses == [200, 401, 200, 401]
        assert len(rig.upstream.requests) == 2


@pytest.mark.requirement("173")
async def test_the_address_is_that_which_a_trusted_proxy_names() -> None:
    async with running_rig("trusted_proxies: [127.0.0.1]\n") as rig:
        await rig.send(
            post(rig.port, CALL, token=rig.token(), headers=b"X-Forwarded-For: 203.0.113.7\r\n")
        )

    assert rig.upstream.last.value("X-Forwarded-For") == "203.0.113.7"
