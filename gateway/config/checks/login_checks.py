"""Settings of logins that cannot work, or would show tokens to others."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from gateway.config.authorization_server import AuthorizationServer
from gateway.config.checks.credential_checks import find_bad_client_auth
from gateway.config.login.provider import LoginProvider
from gateway.config.reading.problems import Finding, Path
from gateway.oauth.resource import is_loopback

_TENANT = "{tenantid}"
# What the gateway itself says in each authorization request.
_OWN_PARAMETERS = frozenset(
    {
        "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "login_hint",
        "code_challenge", "code_challenge_method", "response_mode", "request", "request_uri",
    }
)  # fmt: skip


def find_bad_logins(server: AuthorizationServer) -> Iterator[Finding]:
    """List mistakes in the section of the built-in server."""
    above: Path = ("authorization_server",)
    if server.remember_consent is not None and server.remember_consent > server.refresh_token:
        # That a login was ended is known for no longer; the consent would count again.
        message = "a consent is remembered for at most as long as refresh_token"
        place = (*above, "remember_consent")
        yield Finding(place, message, about=((*above, "refresh_token"),))
    if server.remember_consent is not None and server.provider is not None:
        message = (
            "at a provider everybody is asked, since a session there lets them through unseen:"
            " leave it out"
        )
        place = (*above, "remember_consent")
        yield Finding(place, message, about=((*above, "provider"),))
    if server.provider is not None:
        above = (*above, "provider")
        for each in _bad_provider(server.provider):
            about = tuple((*above, *path) for path in each.about)
            yield each._replace(path=(*above, *each.path), about=about)


def _bad_provider(provider: LoginProvider) -> Iterator[Finding]:
    yield from find_bad_client_auth(provider, ())
    yield from _parameters(provider)
    yield from _kind(provider)
    yield from _groups(provider)
    yield from _plain_http(provider)
    if _TENANT in provider.issuer and not provider.tenants:
        message = "name the tenants whose people may log in: tenants: [...]"
        yield Finding(("tenants",), message)
    if provider.max_stale < provider.recheck:
        message = "the time without an answer is at least as long as recheck"
        yield Finding(("max_stale",), message, about=(("recheck",),))


def _parameters(provider: LoginProvider) -> Iterator[Finding]:
    for name in sorted(_OWN_PARAMETERS.intersection(provider.parameters)):
        yield Finding(("parameters", name), "the gateway sends this one itself; leave it out")


def _kind(provider: LoginProvider) -> Iterator[Finding]:
    if not provider.id_token:
        given = (provider.authorization_url, provider.token_url, provider.userinfo)
        if any(each is None for each in given) or not (provider.userinfo and provider.userinfo.url):
            message = "without ID tokens give authorization_url, token_url and userinfo.url"
            yield Finding(("id_token",), message)
        if provider.identity_assertions:
            message = "a provider without ID tokens has no keys that assertions are signed with"
            yield Finding(("identity_assertions",), message, about=(("id_token",),))
    elif "openid" not in provider.scopes:
        message = "without the scope openid nobody gets an ID token: OIDC Core §3.1.2.1"
        yield Finding(("scopes",), message, about=(("id_token",),))


def _groups(provider: LoginProvider) -> Iterator[Finding]:
    if provider.group_lookup is None:
        return
    credentials = provider.group_lookup.credentials
    yield from find_bad_client_auth(credentials, ("group_lookup", "credentials"))
    if not provider.claims.groups_overage:
        message = "name the claims that say that groups are missing: claims.groups_overage"
        yield Finding(("group_lookup",), message, about=(("claims", "groups_overage"),))


def _plain_http(provider: LoginProvider) -> Iterator[Finding]:
    if provider.insecure_http:
        return
    for path, url in _urls(provider):
        parts = urlsplit(url or "")
        if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            message = (
                "plain http shows tokens to everybody on the way; use https, or set"
                " insecure_http: true if it must be"
            )
            yield Finding(path, message, about=(("insecure_http",),))


def _urls(provider: LoginProvider) -> Iterator[tuple[Path, str | None]]:
    yield ("issuer",), provider.issuer
    yield ("discovery_url",), provider.discovery_url
    yield ("authorization_url",), provider.authorization_url
    yield ("token_url",), provider.token_url
    yield ("jwks", "url"), provider.jwks.url
    if provider.userinfo is not None:
        yield ("userinfo", "url"), provider.userinfo.url
        yield ("userinfo", "emails_url"), provider.userinfo.emails_url
        for number, each in enumerate(provider.userinfo.lookups):
            yield ("userinfo", "lookups", number, "url"), each.url
    if provider.group_lookup is not None:
        yield ("group_lookup", "url"), provider.group_lookup.url
        credentials = provider.group_lookup.credentials
        yield ("group_lookup", "credentials", "token_url"), credentials.token_url
