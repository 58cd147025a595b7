"""`mcpgw explain`: may this caller do that, and which rule says so."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import click

from gateway.cli.token import choose_server, config_option, json_option, server_option
from gateway.config.load import load_config
from gateway.config.model import Config, Server
from gateway.config.own_tools import DECIDED_BY, PUBLIC_TOOLS, OwnTool
from gateway.identity.principal import Principal
from gateway.mcp.message import Target
from gateway.policy.admission import compile_admission
from gateway.policy.decision import Allow, Deny
from gateway.policy.explain import describe, explain
from gateway.policy.rules import Action, compile_rules
from gateway.policy.who import Vocabulary

EXIT_DENIED = 1
_METHODS: Mapping[Target, str] = {
    "tool": "tools/call",
    "prompt": "prompts/get",
    "resource": "resources/read",
}


@click.command(name="explain")
@config_option
@server_option
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
    server = choose_server(config, server_name)
    if token is not None:
        text = sys.stdin.read() if token == "-" else token  # noqa: S105  # not a password
        principal: Principal | None = _principal_of(config, server, text.strip())
    elif subject is not None:
        first = config.issuers[server.auth.issuers[0]].issuer
        wanted = frozenset(" ".join(scopes).split())
        principal = Principal(
            issuer or first, subject, client_id, wanted, groups=groups, roles=roles
        )
    else:
        principal = None
    targets: Mapping[Target, str | None] = {"tool": tool, "prompt": prompt, "resource": resource}
    action = _action(targets, method, _arguments(arguments), _hints(hints))
    report = explain_action(config, server, principal, action)
    click.echo(json.dumps(report) if as_json else _text(report))
    if report["answer"] != "allowed":
        sys.exit(EXIT_DENIED)


def explain_action(
    config: Config, server: Server, principal: Principal | None, action: Action
) -> dict[str, object]:
    """The report as JSON values; `answer` is `allowed`, or why not."""
    words = Vocabulary(config.roles, config.scope_implies)
    steps: list[dict[str, object]] = []
    if principal is not None:
        admitted = compile_admission(server.auth.scopes, server.allow, words)(principal)
        said = describe(admitted)
        if not isinstance(admitted, Allow):
            return {"answer": said, "steps": [{"rule": "allow", "said": said, "decides": True}]}
        steps.append({"rule": "allow", "said": said, "decides": server.rules is None})
    own = server.tools.by_name.get(action.name) if action.target == "tool" else None
    if own is not None:
        return _explain_own(own, principal)
    if server.rules is None:
        public = server.allow == "anonymous" or principal is not None
        return {"answer": "allowed" if public else describe(Deny("missing")), "steps": steps}
    rules = compile_rules(server.rules, words, shadow=server.mode == "shadow")
    found = explain(rules, principal, action)
    steps += [{"rule": each.rule, "said": each.said, "decides": each.decides} for each in found]
    return {"answer": describe(rules.decide(principal, action).decision), "steps": steps}


def _explain_own(tool: OwnTool, principal: Principal | None) -> dict[str, object]:
    public = tool in PUBLIC_TOOLS
    said = "the gateway answers this tool itself, unless the server has one of that name"
    answer = "allowed" if public or principal is not None else describe(Deny("missing"))
    return {"answer": answer, "steps": [{"rule": DECIDED_BY, "said": said, "decides": True}]}


def _principal_of(config: Config, server: Server, token: str) -> Principal:
    # aiohttp costs 200 ms that explaining a subject need not pay.
    from gateway.cli.inspection import find_principal

    return asyncio.run(find_principal(config, server, token, time.time()))


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
    return "\n".join([*lines, str(report["answer"])])
