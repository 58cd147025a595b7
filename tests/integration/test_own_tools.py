"""The tools that the gateway answers itself, through the whole gateway, in both eras."""

import asyncio
import json
from typing import Any

import jsonschema
import pytest

from gateway.policy.suggest import suggest_rules
from tests.integration.test_rules import anonymous, call, error_of, message
from tests.support.gateway import running_gateway, short_config
from tests.support.identity_provider import OidcProvider
from tests.support.mcp_servers import running_mcp_server
from tests.support.oauth_client import Mode, Person, connected_client
from tests.support.raw_http import RawResponse
from tests.support.recording_upstream import chunk, event_stream_head, json_reply
from tests.support.rig import Rig, running_rig
from tests.support.typescript_client import typescript_client

ALL = "auth: {scopes: [mcp:read]}, tools: {gateway: all}"
OWN = ["cli_status", "cli_login_url", "cli_whoami", "cli_token", "cli_refresh"]
PUBLIC = OWN[:2]
MODES = ["auto", "legacy", "2026-07-28"]
NO_SUCH_METHOD = b'{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method not found"}}'
REVISION = "io.modelcontextprotocol/protocolVersion"
MODERN = {REVISION: "2026-07-28"}


def listed(*names: str, **more: object) -> bytes:
    tools = [{"name": name, "inputSchema": {"type": "object"}} for name in names]
    return json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"tools": tools, **more}}).encode()


def tools_in(response: RawResponse) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = result_of(response)["tools"]
    return found


def names_in(response: RawResponse) -> list[str]:
    return [tool["name"] for tool in tools_in(response)]


def result_of(response: RawResponse) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(response.body)["result"]
    return found


def content_of(response: RawResponse) -> dict[str, Any]:
    """The structured content, which the text repeats."""
    result = result_of(response)
    content: dict[str, Any] = result["structuredContent"]
    (block,) = result["content"]
    assert json.loads(block["text"]) == content
    return content


async def call_modern(rig: Rig, method: str, name: str = "", **params: object) -> RawResponse:
    headers = f"MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: {method}\r\n"
    if name:
        headers += f"Mcp-Name: {name}\r\n"
        params["name"] = name
    body = message(method, {**params, "_meta": MODERN})
    return await rig.call(body=body, headers=headers.encode())


def tool_calls(rig: Rig) -> int:
    """How many calls the upstream saw; the gateway itself only ever asks for lists."""
    return sum(b'"tools/call"' in each.body for each in rig.upstream.requests)


async def test_no_rules_are_suggested_for_calls_of_ours(capfd: pytest.CaptureFixture[str]) -> None:
    async with running_rig(server=ALL) as rig:
        rig.upstream.default_reply = json_reply(listed("whoami"))
        assert (await rig.call(body=call("cli_whoami"))).status == 200
        assert (await rig.call()).status == 200
        ada = {"subjects": ["ada"], "issuers": [rig.signer.issuer]}
    lines = capfd.readouterr().out.splitlines()

    assert suggest_rules(json.loads(line) for line in lines) == [
        {"tools": ["whoami"], "allow": ada}
    ]


@pytest.mark.parametrize("name", OWN)
async def test_each_tool_answers_by_its_schema_and_the_upstream_sees_no_call(name: str) -> None:
    async with running_rig(server=ALL) as rig:
        rig.upstream.default_reply = json_reply(listed("whoami"))
        tools = {
            each["name"]: each for each in tools_in(await rig.call(body=message("tools/list")))
        }
        for response in (
            await rig.call(body=call(name)),
            await call_modern(rig, "tools/call", name, arguments={}),
        ):
            assert response.status == 200
            schema = tools[name]["outputSchema"]
            jsonschema.Draft202012Validator.check_schema(schema)
            jsonschema.validate(content_of(response), schema)
            assert tools[name]["annotations"]["readOnlyHint"] is True
        assert "resultType" not in result_of(await rig.call(body=call(name)))
        modern = result_of(await call_modern(rig, "tools/call", name, arguments={}))
        assert modern["resultType"] == "complete"
        assert tool_calls(rig) == 0


async def test_whoami_says_what_the_caller_may_call() -> None:
    rules = (
        'rules: [{tools: ["get_*"], allow: any}, {tools: [put], allow: {scopes: [mcp:write]}},'
        " {tools: [wipe], allow: {roles: [operator]}}], "
    )
    roles = "roles: {reader: {groups: [staff]}, operator: {groups: [ops]}}"
    async with running_rig(roles, server=rules + ALL) as rig:
        rig.upstream.default_reply = json_reply(listed("get_a", "put", "wipe"))
        token = rig.token(groups=["staff"], email="ada@example.com")
        told = content_of(await rig.call(token=token, body=call("cli_whoami")))

    assert told["email"] == "ada@example.com"
    assert told["groups"] == ["staff"]
    assert told["roles"] == ["reader"]
    assert told["tools"] == {
        "allowed": ["get_a"],
        "with_more_scopes": {"put": ["mcp:read", "mcp:write"]},
    }


@pytest.mark.requirement("A20")
async def test_a_token_that_never_ends_is_told_about() -> None:
    async with running_rig(server=ALL) as rig:
        told = await rig.call(token=rig.token(exp=2**53), body=call("cli_token"))

    assert told.status == 200
    assert content_of(told)["expires_at"] == "9999-12-31T23:59:59Z"


async def test_the_token_itself_is_shown_only_when_asked_for_and_only_to_its_bearer() -> None:
    async with running_rig(server=ALL) as rig:
        token = rig.token(jti="token 7")
        plain = await rig.call(token=token, body=call("cli_token"))
        shown = await rig.call(token=token, body=call("cli_token", {"showToken": True}))
        refused = await anonymous(rig, call("cli_token", {"showToken": True}))

    assert token.encode() not in plain.body
    assert content_of(plain)["token"] is None
    assert content_of(plain)["claims"]["jti"] == "token 7"
    assert content_of(shown)["token"] == token
    assert refused.status == 401
    assert token.encode() not in refused.body


@pytest.mark.parametrize("arguments", [{"showtoken": True}, {"showToken": "yes"}, {"x": 1}])
async def test_wrong_arguments_are_told_to_the_model(arguments: dict[str, object]) -> None:
    async with running_rig(server=ALL) as rig:
        response = await rig.call(body=call("cli_token", arguments))

    assert response.status == 200
    assert result_of(response)["isError"] is True
    assert "structuredContent" not in result_of(response)


async def test_own_tools_stand_behind_the_last_page() -> None:
    async with running_rig(server=ALL) as rig:
        rig.upstream.replies.append(json_reply(listed("a", nextCursor="n")))
        first = await rig.call(body=message("tools/list"))
        rig.upstream.replies.append(json_reply(listed("b", ttlMs=5, cacheScope="public")))
        last = await rig.call(body=message("tools/list", {"cursor": "n"}))

    assert names_in(first) == ["a"]
    assert names_in(last) == ["b", *OWN]
    assert result_of(last)["cacheScope"] == "private"
    assert result_of(last)["ttlMs"] == 5


async def test_they_are_added_to_an_event_stream_too() -> None:
    events = b"event: message\ndata: " + listed("a") + b"\n\n"
    async with running_rig(server=ALL) as rig:
        rig.upstream.replies.append(event_stream_head() + chunk(events) + chunk(b""))
        response = await rig.call(body=message("tools/list"))

    assert b'"name":"a"' in response.body.replace(b'": "', b'":"')
    assert response.body.count(b'"cli_status"') == 1


async def test_a_tool_of_the_server_keeps_its_name() -> None:
    async with running_rig(server=ALL) as rig:
        rig.upstream.default_reply = json_reply(listed("cli_status", "a"))
        response = await rig.call(body=message("tools/list"))
        await rig.call(body=call("cli_status"))

        assert names_in(response) == ["cli_status", "a", *OWN[1:]]
        assert tool_calls(rig) == 1
        assert b"cli_status" in rig.upstream.last.body


async def test_a_tool_that_the_caller_may_not_see_keeps_its_name_all_the_same() -> None:
    rules = 'rules: [{tools: ["cli_s*"], allow: nobody}, {tools: ["*"], allow: any}], '
    async with running_rig(server=rules + ALL) as rig:
        rig.upstream.default_reply = json_reply(listed("cli_status", "a"))
        response = await rig.call(body=message("tools/list"))
        refused = await rig.call(body=call("cli_status"))

        assert names_in(response) == ["a", *OWN[1:]]
        assert refused.status == 403
        assert tool_calls(rig) == 0


async def test_another_prefix_makes_room() -> None:
    tools = "auth: {scopes: [mcp:read]}, tools: {gateway: [cli_status], prefix: gw.}"
    async with running_rig(server=tools) as rig:
        rig.upstream.default_reply = json_reply(listed("cli_status"))
        response = await rig.call(body=message("tools/list"))
        assert names_in(response) == ["cli_status", "gw.status"]
        assert content_of(await rig.call(body=call("gw.status")))["authenticated"] is True


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found"])
async def test_a_server_without_tools_has_ours(status: str) -> None:
    greeting = {"capabilities": {"prompts": {}}, "protocolVersion": "2025-11-25"}
    hello = json.dumps({"jsonrpc": "2.0", "id": 1, "result": greeting}).encode()
    async with running_rig(server=ALL) as rig:
        rig.upstream.replies.append(json_reply(hello))
        greeted = await rig.call(body=message("initialize", {"protocolVersion": "2025-11-25"}))
        rig.upstream.default_reply = json_reply(NO_SUCH_METHOD, status=status)
        legacy = await rig.call(body=message("tools/list"))
        modern = await call_modern(rig, "tools/list")

    assert result_of(greeted)["capabilities"] == {"prompts": {}, "tools": {}}
    assert (legacy.status, modern.status) == (200, 200)
    assert names_in(legacy) == names_in(modern) == OWN
    assert set(result_of(legacy)) == {"tools"}
    assert set(result_of(modern)) == {"resultType", "tools", "ttlMs", "cacheScope"}


async def test_other_errors_stay_errors() -> None:
    failure = b'{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"no"}}'
    async with running_rig(server=ALL) as rig:
        rig.upstream.default_reply = json_reply(failure)
        assert error_of(await rig.call(body=message("tools/list")))["code"] == -32603
        rig.upstream.default_reply = json_reply(NO_SUCH_METHOD)
        assert error_of(await rig.call(body=message("prompts/list")))["code"] == -32601


async def test_without_anonymous_access_only_public_tools_are_called_without_a_token() -> None:
    async with running_rig(server=ALL) as rig:
        rig.upstream.default_reply = json_reply(listed("a"))
        status = await anonymous(rig, call("cli_status"))
        login = await anonymous(rig, call("cli_login_url"))
        others = [
            await anonymous(rig, body)
            for body in (
                call("cli_whoami"),
                call("a"),
                message("tools/list"),
                message("initialize", {}),
                b"[%b,%b]" % (call("a"), call("a")),
            )
        ]
        streams = await rig.send(rig.request("GET", "/mcp"))

        assert content_of(status)["authenticated"] is False
        assert str(content_of(login)["authorization_endpoint"]).startswith(rig.signer.issuer)
        assert [each.status for each in (*others, streams)] == [401] * 6
        assert all("resource_metadata=" in str(each.challenge) for each in others)
        assert tool_calls(rig) == 0
        asked = [each for each in rig.upstream.requests if each.value("X-Request-Id")]
        assert asked == []  # the gateway's own questions for the list carry none


@pytest.mark.parametrize("allow", ["", "allow: anonymous, "])
async def test_with_anonymous_access_public_tools_are_listed_and_others_start_a_login(
    allow: str,
) -> None:
    tools = "auth: {scopes: [mcp:read]}, tools: {gateway: all, anonymous: true}"
    async with running_rig(server=allow + tools) as rig:
        rig.upstream.default_reply = json_reply(listed("a"))
        shown = await anonymous(rig, message("tools/list"))
        status = await anonymous(rig, call("cli_status"))
        refused = await anonymous(rig, call("cli_whoami"))
        known = await rig.call(body=message("tools/list"))
        of_server = await anonymous(rig, call("a"))

        assert names_in(shown) == (["a", *PUBLIC] if allow else PUBLIC)
        assert status.status == 200
        assert refused.status == 401
        assert "resource_metadata=" in str(refused.challenge)
        assert names_in(known) == ["a", *OWN]
        assert of_server.status == (200 if allow else 401)
        assert tool_calls(rig) == (1 if allow else 0)


async def test_a_bad_token_is_refused_for_public_tools_too() -> None:
    async with running_rig(server=ALL) as rig:
        response = await rig.call(token="not.a.token", body=call("cli_status"))  # noqa: S106

        assert response.status == 401
        rig.upstream.assert_untouched()


async def test_status_is_told_while_the_server_is_away() -> None:
    async with running_rig(server=ALL) as rig:
        rig.upstream.default_reply = json_reply(b"{}", status="503 Away")
        response = await rig.call(body=call("cli_status"))
        whoami = await rig.call(body=call("cli_whoami"))

    assert content_of(response)["authenticated"] is True
    assert content_of(whoami)["tools"] is None


async def test_a_batch_is_all_ours_or_all_of_the_server() -> None:
    async with running_rig(server=ALL) as rig:
        rig.upstream.default_reply = json_reply(listed("a"))
        mixed = await rig.call(body=b"[%b,%b]" % (call("cli_status"), call("a")))
        ours = await rig.call(body=b"[%b]" % call("cli_status"))

        assert mixed.status == 400
        assert len(json.loads(ours.body)) == 1
        assert tool_calls(rig) == 0


async def test_the_limits_of_a_tool_hold_for_ours() -> None:
    limits = ', limits: {per_tool: {"cli_*": 1/h}}'
    async with running_rig(server=ALL + limits) as rig:
        first = await rig.call(body=call("cli_status"))
        second = await rig.call(body=call("cli_status"))

    assert (first.status, second.status) == (200, 429)


async def test_what_is_chosen_only_is_there() -> None:
    tools = "auth: {scopes: [mcp:read]}, tools: {gateway: [cli_whoami]}"
    async with running_rig(server=tools) as rig:
        rig.upstream.default_reply = json_reply(listed("a"))
        assert names_in(await rig.call(body=message("tools/list"))) == ["a", "cli_whoami"]
        assert (await anonymous(rig, call("cli_status"))).status == 401
        await rig.call(body=call("cli_status"))
        assert tool_calls(rig) == 1


@pytest.mark.parametrize("mode", MODES)
async def test_both_official_clients_list_and_call_them(
    mode: Mode, oidc_provider: OidcProvider, port: int
) -> None:
    more = "tools: {gateway: all}\n"
    with running_mcp_server("stateful") as upstream:
        config = short_config(port, upstream, oidc_provider.issuer, more=more)
        async with running_gateway(config):
            url = f"http://127.0.0.1:{port}/mcp"
            async with connected_client(Person(url), mode) as client:
                names = [tool.name for tool in (await client.list_tools()).tools]
                told = await client.call_tool("cli_whoami", {})
                refresh = await client.call_tool("cli_refresh", {})
            seen = await typescript_client(url, mode, "cli_whoami", {})

    assert names == ["whoami", "add", "count", *OWN] == seen.tools
    assert told.structured_content is not None
    assert told.structured_content["subject"] == "ada"
    assert told.structured_content["tools"]["allowed"] == ["whoami", "add", "count"]
    assert refresh.structured_content is not None
    assert refresh.structured_content["token_endpoint"] == f"{oidc_provider.issuer}/token"
    assert seen.error is None
    assert seen.result is not None
    assert seen.result["subject"] == "ada"


async def test_many_strangers_make_few_questions_to_the_server() -> None:
    async with running_rig(server=ALL) as rig:
        rig.upstream.default_reply = json_reply(b"{}", status="500 Broken")
        await asyncio.gather(*(anonymous(rig, call("cli_status")) for _ in range(20)))

        assert len(rig.upstream.requests) <= 2  # one try in each era
