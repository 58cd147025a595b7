"""Requests to the admin listener under another name are refused, whatever they ask for."""

import pytest

from tests.support.raw_http import RawResponse, exchange
from tests.support.rig import Rig, running_rig


async def ask(rig: Rig, head: str) -> RawResponse:
    return await exchange(rig.admin_port, f"{head}\r\nConnection: close\r\n\r\n".encode())


@pytest.mark.requirement("A13")
@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET /metrics HTTP/1.1\r\nHost: localhost", 200),
        ("GET /metrics HTTP/1.1\r\nHost: evil.example", 421),
        ("GET http://evil.example/metrics HTTP/1.1\r\nHost: localhost", 421),
        ("GET http://localhost/metrics HTTP/1.1\r\nHost: evil.example", 421),
        ("OPTIONS * HTTP/1.1\r\nHost: localhost", 204),
        ("OPTIONS * HTTP/1.1\r\nHost: evil.example", 421),
        ("GET /metrics HTTP/1.1\r\nHost: localhost\r\nHost: localhost", 400),
        ("GET /metrics HTTP/1.1", 400),
        ("GET /metrics HTTP/1.0", 200),
    ],
)
async def test_a_request_is_for_one_name_that_is_the_listeners_own(head: str, status: int) -> None:
    async with running_rig() as rig:
        assert (await ask(rig, head)).status == status
