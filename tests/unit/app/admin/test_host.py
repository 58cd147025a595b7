"""The admin listener answers under its own names, so that no page of another's can read it."""

import pytest

from gateway.app.admin.host import is_answered_for
from tests.support.raw_http import RawResponse, exchange
from tests.support.rig import Rig, running_rig

HOSTS = (
    'admin: {listen: "127.0.0.1:0", token: t, hosts: [gateway.monitoring.svc, "a.example:9090"]}\n'
)
NAMES = frozenset({"gateway.monitoring.svc", "a.example:9090"})


async def ask(rig: Rig, head: str) -> RawResponse:
    return await exchange(rig.admin_port, f"{head}\r\nConnection: close\r\n\r\n".encode())


@pytest.mark.requirement("A13")
@pytest.mark.parametrize(
    ("authority", "is_own"),
    [
        ("127.0.0.1:9090", True),
        ("10.1.2.3:9090", True),
        ("[::1]:9090", True),
        ("localhost", True),
        ("LOCALHOST:1", True),
        ("x.localhost", True),
        ("gateway.monitoring.svc", True),
        ("Gateway.Monitoring.svc:9090", True),
        ("a.example:9090", True),
        ("a.example", False),
        ("a.example:1", False),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("notlocalhost", False),
        ("2130706433", False),
        ("0x7f.1", False),
        ("user@127.0.0.1", False),
        ("127.0.0.1,evil.example", False),
        ("", False),
    ],
)
def test_only_addresses_loopback_and_configured_names_are_its_own(
    authority: str, *, is_own: bool
) -> None:
    assert is_answered_for(authority, NAMES) is is_own


@pytest.mark.requirement("A13")
@pytest.mark.parametrize(
    "path", ["/", "/metrics", "/readyz", "/livez", "/revocations", "/sessions"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
async def test_a_page_whose_name_leads_here_reads_nothing(method: str, path: str) -> None:
    async with running_rig(HOSTS) as rig:
        answer = await ask(rig, f"{method} {path} HTTP/1.1\r\nHost: evil.example:{rig.admin_port}")

        assert answer.status == 421
        assert b"mcpgw_" not in answer.body
        assert b"admin.hosts" in answer.body
        rig.upstream.assert_untouched()


@pytest.mark.requirement("A13")
async def test_who_may_ask_under_which_name() -> None:
    async with running_rig(HOSTS) as rig:
        for head, status in (
            ("GET /livez HTTP/1.1\r\nHost: gateway.monitoring.svc:9090", 200),
            ("GET /livez HTTP/1.1\r\nHost: localhost", 200),
            ("GET /livez HTTP/1.0", 200),
            ("GET /livez HTTP/1.1", 400),
            ("GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: evil.example", 400),
            ("GET http://evil.example/livez HTTP/1.1\r\nHost: localhost", 421),
            ("GET http://localhost/livez HTTP/1.1\r\nHost: localhost", 200),
        ):
            assert (await ask(rig, head)).status == status, head


@pytest.mark.requirement("A13")
async def test_options_about_the_whole_admin_listener() -> None:
    """RFC 9110 §9.3.7."""
    async with running_rig() as rig:
        answer = await ask(rig, "OPTIONS * HTTP/1.1\r\nHost: localhost")

        assert (answer.status, answer.body) == (204, b"")
        assert "GET" in str(answer.value("Allow"))
