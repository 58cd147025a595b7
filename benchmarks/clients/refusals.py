"""Before anything is timed: every proxy refuses the tokens that it must refuse."""

import http.client
from collections.abc import Mapping

from benchmarks.clients.load import Target
from benchmarks.clients.tokens import SigningIssuer
from benchmarks.processes import BenchmarkError

_LIMIT_S = 5
_UNAUTHORIZED = 401
_PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'


def bad_tokens(issuer: SigningIssuer) -> Mapping[str, str]:
    """Tokens that are wrong in one way each."""
    head, claims, signature = issuer.token().split(".")
    flipped = ("B" if signature[0] == "A" else "A") + signature[1:]
    return {
        "changed signature": f"{head}.{claims}.{flipped}",
        "other issuer": issuer.token(iss="https://other.example.com"),
        "other audience": issuer.token(aud="https://other.example.com/mcp"),
        "expired": issuer.token(exp=1_000_000_000),
    }


def check_refusals(target: Target, issuer: SigningIssuer) -> None:
    """Raise BenchmarkError when a bad token gets anything but 401: the race would be unfair."""
    for name, token in bad_tokens(issuer).items():
        status = post(target.port, token)
        if status != _UNAUTHORIZED:
            raise BenchmarkError(f"{target.name} answers {status} to a token with: {name}")


def post(port: int, token: str) -> int:
    """POST on a new connection; returns the status once the answer is read."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_LIMIT_S)
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "Authorization": f"Bearer {token}",
        "MCP-Protocol-Version": "2025-11-25",
    }
    try:
        connection.request("POST", "/mcp", _PING, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()
