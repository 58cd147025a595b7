"""`mcpgw explain --request`: what the audit log says of one request, beside the rules of today."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import click

from gateway.app.generation.policy import build_rules, build_vocabulary
from gateway.config.model import Config, Server
from gateway.config.own_tools import DECIDED_BY
from gateway.identity.explain import deciding_setting
from gateway.identity.reasons import DESCRIPTIONS
from gateway.mcp.message import Target

_TARGETS: Mapping[str, Target] = {
    "tools/call": "tool",
    "prompts/get": "prompt",
    "resources/read": "resource",
}
_NOT_RECORDED = "scopes, groups, roles and arguments are not in an audit line"
Record = Mapping[str, object]


def find_record(path: Path, request_id: str) -> Record:
    """The last request of that id, the gateway's own or the client's, in an audit file.

    Raises `ClickException` when there is none.
    """
    if str(path) == "-":
        found = _last(sys.stdin, request_id)
    else:
        try:
            with path.open(encoding="utf-8", errors="replace") as lines:
                found = _last(lines, request_id)
        except OSError as error:
            raise click.ClickException(f"{path}: {error.strerror}") from error
    if found is None:
        raise click.ClickException(
            f"{path}: no request {request_id}; it may be in a rotated file: --audit FILE"
        )
    return found


def explain_record(config: Config, record: Record) -> dict[str, object]:
    """The report as JSON values: the line, why in words, and the rules about such an operation."""
    reason = str(record.get("reason"))
    report: dict[str, object] = {
        "decision": record.get("decision"),
        "record": dict(record),
        "why": next((text for word, text in DESCRIPTIONS.items() if word == reason), reason),
        "setting": deciding_setting(reason, str(record.get("server")), None),
    }
    server = config.servers.get(str(record.get("server")))
    if server is None:
        return report | {"steps": [], "not_known": ["the configuration has no such server"]}
    steps = _steps(config, server, record)
    not_known = [_NOT_RECORDED]
    decided = record.get("rule")
    if decided is not None and decided != DECIDED_BY and decided not in {s["rule"] for s in steps}:
        not_known.append(f"the rule {decided} is not in the configuration: it has changed since")
    return report | {"steps": steps, "not_known": not_known}


def record_text(report: Mapping[str, object]) -> str:
    """The report for people."""
    record, steps, unknown = report["record"], report["steps"], report["not_known"]
    assert isinstance(record, dict)  # noqa: S101  # made by `explain_record`
    assert isinstance(steps, list)  # noqa: S101
    assert isinstance(unknown, list)  # noqa: S101
    setting = f"; what decides is {report['setting']}" if report["setting"] else ""
    lines = [
        f"{record.get('time')} {_who(record)}: {_what(record)}",
        *(f"{'=>' if each['decided'] else '  '} {each['rule']}: {each['said']}" for each in steps),
        *(f"   not known here: {each}" for each in unknown),
        f"answered {record.get('status')}, {record.get('decision')}: {report['why']}{setting}",
    ]
    # Names in it are as clients wrote them.
    return "\n".join(line.encode("unicode_escape").decode() for line in lines)


def _last(lines: Iterable[str], request_id: str) -> Record | None:
    found: Record | None = None
    for line in lines:
        if request_id not in line:
            continue
        try:
            record = json.loads(line)
        except ValueError:  # cut off, or another line of a shared stream
            continue
        if isinstance(record, dict) and request_id in (
            record.get("request_id"),
            record.get("client_request_id"),
        ):
            found = record
    return found


def _steps(config: Config, server: Server, record: Record) -> Sequence[dict[str, object]]:
    """The rules that may decide about such an operation, and the one that did."""
    rules = build_rules(server, build_vocabulary(config))
    method, name, decided = (record.get(each) for each in ("mcp_method", "name", "rule"))
    if rules is None or not isinstance(method, str):
        return ()
    covering = rules.covering(method, _TARGETS.get(method), str(name or "")).rules
    shown = [rule for rule in rules.all if rule in covering or rule.name == decided]
    return [
        {
            "rule": rule.name,
            "said": "covers this method and name" if rule in covering else "covers it no longer",
            "decided": rule.name == decided,
        }
        for rule in shown
    ]


def _who(record: Record) -> str:
    if record.get("subject") is None:
        return "a caller without a name"
    vouched = "" if record.get("verified") is not False else " (not verified)"
    client = f" with {record['client_id']}" if record.get("client_id") else ""
    return f"{record['subject']} of {record.get('issuer')}{client}{vouched}"


def _what(record: Record) -> str:
    words = [record.get("mcp_method") or record.get("http_method"), record.get("name")]
    place = record.get("server") or record.get("path") or "nowhere"
    return " ".join(str(each) for each in words if each) + f" on {place}"
