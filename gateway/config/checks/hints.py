"""What is legal and surely not meant: told by `config check`, and no mistake."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from gateway.config.model import Config, Server
from gateway.config.reading.complete import loopback_place, public_url
from gateway.config.reading.login import login_issuers
from gateway.config.reading.problems import Finding, Path
from gateway.config.rule import Rule
from gateway.oauth.resource import is_loopback

# What `[` may begin in a glob: see `gateway.glob`.
_ODD_BRACKET = re.compile(r"\[(?![*?]\])")


def find_hints(config: Config) -> list[Finding]:
    """List what somebody should look at once."""
    found = [*_listen(config), *_tls(config)]
    for name, server in config.servers.items():
        path = ("servers", name)
        found += _scopes(path, server)
        found += _login(config, path, server)
        found += _doubled_path(config, path, server)
        found += _brackets(path, server)
    return found


def _scopes(path: Path, server: Server) -> Iterator[Finding]:
    if server.auth.scopes or server.auth.scopes_supported or server.allow == "anonymous":
        return
    message = (
        "no scopes: the metadata names none, so some clients ask for every scope there is, and"
        " others cannot register; write the scope that tokens for this server have"
    )
    yield Finding((*path, "auth", "scopes"), message)


def _login(config: Config, path: Path, server: Server) -> Iterator[Finding]:
    if login_issuers(config, server) or server.allow == "anonymous":
        return
    if any(config.issuers[name].local for name in server.auth.issuers):
        return  # its tokens come from the command line, as `mcpgw run` says
    message = (
        "nobody can log in: no issuer of this server is advertised, so clients need a token from"
        " elsewhere; name one that has a login, or set `advertise: true` for it"
    )
    yield Finding((*path, "auth", "issuers"), message)


def _doubled_path(config: Config, path: Path, server: Server) -> Iterator[Finding]:
    base = server.public_url or config.public_url
    if server.path == "/" or not urlsplit(base).path.endswith(server.path):
        return
    place = ("public_url",) if server.public_url is None else (*path, "public_url")
    message = (
        f"it ends with {server.path}, and so does the server's path: clients would have to type"
        f" {public_url(config, server)}; write it without"
    )
    yield Finding(place, message)


def _listen(config: Config) -> Iterator[Finding]:
    place = loopback_place(config)
    if place is None or config.listen.port in (0, place.port):
        return
    message = (
        f"clients of this machine knock at port {place.port}, as public_url says; leave `listen`"
        " out, unless something else there passes on what comes"
    )
    yield Finding(("listen",), message)


def _tls(config: Config) -> Iterator[Finding]:
    urls = [config.public_url, *(each.public_url or "" for each in config.servers.values())]
    is_https = any(urlsplit(url).scheme == "https" for url in urls)
    if not is_https or config.tls is not None or config.trusted_proxies:
        return
    where = "on this machine " if is_loopback(urlsplit(config.public_url).hostname or "") else ""
    message = (
        f"https, but nobody is known to speak TLS: name the proxy {where}in front in"
        " trusted_proxies, or give `tls` a certificate; see docs/behind-a-proxy.md"
    )
    yield Finding(("public_url",), message)


def _brackets(path: Path, server: Server) -> Iterator[Finding]:
    globs = [((*path, "limits", "per_tool", name), name) for name in server.limits.per_tool]
    for number, rule in enumerate(server.rules or ()):
        globs += _globs((*path, "rules", number), rule)
    for where, glob in globs:
        if _ODD_BRACKET.search(glob):
            message = f"in {glob} the [ stands for itself; only [*] and [?] mean something"
            yield Finding(where, message)


def _globs(path: Path, rule: Rule) -> Iterator[tuple[Path, str]]:
    for key in ("methods", "tools", "prompts", "resources"):
        for number, glob in enumerate(getattr(rule, key) or ()):
            yield (*path, key, number), glob
    for name, matcher in (rule.arguments or {}).items():
        if matcher.glob is not None:
            yield (*path, "arguments", name, "glob"), matcher.glob
