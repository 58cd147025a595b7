"""Before anything is timed: every proxy refuses and changes what it must refuse and change."""

import http.client
import json
from collections.abc import Mapping

from benchmarks.clients.load import Target
from benchmarks.clients.tokens import SUBJECT, SigningIssuer
from benchmarks.processes import BenchmarkError
from benchmarks.targets.answers import HEAD_TOOL

_LIMIT_S = 5
_OK = 200
_UNAUTHORIZED = 401
_FORBIDDEN = 403
_OTHER_AUDIENCE = "other audience"
_PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
_CALL = (
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":'
    '{"name":"%s","arguments":{"city":"Berlin"}}}'
)


def bad_tokens(issuer: SigningIssuer) -> Mapping[str, str | None]:
    """Tokens that are wrong in one way each; None is no token."""
    head, claims, signature = issuer.token().split(".")
    flipped = ("B" if signature[0] == "A" else "A") + signature[1:]
    return {
        "no token": None,
        "changed signature": f"{head}.{claims}.{flipped}",
        "other issuer": issuer.token(iss="https://other.example.com"),
        _OTHER_AUDIENCE: issuer.token(aud="https://other.example.com/mcp"),
        "expired": issuer.token(exp=1_000_000_000),
    }


def check_refusals(target: Target, issuer: SigningIssuer) -> None:
    """Raise BenchmarkError when a bad token gets anything but 401: the race would be unfair."""
    for name, token in bad_tokens(issuer).items():
        check_refusal(target, name, token)


def check_refusal(target: Target, name: str, token: str | None) -> None:
    """Raise BenchmarkError when this token gets anything but 401; see `check_refusals`."""
    allowed = {_UNAUTHORIZED}
    if name == _OTHER_AUDIENCE:  # where Envoy means the same with 403
        allowed.add(_FORBIDDEN)
    status = post(target.port, token)
    if status not in allowed:
        raise BenchmarkError(f"{target.name} answers {status} to a token with: {name}")


def check_identity(target: Target, issuer: SigningIssuer) -> None:
    """Raise BenchmarkError unless the upstream sees the verified subject and not the token."""
    call = (_CALL % HEAD_TOOL).encode()
    status, body = _exchange(target.port, issuer.token(), call, {"X-User-Id": "somebody-else"})
    if status != _OK:
        raise BenchmarkError(f"{target.name} answers {status} to a good token")
    head = bytes.fromhex(json.loads(body)["result"]["head"]).partition(b"\r\n\r\n")[0].decode()
    fields = [line.partition(":") for line in head.split("\r\n")[1:]]
    values = [(name.lower(), value.strip()) for name, _, value in fields]
    if [value for name, value in values if name == "x-user-id"] != [SUBJECT]:
        raise BenchmarkError(f"{target.name} does not tell the upstream who calls: {head}")
    if any(name == "authorization" for name, _ in values):
        raise BenchmarkError(f"{target.name} hands the token to the upstream")


def post(port: int, token: str | None) -> int:
    """POST on a new connection; returns the status once the answer is read."""
    return _exchange(port, token, _PING, {})[0]


def _exchange(
    port: int, token: str | None, body: bytes, more: Mapping[str, str]
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_LIMIT_S)
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2025-11-25",
        **more,
    }
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    try:
        connection.request("POST", "/mcp", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
