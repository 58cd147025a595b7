"""Settings of one issuer that cancel each other or would let in too many."""

from collections.abc import Iterator

from gateway.config.checks.credential_checks import find_bad_client_auth
from gateway.config.issuer import Issuer
from gateway.config.reading.problems import Finding, Path

_TENANT = "{tenantid}"


def find_bad_issuer(issuer: Issuer) -> Iterator[Finding]:
    """List mistakes, with paths from the issuer on."""
    if issuer.jwks.url and issuer.jwks.file:
        yield Finding(("jwks",), "give either url or file")
    yield from _required_claims(issuer)
    yield from _tenants(issuer)
    yield from _kinds(issuer)
    yield from _userinfo(issuer)
    if issuer.introspection is not None:
        yield from find_bad_client_auth(issuer.introspection, ("introspection",))
    if issuer.group_lookup is not None:
        credentials = issuer.group_lookup.credentials
        yield from find_bad_client_auth(credentials, ("group_lookup", "credentials"))
    if issuer.group_lookup is not None and not issuer.claims.groups_overage:
        message = "name the claims that say that groups are missing: claims.groups_overage"
        yield Finding(("group_lookup",), message, about=(("claims", "groups_overage"),))


def _required_claims(issuer: Issuer) -> Iterator[Finding]:
    # Without `exp` a token never ends; without the others it may be meant for somebody else. `sub`
    # may be left out: `claims.subject` can name another claim.
    always = ["exp", issuer.audience_claim]
    if not issuer.without_iss:
        always.insert(0, "iss")
    if missing := [name for name in always if name not in issuer.required_claims]:
        names = ", ".join(missing)
        message = f"every token needs {names}; add to the list, or leave it out"
        about: tuple[Path, ...] = (("audience_claim",), ("without_iss",))
        yield Finding(("required_claims",), message, about=about)


def _tenants(issuer: Issuer) -> Iterator[Finding]:
    if _TENANT in issuer.issuer and not issuer.tenants:
        message = "name the tenants whose tokens count: tenants: [...]; else everybody could get in"
        yield Finding(("tenants",), message)
    if issuer.without_iss and "sub" not in issuer.require:
        # Any other issuer's token without `iss` would be put to these keys only, but which
        # trust domain a subject is of must be said.
        message = 'say whose subjects count: require: {sub: "spiffe://example.org/*"}'
        yield Finding(("require",), message)


def _kinds(issuer: Issuer) -> Iterator[Finding]:
    asked = (issuer.introspection, issuer.userinfo, issuer.token_review)
    if not issuer.jwt and all(section is None for section in asked):
        message = "with jwt: false tokens need introspection, userinfo or token_review"
        about: tuple[Path, ...] = (("introspection",), ("userinfo",), ("token_review",))
        yield Finding(("jwt",), message, about=about)
    if issuer.local and any(section is not None for section in asked):
        yield Finding(("local",), "the embedded issuer only makes JWTs")


def _userinfo(issuer: Issuer) -> Iterator[Finding]:
    userinfo = issuer.userinfo
    if userinfo is None:
        return
    proofs = (userinfo.audience_claim, userinfo.audience_check)
    if all(each is None for each in proofs) and not userinfo.insecure_accept_any_audience:
        message = (
            "such an answer does not say whom the token is for: give audience_claim or"
            " audience_check, or accept every token with insecure_accept_any_audience: true"
        )
        yield Finding(("userinfo",), message)
