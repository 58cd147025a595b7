"""Rules through the whole gateway: what is allowed, and three kinds of denial."""

import json
from collections.abc import Mapping

import pytest

from tests.support.raw_http import RawResponse
from tests.support.recording_upstream import json_reply
from tests.support.rig import Rig, running_rig

SCOPES = "auth: {scopes: [mcp:read]}"
RULES = """
roles: {operator: {groups: [ops]}}
scope_implies: {"mcp:admin": [mcp:read, mcp:write]}
"""


def server(*rules: str, more: str = "") -> str:
    listed = ", ".join(f"{{{rule}}}" for rule in rules)
    return f"{SCOPES}, contact: ask the platform team, rules: [{listed}]{more}"


def call(tool: str, arguments: Mapping[str, object] | None = None) -> bytes:
    params = {"name": tool, "arguments": dict(arguments or {})}
    return message("tools/call", params)


def message(method: str, params: object = None) -> bytes:
    body = {"jsonrpc": "2.0", "id": 1, "method": method}
    return json.dumps(body if params is None else body | {"params": params}).encode()


def error_of(response: RawResponse) -> dict[str, object]:
    found: dict[str, object] = json.loads(response.body)["error"]
    return found


async def anonymous(rig: Rig, body: bytes) -> RawResponse:
    head = rig.request("POST", "/mcp", headers=b"").removesuffix(b"\r\n")
    lines = b"Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
    return await rig.send(head + lines + b"Content-Length: %d\r\n\r\n" % len(body) + body)


async def test_the_first_rule_that_covers_a_call_decides() -> None:
    rules = server("tools: [get_secret], allow: nobody", 'tools: ["get_*"], allow: any')
    async with running_rig(server=rules) as rig:
        assert (await rig.call(body=call("get_weather"))).status == 200
        received = len(rig.upstream.requests)

        refused = [
            await rig.call(body=call(name)) for name in ("get_secret", "drop", "GET_weather")
        ]

        assert [each.status for each in refused] == [403, 403, 403]
        assert len(rig.upstream.requests) == received


@pytest.mark.requirement("14", "15")
async def test_a_scope_that_would_help_is_asked_for_with_all_the_others() -> None:
    rules = server('tools: ["write_*"], allow: {scopes: [mcp:write]}')
    async with running_rig(server=rules) as rig:
        response = await rig.call(body=call("write_file"))

        assert response.status == 403
        challenge = str(response.challenge)
        assert 'error="insufficient_scope"' in challenge
        assert 'scope="mcp:read mcp:write"' in challenge
        data = error_of(response)["data"]
        assert isinstance(data, dict)
        assert data["scopes"] == ["mcp:read", "mcp:write"]
        rig.upstream.assert_untouched()


@pytest.mark.requirement("16")
async def test_a_broader_scope_stands_for_those_it_implies() -> None:
    rules = server('tools: ["write_*"], allow: {scopes: [mcp:write]}')
    async with running_rig(RULES, server=rules) as rig:
        response = await rig.call(token=rig.token(scope="mcp:admin"), body=call("write_file"))

        assert response.status == 200


async def test_a_role_that_is_lacking_is_told_without_a_challenge() -> None:
    rules = server("tools: [restart], allow: {roles: [operator]}")
    async with running_rig(RULES, server=rules) as rig:
        refused = await rig.call(body=call("restart"))

        assert refused.status == 403
        assert refused.challenge is None
        error = error_of(refused)
        assert error["code"] == -32003
        assert error["data"] == {
            "error": "access_denied",
            "reason": "role_missing",
            "contact": "ask the platform team",
            "request_id": refused.value("X-Request-Id"),
        }
        rig.upstream.assert_untouched()

        operator = rig.token(groups=["ops"])
        assert (await rig.call(token=operator, body=call("restart"))).status == 200


@pytest.mark.requirement("25")
async def test_a_tool_that_does_not_exist_is_refused_like_one_that_does() -> None:
    rules = server("tools: [known], allow: nobody", "tools: [public], allow: any")
    async with running_rig(server=rules) as rig:
        there = error_of(await rig.call(body=call("known")))
        away = error_of(await rig.call(body=call("unknown")))

        assert there["message"] == away["message"]
        rig.upstream.assert_untouched()


@pytest.mark.requirement("M4")
async def test_a_batch_passes_as_a_whole_or_not_at_all() -> None:
    async with running_rig(server=server("tools: [a], allow: any")) as rig:
        refused = await rig.call(body=b"[%b,%b]" % (call("a"), call("b")))
        assert refused.status == 403
        rig.upstream.assert_untouched()

        assert (await rig.call(body=b"[%b,%b]" % (call("a"), call("a")))).status == 200


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ({"path": "/data/a", "size": 10}, 200),
        ({"path": "/data/../etc/passwd", "size": 10}, 403),
        ({"path": "/etc/passwd", "size": 10}, 403),
        ({"path": ["/data/a"], "size": 10}, 403),
        ({"path": "/data/a", "size": 11}, 403),
        ({"path": "/data/a", "size": True}, 403),
        ({"path": "/data/a"}, 403),
        ({"path": "/data/a", "size": 10, "force": False}, 403),
    ],
)
async def test_arguments_are_matched(arguments: dict[str, object], status: int) -> None:
    matchers = '{path: {glob: "/data/*"}, size: {range: {max: 10}}, force: {absent: true}}'
    rules = server(f"tools: [write], arguments: {matchers}, allow: any")
    async with running_rig(server=rules) as rig:
        response = await rig.call(body=call("write", arguments))

        assert response.status == status
        if status != 200:
            rig.upstream.assert_untouched()


@pytest.mark.requirement("M1", "M2")
@pytest.mark.parametrize(
    "arguments",
    [
        b'{"path":"/data/a","path":"/etc/passwd"}',
        b'{"path":"/data/a","Path":"/etc/passwd"}',
        b'{"path":"/data/a","p\\u0061th":"/etc/passwd"}',
        b'{"path":"/data/a","deep":[{"a":1,"a":2}]}',
        b'{"path":"/data/a","big":9007199254740993}',
        b'["/data/a"]',
    ],
)
async def test_arguments_that_can_be_read_in_two_ways_are_refused(arguments: bytes) -> None:
    body = (
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"write","arguments":%b}}'
    )
    rules = server('tools: [write], arguments: {path: {glob: "/data/*"}}, allow: any')
    async with running_rig(server=rules) as rig:
        response = await rig.call(body=body % arguments)

        assert response.status == 400
        rig.upstream.assert_untouched()


@pytest.mark.parametrize(
    ("uri", "status"),
    [
        ("file:///pub/a", 200),
        ("file:///pub/../etc/passwd", 403),
        ("file:///pub/%2e%2e/etc/passwd", 403),
        ("file:///pub/..%2fetc", 403),
        ("file:///pub\\..\\etc", 403),
        ("file:///etc/passwd", 403),
    ],
)
async def test_resources_are_matched_by_uris_that_lead_nowhere_else(uri: str, status: int) -> None:
    async with running_rig(server=server('resources: ["file:///pub/*"], allow: any')) as rig:
        for method in ("resources/read", "resources/subscribe"):
            response = await rig.call(body=message(method, {"uri": uri}))
            assert response.status == status
        listen = {"notifications": {"resourceSubscriptions": [uri]}}
        assert (await rig.call(body=message("subscriptions/listen", listen))).status == status
        if status != 200:
            rig.upstream.assert_untouched()


async def test_completion_is_about_the_prompt_that_it_completes() -> None:
    async with running_rig(server=server("prompts: [public], allow: any")) as rig:
        for name, status in (("secret", 403), ("public", 200)):
            ref = {"ref": {"type": "ref/prompt", "name": name}, "argument": {}}
            assert (await rig.call(body=message("completion/complete", ref))).status == status
        assert len(rig.upstream.requests) == 1


async def test_what_every_client_needs_passes_and_what_nobody_knows_does_not() -> None:
    async with running_rig(server=server("tools: [a], allow: any")) as rig:
        for method in ("initialize", "ping", "tools/list", "notifications/initialized"):
            assert (await rig.call(body=message(method))).status == 200
        received = len(rig.upstream.requests)

        refused = [await rig.call(body=message(each)) for each in ("tasks/list", "vendor/x")]

        assert [each.status for each in refused] == [403, 403]
        assert len(rig.upstream.requests) == received


@pytest.mark.requirement("12", "3")
async def test_a_public_tool_needs_no_token_and_the_others_start_a_login() -> None:
    rules = server("tools: [public], allow: anonymous", "tools: [private], allow: any")
    async with running_rig(server=rules) as rig:
        assert (await anonymous(rig, call("public"))).status == 200
        assert rig.upstream.last.value("X-User-Id") is None
        received = len(rig.upstream.requests)

        refused = await anonymous(rig, call("private"))
        bad = await rig.call(token="bad", body=call("public"))  # noqa: S106

        assert (refused.status, bad.status) == (401, 401)
        assert "resource_metadata=" in str(refused.challenge)
        assert len(rig.upstream.requests) == received
        assert (await rig.call(body=call("private"))).status == 200


async def test_a_client_that_steps_up_in_a_loop_is_told_plainly() -> None:
    rules = server("tools: [write], allow: {scopes: [mcp:write]}")
    async with running_rig(server=rules) as rig:
        answers = [
            await rig.call(token=rig.token(jti=str(n)), body=call("write")) for n in range(5)
        ]

        assert [each.challenge is not None for each in answers] == [True] * 4 + [False]
        assert answers[-1].status == 403
        assert "mcp:write" in str(error_of(answers[-1])["message"])
        rig.upstream.assert_untouched()


@pytest.mark.parametrize("where", ["server", "rule"])
async def test_shadow_mode_tells_and_does_not_refuse(
    where: str, capfd: pytest.CaptureFixture[str]
) -> None:
    trial = "tools: [a], allow: nobody"
    rules = server(trial, more=", mode: shadow")
    if where == "rule":
        rules = server(f"{trial}, mode: shadow", "tools: [a], allow: any")
    async with running_rig(server=rules) as rig:
        response = await rig.call(body=call("a"))

        assert response.status == 200
    assert '"would_deny":"nobody_allowed"' in capfd.readouterr().out


TOOLS = [
    {"name": "look", "inputSchema": {}, "annotations": {"readOnlyHint": True}},
    {"name": "wipe", "inputSchema": {}, "annotations": {"readOnlyHint": False}},
    {"name": "mute", "inputSchema": {}},
]
LISTED = json_reply(json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"tools": TOOLS}}).encode())


async def test_what_the_server_says_about_its_tools_decides() -> None:
    rules = server('tools: ["*"], annotations: {readOnlyHint: true}, allow: any')
    async with running_rig(server=rules) as rig:
        rig.upstream.replies.append(LISTED)
        answers = {name: await rig.call(body=call(name)) for name in ("look", "wipe", "mute", "no")}

        statuses = {name: answer.status for name, answer in answers.items()}
        assert statuses == {"look": 200, "wipe": 403, "mute": 403, "no": 403}
        asked = [b"tools/list" in each.body for each in rig.upstream.requests]
        assert asked == [True, False]


async def test_tools_that_cannot_be_known_are_no_reason_to_refuse() -> None:
    rules = server('tools: ["*"], annotations: {readOnlyHint: true}, allow: any')
    async with running_rig(server=rules) as rig:
        rig.upstream.default_reply = json_reply(b"{}", status="500 Broken")
        response = await rig.call(body=call("look"))

        assert response.status == 503
        assert not any(b"tools/call" in each.body for each in rig.upstream.requests)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ({"owner": "ada@example.com", "fields": [1]}, 200),
        ({"owner": "bob@example.com", "fields": [1]}, 403),
        ({"owner": "ada@example.com", "fields": [1, 2, 3]}, 403),
        ({"fields": [1]}, 403),
        ({"owner": "ada@example.com"}, 403),
    ],
)
async def test_an_expression_decides(arguments: dict[str, object], status: int) -> None:
    expression = "args.owner == caller.email && size(args.fields) < 3"
    rules = server(f"tools: [update], cel: '{expression}', allow: any")
    async with running_rig(server=rules) as rig:
        token = rig.token(email="ada@example.com", email_verified=True)
        response = await rig.call(token=token, body=call("update", arguments))

        assert response.status == status
        if status != 200:
            rig.upstream.assert_untouched()


async def test_an_expression_without_an_answer_denies_what_a_later_rule_would_allow() -> None:
    rules = server(
        "tools: [update], cel: 'args.force', allow: nobody", "tools: [update], allow: any"
    )
    async with running_rig(server=rules) as rig:
        answers = [
            await rig.call(body=call("update", arguments))
            for arguments in ({}, {"force": True}, {"force": False})
        ]

        assert [each.status for each in answers] == [403, 403, 200]
        data = error_of(answers[0])["data"]
        assert isinstance(data, dict)
        assert data["reason"] == "expression_failed"
        assert len(rig.upstream.requests) == 1


@pytest.mark.requirement("A16")
@pytest.mark.parametrize(
    "claims",
    [
        {"email": "a@corp.com"},
        {"email": "a@corp.com", "email_verified": "no"},
        {"email": "a@corp.com", "email_verified": []},
        {"email": "@corp.com", "email_verified": True},
        {"email": "evil.com,a@corp.com", "email_verified": True},
        {"email": "a@gro\u00df.com", "email_verified": True},
        {"email": "a@ban\u212a.com", "email_verified": True},
    ],
)
async def test_an_address_that_only_looks_like_one_of_a_domain_is_none(
    claims: dict[str, object],
) -> None:
    allowed = "tools: [a], allow: {domains: [corp.com, gross.com, bank.com]}"
    async with running_rig(server=server(allowed)) as rig:
        refused = await rig.call(token=rig.token(header=None, **claims), body=call("a"))

        data = error_of(refused)["data"]
        assert isinstance(data, dict)
        assert (refused.status, data["reason"]) == (403, "domain_not_allowed")
        rig.upstream.assert_untouched()

        good = rig.token(email="a@Corp.com", email_verified=True)
        assert (await rig.call(token=good, body=call("a"))).status == 200


@pytest.mark.requirement("A17")
@pytest.mark.parametrize(
    "arguments", [{"ids": list(range(12_000))}, {"ids": ["a" * 600] * 1_000}], ids=["many", "long"]
)
async def test_a_call_too_large_for_its_expression_is_refused(
    arguments: dict[str, object],
) -> None:
    expression = "args.ids.all(x, args.ids.exists(y, y == x))"
    rules = server(f"tools: [update], cel: '{expression}', allow: any")
    async with running_rig(server=rules) as rig:
        refused = await rig.call(body=call("update", arguments))

        data = error_of(refused)["data"]
        assert isinstance(data, dict)
        assert (refused.status, data["reason"]) == (403, "expression_failed")
        rig.upstream.assert_untouched()
        beside = {"ids": [1, 2], "content": "x" * 500_000}
        assert (await rig.call(body=call("update", beside))).status == 200
