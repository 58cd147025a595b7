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


PAGE = b"HTTP/1.1 %b\r\nContent-Type: text/html\r\nContent-Length: 20\r\n\r\n<script>x()</script>"


@pytest.mark.requirement("A12")
@pytest.mark.parametrize("status", [b"202 Accepted", b"200 OK", b"405 No", b"404 Gone"])
async def test_nothing_of_an_upstream_is_a_page_when_a_session_is_deleted(status: bytes) -> None:
    async with running_rig() as rig:
        rig.upstream.default_reply = PAGE % status
        token = f"Authorization: Bearer {rig.token()}\r\n".encode()

        response = await rig.send(rig.request("DELETE", "/mcp", headers=token))

        assert (response.status, response.body) == (int(status[:3]), b"")
        assert response.value("Content-Type") is None
        assert response.value("X-Content-Type-Options") == "nosniff"


@pytest.mark.requirement("A12")
@pytest.mark.parametrize("framing", [b"", b"Transfer-Encoding: chunked\r\n"])
async def test_nothing_of_an_upstream_is_a_page_when_it_accepts(framing: bytes) -> None:
    head = b"HTTP/1.1 202 Accepted\r\nContent-Type: text/html\r\n" + framing
    async with running_rig() as rig:
        rig.upstream.close_after_reply = not framing
        page = b"4\r\n<p>x\r\n" if framing else b"<p>x"
        rig.upstream.replies.append(head + b"\r\n" + page)

        response = await rig.call()

        assert (response.status, response.body) == (202, b"")
        assert response.value("Content-Type") is None


@pytest.mark.requirement("A12")
async def test_every_answer_forbids_to_sniff() -> None:
    async with running_rig() as rig:
        paths = ("/", "/health", "/.well-known/oauth-protected-resource", "/nowhere", "/mcp", "//")
        answers = [await rig.send(rig.request("GET", path)) for path in paths]
        answers += [await rig.call(), await rig.send(b"nonsense\r\n\r\n")]

        assert [each.values("X-Content-Type-Options") for each in answers] == [["nosniff"]] * 8


@pytest.mark.requirement("B12")
@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/mcp", "GET, POST, DELETE, OPTIONS"),
        ("HEAD", "/mcp", "GET, POST, DELETE, OPTIONS"),
        ("POST", "/.well-known/openid-configuration", "GET, HEAD, OPTIONS"),
        ("POST", "/health", "GET, HEAD, OPTIONS"),
        ("DELETE", "/", "GET, HEAD, OPTIONS"),
        ("PUT", "/.well-known/oauth-protected-resource/mcp", "GET, HEAD, OPTIONS"),
        ("PATCH", "/.well-known/oauth-authorization-server", "GET, HEAD, OPTIONS"),
        ("GET", "/.well-known/mcpgw/backchannel-logout/default", "POST"),
        ("OPTIONS", "/.well-known/mcpgw/backchannel-logout/default", "POST"),
    ],
)
async def test_a_refused_method_is_told_which_there_are(method: str, path: str, allow: str) -> None:
    async with running_rig(issuer="backchannel_logout: {clients: [mcp]}") as rig:
        # To one who has none, HEAD of a server says where to get a token.
        token = f"Authorization: Bearer {rig.token()}\r\n".encode() if method == "HEAD" else b""
        response = await rig.send(rig.request(method, path, headers=token))

        assert (response.status, response.values("Allow")) == (405, [allow])
        rig.upstream.assert_untouched()


@pytest.mark.requirement("B12")
@pytest.mark.parametrize(("sent", "given"), [(b"", "POST, OPTIONS"), (b"Allow: POST\r\n", "POST")])
async def test_a_405_of_the_server_has_allow_too(sent: bytes, given: str) -> None:
    async with running_rig() as rig:
        rig.upstream.replies.append(json_reply(b"{}", status="405 No", headers=sent))
        token = f"Authorization: Bearer {rig.token()}\r\n".encode()

        response = await rig.send(rig.request("GET", "/mcp", headers=token))

        assert (response.status, response.values("Allow")) == (405, [given])


@pytest.mark.requirement("B13")
async def test_a_revision_that_nobody_knows_is_answered_by_the_server() -> None:
    async with running_rig() as rig:
        error = b'{"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"x"}}'
        rig.upstream.replies.append(json_reply(error, status="400 Bad Request"))
        headers = (
            b"MCP-Protocol-Version: v999.0.0\r\nMcp-Method: tools/call\r\nMcp-Name: whoami\r\n"
        )

        response = await rig.call(headers=headers)

        assert (response.status, response.body) == (400, error)
        assert rig.upstream.last.value("MCP-Protocol-Version") == "v999.0.0"


@pytest.mark.requirement("B13")
async def test_what_such_a_revision_mirrors_must_agree() -> None:
    async with running_rig() as rig:
        response = await rig.call(headers=b"MCP-Protocol-Version: v999.0.0\r\nMcp-Method: ping\r\n")

        assert response.status == 400
        assert b'"id":1' in response.body
        assert b"-32020" in response.body
        rig.upstream.assert_untouched()


@pytest.mark.requirement("A13")
@pytest.mark.parametrize("target", ["*", "http://127.0.0.1:{port}"])
async def test_options_about_the_whole_server_are_answered_here(target: str) -> None:
    """RFC 9110 §9.3.7, RFC 9112 §3.2.4."""
    async with running_rig() as rig:
        answer = await rig.send(rig.request("OPTIONS", target.format(port=rig.port)))
        others = [await rig.send(rig.request(method, "*")) for method in ("GET", "POST")]
        foreign = await rig.send(rig.request("OPTIONS", "*", host="evil.example"))

        assert (answer.status, answer.body) == (204, b"")
        assert answer.value("Allow") == "GET, HEAD, POST, DELETE, OPTIONS"
        assert answer.value("Content-Length") is None
        assert [each.status for each in others] == [400, 400]
        assert foreign.status == 421
        rig.upstream.assert_untouched()
