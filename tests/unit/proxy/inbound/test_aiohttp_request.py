"""A request that knows whether another may follow it."""

import pytest

from tests.support.raw_http import raw_connection
from tests.support.rig import running_rig


@pytest.mark.requirement("A6")
@pytest.mark.parametrize(
    ("headers", "says"),
    [
        (b"", None),
        (b"Connection: close\r\n", "close"),
        (b"Connection: upgrade\r\nUpgrade: x\r\n", "close"),
        (b"Connection: upgrade\r\n", None),
    ],
)
async def test_the_answer_says_whether_another_request_may_follow(
    headers: bytes, says: str | None
) -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        await client.send(rig.request("GET", "/health", headers=headers))

        assert (await client.read_response()).value("Connection") == says
