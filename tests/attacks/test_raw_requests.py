"""The running gateway answers hostile requests, and its upstream sees none of them."""

import pytest

from tests.attacks.cases import cases
from tests.attacks.raw_requests import HEADS, PATHS, SIZE, Attack
from tests.support.raw_http import RawConnection, RawResponse, post, raw_connection
from tests.support.rig import CALL, Rig, running_rig


def bytes_of(attack: Attack, rig: Rig) -> bytes:
    filled = attack.request.replace("{host}", f"127.0.0.1:{rig.port}")
    return filled.replace("{token}", rig.token()).replace("{{}}", "{}").encode("latin-1")


@pytest.mark.requirement("H3", "H6", "H7", "H8", "H9", "H12", "H14")
@pytest.mark.requirement("P1", "P2", "P3", "P4", "168")
@pytest.mark.parametrize("attack", cases(HEADS, PATHS))
async def test_a_hostile_request_is_refused_before_the_upstream_sees_a_byte(attack: Attack) -> None:
    # What waits for more that never comes is cut off soon.
    impatient = "limits: {header_timeout: 300ms}\n"
    async with running_rig(impatient) as rig, raw_connection(rig.port) as client:
        await client.send(bytes_of(attack, rig))

        response = await read_or_nothing(client)

        assert response.status in attack.statuses
        assert b"Traceback" not in response.body
        rig.upstream.assert_untouched()


async def read_or_nothing(client: RawConnection) -> RawResponse:
    try:
        return await client.read_response()
    except (ConnectionError, EOFError):
        return RawResponse(0)


@pytest.mark.requirement("H1", "H10")
async def test_what_follows_a_refused_request_is_never_served() -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        good = post(rig.port, CALL, token=rig.token())
        smuggling = good.replace(b"Content-Length", b"Transfer-Encoding: chunked\r\nContent-Length")

        await client.send(smuggling + good)

        assert (await client.read_response()).status == 400
        assert await client.is_closed()
        rig.upstream.assert_untouched()


@pytest.mark.requirement("H5", "I5", "169")
async def test_trailers_reach_nobody() -> None:
    async with running_rig() as rig:
        head = post(rig.port, CALL, token=rig.token()).partition(b"\r\n\r\n")[0]
        length = b"Content-Length: %d" % len(CALL)
        head = head.replace(length, b"Transfer-Encoding: chunked\r\nTrailer: X-User-Id")
        body = b"%x\r\n%b\r\n0\r\nX-User-Id: mallory\r\nAuthorization: Bearer x\r\n\r\n"

        response = await rig.send(head + b"\r\n\r\n" + body % (len(CALL), CALL))

        assert response.status in (200, 400)
        assert b"mallory" not in bytes(rig.upstream.received)


def test_the_table_frames_its_own_body() -> None:
    assert len(CALL) == SIZE
