"""Servers that let callers without a token in, and never one with a bad token."""

import pytest

from tests.support.raw_http import exchange
from tests.support.rig import CALL, Rig, running_rig

ANYBODY = "allow: anonymous, auth: {scopes: [mcp:read]}"


def _without_token(rig: Rig, headers: str = "") -> bytes:
    head = (
        f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{rig.port}\r\nContent-Type: application/json\r\n"
        f"Accept: application/json, text/event-stream\r\n{headers}Content-Length: {len(CALL)}\r\n"
    )
    return head.encode() + b"\r\n" + CALL


@pytest.mark.requirement("I11")
async def test_a_caller_without_a_token_gets_in_and_forges_no_identity() -> None:
    async with running_rig(server=ANYBODY) as rig:
        forged = "X-User-Id: admin\r\nX_User_Groups: ops\r\nX-Gateway-Assertion: x\r\n"

        response = await exchange(rig.port, _without_token(rig, forged))

        assert response.status == 200
        names = {name.lower() for name, _ in rig.upstream.last.headers}
        assert not names & {"x-user-id", "x_user_groups", "x-gateway-assertion"}


async def test_a_caller_with_a_token_is_known_whatever_its_scopes() -> None:
    async with running_rig(server=ANYBODY) as rig:
        assert (await rig.call(token=rig.token(scope="other"))).status == 200
        assert rig.upstream.last.value("X-User-Id") == "ada"


@pytest.mark.requirement("7")
@pytest.mark.parametrize("change", [{"exp": 1}, {"aud": "https://other.example"}])
async def test_a_bad_token_is_refused_all_the_same(change: dict[str, object]) -> None:
    async with running_rig(server=ANYBODY) as rig:
        response = await rig.call(token=rig.token(header=None, **change))

        assert response.status == 401
        rig.upstream.assert_untouched()


@pytest.mark.requirement("26", "13")
@pytest.mark.parametrize(
    ("headers", "status"),
    [("Origin: https://evil.example\r\n", 403), ("Authorization: Bearer\r\n", 401)],
)
async def test_the_other_doors_stay_shut(headers: str, status: int) -> None:
    async with running_rig(server=ANYBODY) as rig:
        response = await exchange(rig.port, _without_token(rig, headers))

        assert response.status == status
        rig.upstream.assert_untouched()


async def test_elsewhere_nobody_gets_in_without_a_token() -> None:
    async with running_rig() as rig:
        assert (await exchange(rig.port, _without_token(rig))).status == 401
        rig.upstream.assert_untouched()
