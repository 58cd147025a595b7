"""What is told when an upstream does not answer as it must."""

import json

import pytest

from tests.support.gateway import running_gateway, short_config
from tests.support.ports import reserved_port
from tests.support.raw_http import exchange, post
from tests.support.rig import CALL, running_rig
from tests.support.token_signer import TokenSigner

METRICS = b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def redirect(location: str, status: int = 307) -> bytes:
    return f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


def _page(status: str, content_type: str) -> bytes:
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: 1\r\n\r\nx".encode()
    )


@pytest.mark.requirement("B8")
@pytest.mark.parametrize(
    ("reply", "reason", "seen"),
    [
        (
            redirect("https://ada:pw@other.example/cb?code=s3cret"),
            "redirect_elsewhere",
            "status 307, location at https://other.example",
        ),
        (redirect("/x", 302), "redirect", "status 302, location at a path"),
        (_page("200 OK", "text/html"), "content_type", "status 200, content type text/html"),
        (
            _page("400 Bad", "text/html; x=1"),
            "content_type",
            "status 400, content type text/html",
        ),
        (_page("431 Large", "application/json"), "head_refused", "status 431"),
        (_page("401 No", "application/json"), "wants_credentials", "status 401"),
        (b"ICY 200 OK\r\n\r\n", "not_http", "Expected HTTP/"),
        (b"HTTP/1.1 200 OK\r\nX Y: 1\r\n\r\n", "not_http", "Invalid"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", "cut_short", "closed"),
        (b"", "unreachable", "closed before an answer"),
    ],
)
async def test_log_audit_and_metric_say_which_check_failed_and_what_was_seen(
    capfd: pytest.CaptureFixture[str], reply: bytes, reason: str, seen: str
) -> None:
    async with running_rig() as rig:
        rig.upstream.close_after_reply = True
        rig.upstream.replies.append(reply)
        response = await rig.call()
        metrics = await exchange(rig.admin_port, METRICS)

    out, err = capfd.readouterr()
    (line,) = [json.loads(each) for each in out.splitlines()]
    assert (response.status, line["reason"]) == (502, reason)
    assert line["upstream_seen"].startswith(seen)
    (told,) = [each for each in map(json.loads, err.splitlines()) if "seen" in each]
    assert (told["seen"], told["request_id"]) == (line["upstream_seen"], line["request_id"])
    assert reason in told["message"]
    count = f'mcpgw_upstream_errors_total{{reason="{reason}",server="mcp"}} 1'
    assert count in metrics.body.decode()
    assert "s3cret" not in out + err
    assert seen not in response.body.decode()


@pytest.mark.requirement("B8")
async def test_who_cannot_be_reached_is_named_with_the_errno(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with reserved_port() as port, reserved_port() as nobody:
        async with TokenSigner() as signer:
            upstream = f"http://127.0.0.1:{nobody}/mcp"
            async with running_gateway(short_config(port, upstream, signer.issuer)):
                token = signer.token(f"http://127.0.0.1:{port}/mcp")
                response = await exchange(port, post(port, CALL, token=token))

    line = json.loads(capfd.readouterr().out.splitlines()[0])
    assert (response.status, line["reason"]) == (502, "unreachable")
    assert line["upstream_seen"] == f"127.0.0.1:{nobody}: ECONNREFUSED"
    assert b"127.0.0.1" not in response.body


@pytest.mark.requirement("B8")
async def test_a_server_whose_tools_cannot_be_listed_is_told_as_well(
    capfd: pytest.CaptureFixture[str],
) -> None:
    rules = "allow: any, rules: [{tools: ['*'], annotations: {readOnlyHint: true}, allow: any}]"
    async with running_rig(server=rules) as rig:
        rig.upstream.default_reply = _page("404 Not Found", "text/html")
        response = await rig.call()

    line = json.loads(capfd.readouterr().out.splitlines()[0])
    assert (response.status, line["reason"]) == (503, "tools_unknown")
    assert line["upstream_seen"] == "invalid_response: status 404, content type text/html"


@pytest.mark.requirement("B7")
async def test_a_server_that_takes_no_head_as_large_says_so() -> None:
    async with running_rig() as rig:
        rig.upstream.replies.append(b"HTTP/1.1 431 Too Large\r\nContent-Length: 0\r\n\r\n")

        response = await rig.call()

        assert response.status == 502
        assert b"no headers as large as these (431)" in response.body


@pytest.mark.requirement("B7")
async def test_a_caller_of_many_groups_reaches_a_server_with_usual_limits(
    capfd: pytest.CaptureFixture[str],
) -> None:
    groups = [f"some-group-{number:03}" for number in range(300)]
    allow = f"allow: {{groups: [{groups[7]}]}}"
    async with running_rig(server=allow) as rig:
        response = await rig.call(token=rig.token(groups=groups))

        assert response.status == 200
        assert rig.upstream.last.value("X-User-Groups") == groups[7]
        assert rig.upstream.last.value("X-Gateway-Incomplete") == "X-User-Groups"

    lines = map(json.loads, capfd.readouterr().err.splitlines())
    (told,) = [each for each in lines if each.get("header") == "X-User-Groups"]
    assert (told["subject"], told["members"]) == ("ada", 300)
