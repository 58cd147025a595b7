"""`mcpgw explain`: may this caller do that, and which rule says so."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from gateway.app.generation.policy import build_policy
from gateway.cli.recorded import explain_record, find_record, record_text
from gateway.cli.token import choose_server, config_option, json_option, server_option
from gateway.config.load import load_config
from gateway.config.model import Config, Server
from gateway.identity.principal import Principal
from gateway.mcp.message import Target
from gateway.policy.explain import describe
from gateway.policy.rules import Action

if TYPE_CHECKING:
    from gateway.app.judging.judge import Judgement

EXIT_DENIED = 1
_METHODS: Mapping[Target, str] = {
    "tool": "tools/call",
    "prompt": "prompts/get",
    "resource": "resources/read",
}


@click.command(name="explain")
@config_option
@server_option
@click.option("--request", "request_id", help="Explain a request that was made, by its id.")
@click.option(
    "--audit",
    "audit_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True),
    help="Where requests are looked up; `-`: standard input. Default: log.audit_file.",
)
@click.option("--token", help="Who calls: an access token; `-` reads it from standard input.")
@click.option("--subject", help="Who calls, instead of a token; none: a caller without one.")
@click.option("--issuer", help="Issuer of the subject; default: the server's first.")
@click.option("--client", "client_id", help="Client of the subject.")
@click.option("--scope", "scopes", multiple=True, help="Scope of the subject; repeatable.")
@click.option("--group", "groups", multiple=True, help="Group of the subject; repeatable.")
@click.option("--role", "roles", multiple=True, help="Role of the subject; repeatable.")
@click.option("--tool", help="Which tool is called.")
@click.option("--prompt", help="Which prompt is got.")
@click.option("--resource", help="Which resource is read.")
@click.option("--method", help="Which other MCP method is used.")
@click.option("--args", "arguments", default="{}", help="Arguments of the call, as JSON.")
@click.option("--hint", "hints", multiple=True, help="What the tool publishes: readOnlyHint=true.")
@json_option
def command(  # noqa: PLR0913  # one parameter per flag is how click works
    *,
    config_path: Path,
    server_name: str | None,
    request_id: str | None,
    audit_file: Path | None,
    token: str | None,
    subject: str | None,
    issuer: str | None,
    client_id: str | None,
    scopes: tuple[str, ...],
    groups: tuple[str, ...],
    roles: tuple[str, ...],
    tool: str | None,
    prompt: str | None,
    resource: str | None,
    method: str | None,
    arguments: str,
    hints: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say whether a caller may do something, and what each rule said. Exit code 1 when not."""
    config = load_config(config_path, os.environ)
    if request_id is not None:
        _explain_request(config, request_id, audit_file, as_json=as_json)
    server = choose_server(config, server_name)
    who: Judgement | None = None
    if token is not None:
        text = sys.stdin.read() if token == "-" else token  # noqa: S105  # not a password
        who = _token_bearer(config, server, text.strip())
    elif subject is not None:
        wanted = frozenset(" ".join(scopes).split())
        first = config.issuers[server.auth.issuers[0]].issuer
        named = Principal(
            issuer or first,
            subject,
            client_id,
            wanted,
            groups=groups,
            roles=roles,
            issued_at=time.time(),
        )
        who = _named_caller(config, named)
    targets: Mapping[Target, str | None] = {"tool": tool, "prompt": prompt, "resource": resource}
    action = _action(targets, method, _arguments(arguments), _hints(hints))
    report = explain_caller(config, server, who, action)
    click.echo(json.dumps(report) if as_json else _text(report))
    if report["answer"] != "allowed":
        sys.exit(EXIT_DENIED)


def explain_caller(
    config: Config, server: Server, who: "Judgement | None", action: Action
) -> dict[str, object]:
    """As `explain_action`, of a caller who may be revoked; None is one without a token."""
    if who is None:
        return explain_action(config, server, None, action)
    unknown: dict[str, object] = {"not_known": who.not_known} if who.not_known else {}
    if who.error is not None:
        said = f"denied: {who.error.reason}"
        return {"answer": said, "steps": [_decides("revocations", said)]} | unknown
    return explain_action(config, server, who.principal, action) | unknown


def explain_action(
    config: Config, server: Server, principal: Principal | None, action: Action
) -> dict[str, object]:
    """The report as JSON values; `answer` is `allowed`, or why not."""
    decision, steps = build_policy(config, server).explain(principal, action)
    told = [{"rule": each.rule, "said": each.said, "decides": each.decides} for each in steps]
    return {"answer": describe(decision), "steps": told}


def _decides(rule: str, said: str) -> dict[str, object]:
    return {"rule": rule, "said": said, "decides": True}


def _token_bearer(config: Config, server: Server, token: str) -> "Judgement":
    # aiohttp costs 200 ms that explaining nobody need not pay.
    from gateway.cli.inspection import find_principal

    return asyncio.run(find_principal(config, server, token, time.time()))


def _named_caller(config: Config, principal: Principal) -> "Judgement":
    """Somebody with a token that was issued now, as far as revocations go."""
    from gateway.app.judging.judge import judge_principal  # see above

    return asyncio.run(judge_principal(config, principal, time.time()))


def _explain_request(
    config: Config, request_id: str, audit_file: Path | None, *, as_json: bool
) -> NoReturn:
    path = audit_file or (Path(config.log.audit_file) if config.log.audit_file else None)
    if path is None or (audit_file is None and str(path) == "-"):
        raise click.UsageError("There is no audit file here: name one with --audit.")
    report = explain_record(config, find_record(path, request_id))
    click.echo(json.dumps(report) if as_json else record_text(report))
    sys.exit(0 if report["decision"] == "allow" else EXIT_DENIED)


def _action(
    targets: Mapping[Target, str | None],
    method: str | None,
    arguments: dict[str, object],
    hints: Mapping[str, bool],
) -> Action:
    named = [(target, name) for target, name in targets.items() if name is not None]
    if len(named) + (method is not None and not named) != 1:
        raise click.UsageError("Say what is done: one of --tool, --prompt, --resource, --method.")
    if not named:
        return Action(str(method))
    target, name = named[0]
    return Action(method or _METHODS[target], target, name, arguments, hints)


def _arguments(text: str) -> dict[str, object]:
    try:
        arguments = json.loads(text)
    except ValueError as error:
        raise click.BadParameter(f"not JSON: {error}", param_hint="--args") from error
    if not isinstance(arguments, dict):
        raise click.BadParameter('expected an object, such as {"a": 1}', param_hint="--args")
    return arguments


def _hints(texts: tuple[str, ...]) -> Mapping[str, bool]:
    hints = {}
    for text in texts:
        name, _, value = text.partition("=")
        if value not in ("true", "false"):
            raise click.BadParameter("expected readOnlyHint=true", param_hint="--hint")
        hints[name] = value == "true"
    return hints


def _text(report: Mapping[str, object]) -> str:
    steps = report["steps"]
    assert isinstance(steps, list)  # noqa: S101  # made by `explain_action`
    lines = [
        f"{'=>' if each['decides'] else '  '} {each['rule']}: {each['said']}" for each in steps
    ]
    unknown = report.get("not_known")
    assert unknown is None or isinstance(unknown, list)  # noqa: S101  # made by `explain_caller`
    lines += [f"   not known here: {each}" for each in unknown or ()]
    return "\n".join([*lines, str(report["answer"])])
