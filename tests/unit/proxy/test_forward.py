"""Taking a request to its upstream and judging what comes back."""

import pytest

from tests.support.recording_upstream import json_reply
from tests.support.rig import CALL, running_rig


def redirect(location: str, status: int = 307) -> bytes:
    return f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


@pytest.mark.parametrize("status", [307, 308])
async def test_a_redirect_on_the_same_host_is_followed_with_the_body(status: int) -> None:
    async with running_rig() as rig:
        rig.upstream.replies.append(redirect("/mcp/", status))

        response = await rig.call()

        assert response.status == 200
        assert [request.target for request in rig.upstream.requests] == ["/mcp", "/mcp/"]
        assert rig.upstream.requests[-1].body == CALL


@pytest.mark.parametrize(
    "location", ["http://other.example/mcp", "//other.example/", "https://127.0.0.1/"]
)
async def test_a_redirect_elsewhere_is_not_followed(location: str) -> None:
    async with running_rig() as rig:
        rig.upstream.replies.append(redirect(location))

        response = await rig.call()

        assert response.status == 502
        assert location.encode() not in response.body
        assert len(rig.upstream.requests) == 1


async def test_redirects_in_circles_end() -> None:
    async with running_rig() as rig:
        rig.upstream.default_reply = redirect("/mcp")

        assert (await rig.call()).status == 502


@pytest.mark.requirement("H13")
@pytest.mark.parametrize("status", [401, 407, 301, 302, 303])
async def test_a_challenge_or_other_redirect_of_the_upstream_does_not_pass(status: int) -> None:
    async with running_rig() as rig:
        rig.upstream.replies.append(
            b"HTTP/1.1 %d X\r\nWWW-Authenticate: Basic\r\nLocation: /x\r\n" % status
            + b"Content-Length: 0\r\n\r\n"
        )

        response = await rig.call()

        assert response.status == 502
        assert response.challenge is None


@pytest.mark.requirement("29")
async def test_what_is_not_mcp_becomes_an_error_with_the_id() -> None:
    async with running_rig() as rig:
        rig.upstream.replies.append(json_reply(b"<p>").replace(b"application/json", b"text/html"))

        response = await rig.call()

        assert response.status == 502
        assert b'"id":1' in response.body


@pytest.mark.requirement("S7")
async def test_a_forged_legacy_endpoint_is_an_unknown_session() -> None:
    async with running_rig() as rig:
        token = f"Authorization: Bearer {rig.token()}\r\nContent-Type: application/json\r\n"
        request = rig.request(
            "POST",
            "/mcp?mcpgw_endpoint=AAAA",
            headers=token.encode() + b"Content-Length: %d\r\n" % len(CALL),
        )

        response = await rig.send(request + CALL)

        assert response.status == 404
        rig.upstream.assert_untouched()
