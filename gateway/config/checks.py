"""What no single value shows: names that lead nowhere, places that are taken, doors left shut."""

import difflib
from collections.abc import Callable
from urllib.parse import urlsplit

from gateway.config.complete import public_url
from gateway.config.model import Allow, Config, Server
from gateway.config.problems import Path
from gateway.oauth.resource import canonical_resource, is_loopback

Finding = tuple[Path, str]
_SOURCES = ("subject", "email", "name", "groups", "roles", "scopes", "issuer", "client_id")
# What the gateway sets, drops or decides by; the header policy refuses these too.
_RESERVED_HEADERS = frozenset(
    {"accept", "authorization", "connection", "cookie", "dpop", "expect", "forwarded", "host"}
    | {"accept-encoding", "last-event-id", "origin", "te", "trailer", "transfer-encoding"}
    | {"traceparent", "tracestate", "upgrade", "via", "keep-alive", "x-request-id"}
)
_RESERVED_PREFIXES = ("content-", "mcp-", "proxy-", "x-gateway-")
_TAKEN_PATHS = ("/health", "/.well-known")


def find_conflicts(config: Config) -> list[Finding]:
    """List what makes a configuration unusable although every value by itself is fine."""
    found = _plain_http(config)
    if config.default_server is not None and config.default_server not in config.servers:
        found.append((("default_server",), _no_such(config.default_server, config.servers)))
    if not config.issuers:
        found.append((("issuers",), "at least one issuer is needed"))
    if sum(issuer.local for issuer in config.issuers.values()) > 1:
        found.append((("issuers",), "one embedded issuer is enough"))
    places: dict[str, str] = {}
    for name, server in config.servers.items():
        found += [(("servers", name, *path), message) for path, message in _server(config, server)]
        place = public_url(config, server)
        if place in places:
            found.append((("servers", name), f"the same URL as servers.{places[place]}: {place}"))
        places.setdefault(place, name)
    return found


def find_warnings(config: Config) -> list[Finding]:
    """List what is allowed but surely not meant."""
    return [
        (
            ("servers", name),
            f"nobody gets in: server {name} has no allow; write `allow: any` for everybody with"
            " a valid token, or say who",
        )
        for name, server in config.servers.items()
        if server.allow is None or server.allow == Allow()
    ]


def _server(config: Config, server: Server) -> list[Finding]:
    found: list[Finding] = [
        (("auth", "issuers"), _no_such(issuer, config.issuers))
        for issuer in server.auth.issuers
        if issuer not in config.issuers
    ]
    found += [
        (("path",), f"{taken} belongs to the gateway itself")
        for taken in _TAKEN_PATHS
        if server.path == taken or server.path.startswith(taken + "/")
    ]
    for path, check in _strings(server):
        try:
            check()
        except ValueError as error:
            found.append((path, str(error)))
    return found + _identity_headers(server)


def _strings(server: Server) -> list[tuple[Path, Callable[[], object]]]:
    checks: list[tuple[Path, Callable[[], object]]] = [
        (("resource",), lambda: canonical_resource(server.resource)),
        (("auth", "audiences"), lambda: _check_audiences(server)),
        (("allowed_origins",), lambda: _check_origins(server)),
    ]
    return checks


def _check_audiences(server: Server) -> None:
    if not all(server.auth.audiences):
        raise ValueError("an empty audience would accept tokens that are meant for nobody")


def _check_origins(server: Server) -> None:
    for origin in server.allowed_origins:
        parts = urlsplit(origin)
        if f"{parts.scheme}://{parts.netloc}" != origin or not parts.hostname:
            raise ValueError(f'expected an origin such as "https://app.example.com", got {origin}')


def _identity_headers(server: Server) -> list[Finding]:
    found: list[Finding] = []
    seen: dict[str, str] = {}
    for name in server.forward.identity_headers:
        folded = name.lower().replace("_", "-").replace(".", "-")
        if folded in seen:
            found.append(
                (("forward", "identity_headers", name), f"many servers take it for {seen[folded]}")
            )
        seen.setdefault(folded, name)
        if folded in _RESERVED_HEADERS or folded.startswith(_RESERVED_PREFIXES):
            found.append(
                (_header_path(name), "this header has a meaning already; name another one")
            )
    found += [
        (_header_path(name), f"expected {', '.join(_SOURCES)} or claims.<path>")
        for name, source in server.forward.identity_headers.items()
        if source not in _SOURCES and not source.startswith("claims.")
    ]
    known = {name.lower() for name in server.forward.identity_headers}
    found += [
        (("forward", "required"), f"{name} is none of the identity headers")
        for name in server.forward.required
        if name.lower() not in known
    ]
    return found


def _header_path(name: str) -> Path:
    return ("forward", "identity_headers", name)


def _plain_http(config: Config) -> list[Finding]:
    found: list[Finding] = []
    advice = "plain http shows tokens to everybody on the way; use https, or set {} if it must be"
    urls: list[tuple[Path, str | None]] = [(("public_url",), config.public_url)]
    urls += [(("servers", n, "public_url"), s.public_url) for n, s in config.servers.items()]
    if not config.insecure_http_public_url:
        found += [
            (path, advice.format("insecure_http_public_url: true"))
            for path, url in urls
            if url is not None and _is_exposed(url)
        ]
    for name, issuer in config.issuers.items():
        exposed = [url for url in (issuer.issuer, issuer.jwks.url) if url and _is_exposed(url)]
        if exposed and not issuer.insecure_http and not issuer.local:
            found.append((("issuers", name, "issuer"), advice.format("insecure_http: true")))
    return found


def _is_exposed(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")


def _no_such(name: str, known: object) -> str:
    names = list(known) if isinstance(known, dict) else []
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(names) or 'none'}"
    return f"nothing is named '{name}'; {hint}"
