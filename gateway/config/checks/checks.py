"""What no single value shows: names that lead nowhere, settings that cancel each other."""

import difflib
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from gateway.config.allow import Allow
from gateway.config.checks.credential_checks import find_bad_credentials, find_bad_exchange
from gateway.config.checks.exposure import find_plain_http
from gateway.config.checks.identity_names import find_bad_identity_headers
from gateway.config.checks.issuer_checks import find_bad_issuer
from gateway.config.checks.issuer_names import find_conditions_of_any_issuer, find_unknown_issuers
from gateway.config.checks.login_checks import find_bad_logins
from gateway.config.checks.own_tool_checks import find_bad_own_tools
from gateway.config.checks.places import find_bad_places
from gateway.config.checks.scope_checks import find_bad_scopes
from gateway.config.model import Config, Server
from gateway.config.reading.problems import Finding
from gateway.oauth.resource import canonical_resource


def find_conflicts(config: Config) -> list[Finding]:
    """List what makes a configuration unusable although every value by itself is fine."""
    found = find_plain_http(config)
    if config.default_server is not None and config.default_server not in config.servers:
        names = config.servers
        finding = _no_such(("default_server",), config.default_server, names)
        found.append(finding._replace(about=(("servers",),)))
    if not config.issuers:
        found.append(Finding(("issuers",), "at least one issuer is needed"))
    if sum(issuer.local for issuer in config.issuers.values()) > 1:
        found.append(Finding(("issuers",), "one embedded issuer is enough"))
    if config.authorization_server is not None and not any(
        issuer.local for issuer in config.issuers.values()
    ):
        advice = "its tokens would count nowhere: set `issuer: local`"
        found.append(Finding(("authorization_server",), advice))
    for name, issuer in config.issuers.items():
        found += _below(("issuers", name), find_bad_issuer(issuer))
    login = config.authorization_server
    if login is not None:
        found += find_bad_logins(login)
    for name, server in config.servers.items():
        found += _below(("servers", name), _server(config, server))
    found += [*find_unknown_issuers(config), *find_bad_scopes(config)]
    return found + find_bad_places(config)


def find_warnings(config: Config) -> list[Finding]:
    """List what is allowed but surely not meant."""
    closed = [
        Finding(
            ("servers", name),
            f"nobody gets in: server {name} has no allow; write `allow: any` for everybody with"
            " a valid token, or say who",
        )
        for name, server in config.servers.items()
        if server.allow is None or server.allow == Allow()
    ]
    return [*closed, *find_conditions_of_any_issuer(config)]


def _below(path: tuple[str, str], findings: Iterable[Finding]) -> list[Finding]:
    return [
        each._replace(
            path=(*path, *each.path), about=tuple((*path, *other) for other in each.about)
        )
        for each in findings
    ]


def _server(config: Config, server: Server) -> Iterator[Finding]:
    yield from _issuers_of(config, server)
    yield from find_bad_identity_headers(server.forward)
    yield from find_bad_credentials(server.upstream)
    yield from find_bad_exchange(server)
    yield from find_bad_own_tools(server)
    if server.upstream.client_key_file and not server.upstream.client_cert_file:
        message = "a key needs its certificate: client_cert_file"
        cert = ("upstream", "client_cert_file")
        yield Finding(("upstream", "client_key_file"), message, about=(cert,))
    if not all(server.auth.audiences):
        message = "an empty audience would accept tokens that are meant for nobody"
        yield Finding(("auth", "audiences"), message)
    for origin in server.allowed_origins:
        if not _is_origin(origin):
            message = f'expected an origin such as "https://app.example.com", got {origin}'
            yield Finding(("allowed_origins",), message)
    try:
        canonical_resource(server.resource)
    except ValueError as error:
        yield Finding(("resource",), str(error))


def _issuers_of(config: Config, server: Server) -> Iterator[Finding]:
    asked: dict[str, str] = {}
    for name in server.auth.issuers:
        issuer = config.issuers.get(name)
        if issuer is None:
            yield _no_such(("auth", "issuers"), name, config.issuers)
        elif issuer.issuer in asked:
            # The first decides about its tokens, so the settings of the second would mean nothing.
            message = f"{name} and {asked[issuer.issuer]} are the same issuer; name one of them"
            yield Finding(("auth", "issuers"), message)
        else:
            asked[issuer.issuer] = name
    for name in server.auth.authorization_servers:
        if name not in server.auth.issuers:
            yield _no_such(("auth", "authorization_servers"), name, server.auth.issuers)


def _is_origin(text: str) -> bool:
    # Browsers send it in lower case; compared as it is, another spelling would never match.
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.hostname) and f"{parts.scheme}://{parts.netloc}" == text == text.lower()


def _no_such(path: tuple[str, ...], name: str, known: Iterable[str]) -> Finding:
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(names) or 'none'}"
    return Finding(path, f"nothing is named '{name}'; {hint}", near[0] if near else None)
