"""HAProxy 2.6 with the same checks: RS256 signature, issuer, audience, expiry; else 401."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.clients.tokens import ISSUER, SigningIssuer
from benchmarks.processes import PROXY_CORE, Process, free_port, running, wait_for_port

_CONFIG = """\
global
    nbthread 1
    maxconn 4000
defaults
    mode http
    timeout connect 3s
    timeout client 75s
    timeout server 60s
    timeout http-keep-alive 75s
    http-reuse always
frontend public
    bind 127.0.0.1:{port}
    http-request set-var(txn.token) http_auth_bearer
    http-request set-var(txn.now) date
    http-request set-var(txn.alg) var(txn.token),jwt_header_query('$.alg')
    http-request set-var(txn.iss) var(txn.token),jwt_payload_query('$.iss')
    http-request set-var(txn.aud) var(txn.token),jwt_payload_query('$.aud')
    http-request set-var(txn.exp) var(txn.token),jwt_payload_query('$.exp','int')
    http-request set-var(txn.sub) var(txn.token),jwt_payload_query('$.sub')
    http-request deny deny_status 401 unless {{ var(txn.alg) -m str RS256 }}
    http-request deny deny_status 401 unless {{ var(txn.iss) -m str {issuer} }}
    http-request deny deny_status 401 unless {{ var(txn.aud) -m str {audience} }}
    http-request deny deny_status 401 if {{ var(txn.exp),sub(txn.now) -m int lt 0 }}
    http-request deny deny_status 401 unless {{ var(txn.token),jwt_verify(txn.alg,"{pem}") 1 }}
    http-request del-header Authorization
    http-request set-header X-User-Id %[var(txn.sub)]
    default_backend upstream
backend upstream
    server upstream 127.0.0.1:{upstream_port}
"""


@contextmanager
def running_haproxy(
    program: str, directory: Path, issuer: SigningIssuer, upstream_port: int
) -> Iterator[tuple[Process, int]]:
    """Run HAProxy on the proxy's core; yields it and its port."""
    port = free_port()
    config = directory / "haproxy.cfg"
    config.write_text(
        _CONFIG.format(
            port=port,
            issuer=ISSUER,
            audience=issuer.audience,
            pem=issuer.pem_file,
            upstream_port=upstream_port,
        )
    )
    argv = [program, "-db", "-f", str(config)]
    with running(argv, core=PROXY_CORE, output=directory / "haproxy.log") as process:
        wait_for_port(process, port)
        yield process, port
