"""`token inspect` and `explain` say what the gateway does, of the same token and configuration."""

import asyncio
import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.explain import command as explain_command
from gateway.cli.inspection import inspect_token
from gateway.config.load import load_config
from tests.support.gateway import FullKeys, full_config, running_gateway
from tests.support.ports import reserved_port
from tests.support.raw_http import exchange, post
from tests.support.recording_upstream import RecordingUpstream, json_reply
from tests.support.rig import CALL
from tests.support.token_signer import TokenSigner

ANSWER = json_reply(b'{"jsonrpc":"2.0","id":1,"result":{"content":[]}}')
SCOPES = "auth: {scopes: [mcp:read]}"


@pytest.mark.requirement("U4")
@pytest.mark.parametrize(
    ("server", "more", "claims", "status", "answer"),
    [
        (SCOPES, "", {}, 200, "allowed"),
        (SCOPES, "", {"scope": "other"}, 403, "denied until there is a scope: mcp:read"),
        (SCOPES, "scope_implies: {other: [mcp:read]}", {"scope": "other"}, 200, "allowed"),
        ("allow: {subjects: [bob]}", "", {}, 403, "denied: subject_not_allowed"),
        (SCOPES, "revocations: {file: revoked.yaml}", {"sub": "eve"}, 401, None),
        (SCOPES, "revocations: {file: nothing.yaml}", {}, 503, None),
        ("auth: {dpop: {mode: required}}", "", {}, 401, None),
        ("auth: {dpop: {mode: 'off'}}", "", {"cnf": {"jkt": "x" * 43}}, 401, None),
        ("auth: {audiences: [other]}", "", {"aud": "other"}, 200, "allowed"),
        (SCOPES, "", {"aud": "other"}, 401, None),
        (SCOPES, "", {"exp": 1}, 401, None),
        ("rules: [{tools: [who*], allow: nobody}]", "", {}, 403, "denied: nobody_allowed"),
        ("tools: {gateway: [cli_status], anonymous: true}", "", {}, 200, "allowed"),
    ],
)
async def test_commands_and_gateway_agree(
    tmp_path: Path,
    server: str,
    more: str,
    claims: dict[str, object],
    status: int,
    answer: str | None,
) -> None:
    (tmp_path / "revoked.yaml").write_text("revocations: [{subject: eve}]", encoding="utf-8")
    more = more.replace("revoked.yaml", str(tmp_path / "revoked.yaml"))
    with reserved_port() as port:
        async with RecordingUpstream() as upstream, TokenSigner() as signer:
            upstream.replies.append(ANSWER)
            text = full_config(port, upstream.url, signer.issuer, FullKeys(server=server)) + more
            path = tmp_path / "config.yaml"
            path.write_text(text + f"\nstate_dir: {tmp_path}/state\n", encoding="utf-8")
            config = load_config(path, {})
            token = signer.token(f"http://127.0.0.1:{port}/mcp", header=None, key=None, **claims)
            async with running_gateway(path.read_text(encoding="utf-8")):
                served = await exchange(port, post(port, CALL, token=token))
                inspected = await inspect_token(config, config.servers["mcp"], token, time.time())
                words = ["--config", str(path), "--token", token, "--tool", "whoami"]
                explained = await asyncio.to_thread(CliRunner().invoke, explain_command, words)

            assert served.status == status
            if "rules" not in server:  # a rule looks at what is called
                assert inspected["status"] == status
                assert (inspected["verdict"] == "accepted") == (status == 200)
            assert (explained.exit_code == 0) == (status == 200)
            if answer is not None:
                assert explained.output.splitlines()[-1] == answer
            if status != 200:
                upstream.assert_untouched()


@pytest.mark.requirement("U4")
async def test_a_request_of_the_audit_log_is_explained(tmp_path: Path) -> None:
    audit = tmp_path / "audit.jsonl"
    rules = "rules: [{name: closed, tools: [who*], allow: nobody}, {tools: [other], allow: any}]"
    with reserved_port() as port:
        async with RecordingUpstream() as upstream, TokenSigner() as signer:
            text = full_config(port, upstream.url, signer.issuer, FullKeys(server=rules))
            path = tmp_path / "config.yaml"
            path.write_text(f"{text}log: {{audit_file: {audit}}}\n", encoding="utf-8")
            token = signer.token(f"http://127.0.0.1:{port}/mcp", header=None, key=None)
            async with running_gateway(path.read_text(encoding="utf-8")):
                headers = b"X-Request-Id: of-the-client\r\n"
                served = await exchange(port, post(port, CALL, token=token, headers=headers))
            upstream.assert_untouched()
    assert served.status == 403
    own_id = json.loads(audit.read_text(encoding="utf-8"))["request_id"]

    for request_id in (own_id, "of-the-client"):
        told = CliRunner().invoke(explain_command, ["--config", str(path), "--request", request_id])

        assert told.exit_code == 1
        assert "=> closed: covers this method and name" in told.output
        assert "other" not in told.output
        assert "tools/call whoami on mcp" in told.output
        assert "answered 403, deny: nobody_allowed; what decides is allow" in told.output
        assert "scopes, groups, roles and arguments are not in an audit line" in told.output


OWN = "auth: {scopes: [mcp:read]}, tools: {gateway: all, anonymous: true}"
RULED = f"{OWN}, rules: [{{tools: [shut], allow: nobody}}, {{tools: [cli_*], allow: nobody}}]"


@pytest.mark.requirement("U4")
@pytest.mark.parametrize(
    ("server", "claims", "tool", "status"),
    [
        (OWN, None, "cli_status", 200),
        (OWN, None, "cli_token", 401),
        (OWN, None, "whoami", 401),
        (OWN, {"scope": "other"}, "cli_status", 403),  # admitted before anything that is asked for
        (OWN, {}, "cli_token", 200),
        (RULED, {}, "cli_token", 200),  # no rule is about ours
        (RULED, {}, "shut", 403),
        (RULED, {"scope": "other"}, "shut", 403),
        (RULED, None, "shut", 401),
    ],
)
async def test_both_ask_in_the_same_order(
    tmp_path: Path, server: str, claims: dict[str, object] | None, tool: str, status: int
) -> None:
    with reserved_port() as port:
        async with RecordingUpstream(ANSWER) as upstream, TokenSigner() as signer:
            text = full_config(port, upstream.url, signer.issuer, FullKeys(server=server))
            path = tmp_path / "config.yaml"
            path.write_text(f"{text}\nstate_dir: {tmp_path}/state\n", encoding="utf-8")
            audience = f"http://127.0.0.1:{port}/mcp"
            bearer = {} if claims is None else claims
            token = (
                None if claims is None else signer.token(audience, header=None, key=None, **bearer)
            )
            body = CALL.replace(b"whoami", tool.encode())
            async with running_gateway(path.read_text(encoding="utf-8")):
                served = await exchange(port, post(port, body, token=token))
                who = [] if token is None else ["--token", token]
                words = ["--config", str(path), "--tool", tool, *who]
                explained = await asyncio.to_thread(CliRunner().invoke, explain_command, words)

    assert served.status == status
    assert (explained.exit_code == 0) == (status == 200)
