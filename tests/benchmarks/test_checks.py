"""A proxy that checks less than the others would win a race that is none."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from benchmarks.clients.checks import check_identity, check_refusal
from benchmarks.clients.load import Target
from benchmarks.clients.tokens import SUBJECT, SigningIssuer, make_issuer
from benchmarks.processes import BenchmarkError

GOOD_HEAD = f"POST /mcp HTTP/1.1\r\nX-User-Id: {SUBJECT}\r\n\r\n"


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> SigningIssuer:
    directory: Path = tmp_path_factory.mktemp("issuer")
    return make_issuer(directory, "https://mcp.example.com/mcp")


@contextmanager
def proxy(status: int, upstream_head: str = "") -> Iterator[Target]:
    """A proxy that always answers this, and hands this head to its upstream."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps({"result": {"head": upstream_head.encode().hex()}}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # its name
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield Target("proxy", server.server_port, None)
        finally:
            server.shutdown()
            serving.join()


def test_a_proxy_that_says_who_calls_and_keeps_the_token_is_a_fair_match(
    issuer: SigningIssuer,
) -> None:
    with proxy(200, GOOD_HEAD) as target:
        check_identity(target, issuer)


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ("POST /mcp HTTP/1.1\r\n\r\n", "does not tell the upstream who calls"),
        (GOOD_HEAD.replace(SUBJECT, "somebody-else"), "does not tell the upstream who calls"),
        (GOOD_HEAD.replace("\r\n\r\n", "\r\nX-User-Id: somebody-else\r\n\r\n"), "does not tell"),
        (GOOD_HEAD.replace("\r\n\r\n", "\r\nauthorization: Bearer x\r\n\r\n"), "hands the token"),
    ],
)
def test_a_proxy_that_leaks_the_token_or_trusts_the_caller_is_none(
    issuer: SigningIssuer, head: str, why: str
) -> None:
    with proxy(200, head) as target, pytest.raises(BenchmarkError, match=why):
        check_identity(target, issuer)


@pytest.mark.parametrize("status", [200, 403, 429, 502])
def test_a_missing_token_is_refused_with_401_alone(status: int) -> None:
    with proxy(status) as target, pytest.raises(BenchmarkError, match=str(status)):
        check_refusal(target, "no token", None)


def test_another_audience_may_be_refused_with_403() -> None:
    """As Envoy's jwt_authn does."""
    with proxy(403) as target:
        check_refusal(target, "other audience", "a-token")
