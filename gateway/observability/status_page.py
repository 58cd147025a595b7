"""The status page of the admin listener: read-only and without secrets."""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from gateway.observability.denials import Denial
from gateway.observability.health import Condition
from gateway.observability.metrics.metrics import IssuerState
from gateway.observability.mismatches import Noted

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{border-bottom:1px solid #8886;padding:.3rem .6rem;text-align:left}"
    "td{overflow-wrap:anywhere}"
    ":root{color-scheme:light dark}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
REFRESH_S = 10


@dataclass(frozen=True, slots=True)
class ServerState:
    """One server now; `up` is None until its upstream was asked once."""

    name: str
    url: str
    up: bool | None
    in_flight: int
    streams_open: int


@dataclass(frozen=True, slots=True)
class Status:
    """What the page shows; times in Unix seconds."""

    version: str
    started_at: float
    now: float
    ready: bool
    draining: bool
    conditions: Mapping[str, Condition]
    servers: Sequence[ServerState]
    issuers: Sequence[IssuerState]
    denials: Sequence[Denial]
    mismatches: Sequence[Noted] = ()


def status_page(status: Status) -> str:
    """Build the whole page."""
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width,initial-scale=1">'
        f"<meta http-equiv=refresh content={REFRESH_S}>"
        f"<title>mcpgw status</title><style>{_STYLE}</style>"
        f"<h1>MCP auth gateway {escape(status.version)}</h1>"
        f"<p>{_state(status)}, up for {_duration(status.now - status.started_at)}. "
        "<a href=metrics>Metrics</a>, <a href=readyz>readiness</a>.</p>"
        + _section("Conditions", ("condition", "state"), _conditions(status))
        + _section(
            "Servers", ("server", "URL", "upstream", "in flight", "streams"), _servers(status)
        )
        + _section("Issuers", ("issuer", "keys", "fetched", "asked"), _issuers(status))
        + _section(
            "Last refusals",
            ("time", "server", "caller", "what", "reason", "status", "request"),
            _denials(status),
        )
        + _section(
            "Tokens that are not what was expected",
            ("last", "server", "reason", "of", "expected", "received", "times"),
            _mismatches(status),
        )
        + "</html>"
    )


def _state(status: Status) -> str:
    if status.draining:
        return "Draining"
    return "Ready" if status.ready else "Not ready"


def _conditions(status: Status) -> Iterable[Sequence[object]]:
    return ((name, one.reason or "ready") for name, one in status.conditions.items())


def _servers(status: Status) -> Iterable[Sequence[object]]:
    words = {True: "up", False: "down", None: "not asked yet"}
    for server in status.servers:
        yield (server.name, server.url, words[server.up], server.in_flight, server.streams_open)


def _issuers(status: Status) -> Iterable[Sequence[object]]:
    for issuer in status.issuers:
        at = issuer.last_success_at
        fetched = "never" if at is None else f"{_duration(status.now - at)} ago"
        keys = (issuer.keys, fetched) if issuer.keys is not None else ("not needed", "")
        yield (issuer.name, *keys, _asked(issuer))


def _asked(issuer: IssuerState) -> str:
    """Whether the services that tokens are shown to answer."""
    words = {True: "left alone, it fails", False: "answers"}
    return ", ".join(f"{kind}: {words[each]}" for kind, each in issuer.open_circuits.items())


def _denials(status: Status) -> Iterable[Sequence[object]]:
    for one in status.denials:
        who = (one.caller, one.name)
        yield (one.time, one.server, *who, one.reason, one.status, one.request_id)


def _mismatches(status: Status) -> Iterable[Sequence[object]]:
    for one in status.mismatches:
        values = (one.what, one.expected, one.received)
        yield (one.time, one.server, one.reason, *values, one.count)


def _section(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    body = "".join(_row(row, "td") for row in rows) or f"<tr><td colspan={len(head)}>none</tr>"
    return f"<h2>{title}</h2><table>{_row(head, 'th')}{body}</table>"


def _row(cells: Sequence[object], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(str(cell))}</{tag}>" for cell in cells) + "</tr>"


def _duration(seconds: float) -> str:
    """Write seconds as people read them: `2 d 3 h`, `5 min`, `12 s`."""
    whole = max(0, int(seconds))
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{whole} s"
