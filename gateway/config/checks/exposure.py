"""Plain http where others can listen: refused unless a key that begins with `insecure_` asks."""

from urllib.parse import urlsplit

from gateway.config.issuer import Issuer
from gateway.config.model import Config
from gateway.config.reading.problems import Finding, Path
from gateway.oauth.resource import is_loopback

_ADVICE = "plain http shows tokens to everybody on the way; use https, or set {} if it must be"


def find_plain_http(config: Config) -> list[Finding]:
    """List the public and issuer URLs with plain http that leave this machine."""
    found: list[Finding] = []
    if not config.insecure_http_public_url:
        message = _ADVICE.format("insecure_http_public_url: true")
        found += [
            Finding(path, message, about=(("insecure_http_public_url",),))
            for path, url in _public_urls(config)
            if url is not None and _is_exposed(url)
        ]
    for name, issuer in config.issuers.items():
        # The embedded issuer is never asked over the network.
        if issuer.insecure_http or issuer.local:
            continue
        message = _ADVICE.format("insecure_http: true")
        found += [
            Finding(("issuers", name, *path), message, about=(("issuers", name, "insecure_http"),))
            for path, url in _issuer_urls(issuer)
            if url is not None and _is_exposed(url)
        ]
    return found


def _public_urls(config: Config) -> list[tuple[Path, str | None]]:
    servers = config.servers.items()
    return [
        (("public_url",), config.public_url),
        *((("servers", name, "public_url"), server.public_url) for name, server in servers),
    ]


def _issuer_urls(issuer: Issuer) -> list[tuple[Path, str | None]]:
    return _identity_urls(issuer) + _question_urls(issuer)


def _question_urls(issuer: Issuer) -> list[tuple[Path, str | None]]:
    urls: list[tuple[Path, str | None]] = []
    if issuer.introspection is not None:
        urls.append((("introspection", "url"), issuer.introspection.url))
    if issuer.token_review is not None:
        urls.append((("token_review", "url"), issuer.token_review.url))
    if issuer.group_lookup is not None:
        lookup = issuer.group_lookup
        urls.append((("group_lookup", "url"), lookup.url))
        urls.append((("group_lookup", "credentials", "token_url"), lookup.credentials.token_url))
    if issuer.userinfo is not None:
        urls.append((("userinfo", "url"), issuer.userinfo.url))
        for number, each in enumerate(issuer.userinfo.lookups):
            urls.append((("userinfo", "lookups", number, "url"), each.url))
        if issuer.userinfo.audience_check is not None:
            check = issuer.userinfo.audience_check
            urls.append((("userinfo", "audience_check", "url"), check.url))
    return urls


def _identity_urls(issuer: Issuer) -> list[tuple[Path, str | None]]:
    return [
        (("issuer",), issuer.issuer),
        (("discovery_url",), issuer.discovery_url),
        (("jwks", "url"), issuer.jwks.url),
    ]


def _is_exposed(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")
