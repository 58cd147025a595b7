"""Every preset against tokens in the shape of its provider, good ones and others."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import pytest
import yaml

from gateway.config.issuer import Issuer
from gateway.errors import IdentityUnavailable
from gateway.identity.keys.sources import IdentityServices, build_sources
from gateway.identity.principal import Principal
from gateway.identity.provider.fetch import Fetcher
from gateway.identity.provider.provider import Provider
from gateway.identity.verifiers.group_lookup import GroupLookups
from gateway.identity.verifiers.jwt import JwtVerifier
from gateway.resilience.breaker import Breaker
from gateway.resilience.clocks import Clocks
from gateway.resilience.single_flight import SingleFlight
from tests.support.issuer_service import Asked, IssuerService, Scene
from tests.support.provider_tokens import (
    API,
    CLIENT,
    COGNITO_CLIENT,
    GROUP,
    OID,
    OTHER_TENANT,
    SAMPLES,
    SERVER,
    TENANT,
    Sample,
    serve_spiffe_bundle,
    sign,
)
from tests.support.token_signer import RSA_KID, TokenSigner, rsa_jwk, rsa_key
from tests.unit.config.samples import review
from tests.unit.identity.conftest import verdict

Build = Callable[..., Awaitable[JwtVerifier]]


def configured(preset: str, settings: Mapping[str, object], jwks_url: str) -> Issuer:
    """The issuer that a configuration file with this preset describes."""
    own = {"preset": preset, "jwks": {"url": jwks_url, "bearer_token_file": None}, **settings}
    document = {
        "public_url": "https://mcp.example.com",
        "issuers": {"idp": own},
        "servers": {"mcp": {"upstream": "http://127.0.0.1:9000/mcp", "allow": "any"}},
    }
    found = review(yaml.safe_dump(document))
    assert found.config is not None, found.report()
    return found.config.issuers["idp"]


@pytest.fixture
async def flights() -> AsyncIterator[SingleFlight]:
    async with asyncio.TaskGroup() as group:
        yield SingleFlight(group)


@pytest.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    async with Fetcher(timeout_s=5.0) as opened:
        yield opened


@pytest.fixture
def build(signer: TokenSigner, fetcher: Fetcher, flights: SingleFlight) -> Build:
    """Makes the verifier of a sample's issuer, with its keys at hand."""

    async def built(sample: Sample, groups: GroupLookups | None = None) -> JwtVerifier:
        if sample.preset == "spiffe":
            serve_spiffe_bundle(signer)
        issuer = configured(sample.preset, sample.settings, f"{signer.issuer}/jwks")
        sources = build_sources("idp", issuer, fetcher, IdentityServices(flights))
        await sources.keys.refresh()
        return JwtVerifier(issuer, [SERVER, sample.audience], sources.keys, groups)

    return built


@pytest.mark.requirement("93", "186")
@pytest.mark.parametrize("name", SAMPLES)
async def test_a_token_of_the_provider_is_read(name: str, build: Build) -> None:
    sample = SAMPLES[name]
    verifier = await build(sample)

    principal = await verifier.verify(sign(sample), time.time())

    assert principal is not None
    assert principal.issuer == sample.claims.get("iss", sample.settings.get("issuer"))
    assert (principal.subject, principal.client_id) == (
        sample.caller.subject,
        sample.caller.client_id,
    )
    assert principal.scopes == sample.caller.scopes
    assert (principal.groups, principal.roles) == (sample.caller.groups, sample.caller.roles)


# What the provider also signs, or what looks like its tokens: claims that change, and a header.
NOT_FOR_US: dict[str, tuple[str, dict[str, object], str]] = {
    "entra: ID token": ("entra v2", {"nonce": "n", "azp": None, "scp": None}, "wrong_type"),
    "entra: token for Graph": (
        "entra v1",
        {"aud": "00000003-0000-0000-c000-000000000000"},
        "wrong_audience",
    ),
    "entra: other tenant": (
        "entra v2",
        {"iss": f"https://login.microsoftonline.com/{OTHER_TENANT}/v2.0", "tid": OTHER_TENANT},
        "not mine",
    ),
    "entra: tenant unlike its issuer": ("entra v2", {"tid": OTHER_TENANT}, "claim_not_accepted"),
    "entra: template as issuer": (
        "entra v2",
        {"iss": "https://login.microsoftonline.com/{tenantid}/v2.0"},
        "not mine",
    ),
    "entra: e-mail instead of an object id": (
        "entra v2",
        {"oid": None, "email": "ada@contoso.com"},
        "missing_claim",
    ),
    "auth0: ID token": ("auth0", {"aud": "K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja"}, "wrong_audience"),
    "auth0: tenant without a slash": ("auth0", {"iss": "https://acme.eu.auth0.com"}, "not mine"),
    "okta: ID token": ("okta", {"cid": None, "idp": "00o1", "amr": ["pwd"]}, "missing_claim"),
    "okta: org server": ("okta", {"iss": "https://acme.okta.com"}, "not mine"),
    "keycloak: ID token": ("keycloak", {"typ": "ID"}, "wrong_type"),
    "keycloak: refresh token": ("keycloak", {"typ": "Refresh"}, "wrong_type"),
    "keycloak: other kind": ("keycloak", {"typ": "Action"}, "claim_not_accepted"),
    "keycloak: other realm": (
        "keycloak",
        {"iss": "https://keycloak.example.com/realms/master"},
        "not mine",
    ),
    "keycloak: no audience mapper": ("keycloak", {"aud": "account"}, "wrong_audience"),
    "cognito: ID token": (
        "cognito",
        {"token_use": "id", "aud": COGNITO_CLIENT, "client_id": None},
        "missing_claim",
    ),
    "cognito: ID token with a client": ("cognito", {"token_use": "id"}, "wrong_type"),
    "cognito: other use": ("cognito", {"token_use": "refresh2"}, "claim_not_accepted"),
    "cognito: other client": ("cognito", {"client_id": "other"}, "wrong_audience"),
    "cognito: other pool": (
        "cognito",
        {"iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Other"},
        "not mine",
    ),
    "workos: ID token": ("workos", {"nonce": "n"}, "wrong_type"),
    "workos: session token": (
        "workos",
        {"iss": "https://api.workos.com/user_management/client_01"},
        "not mine",
    ),
    "workos: no resource asked for": (
        "workos",
        {"aud": "client_01JP8BD0CZ401TDF9X54NT5ZEK"},
        "wrong_audience",
    ),
    "kubernetes: token for the API server": (
        "kubernetes",
        {"aud": ["https://kubernetes.default.svc.cluster.local"]},
        "wrong_audience",
    ),
    "kubernetes: token of a secret": (
        "kubernetes",
        {"iss": "kubernetes/serviceaccount", "aud": None, "exp": None},
        "not mine",
    ),
    "github-actions: other branch": ("github-actions", {"ref": "refs/heads/x"}, "unmapped"),
    "github-actions: other repository": (
        "github-actions",
        {"repository": "eve/acme/site", "repository_owner": "eve"},
        "unmapped",
    ),
    "github-actions: default audience": (
        "github-actions",
        {"aud": "https://github.com/acme"},
        "wrong_audience",
    ),
    "gitlab-ci: other group": ("gitlab-ci", {"project_path": "acme2/site"}, "claim_not_accepted"),
    "gitlab-ci: branch that anybody may push": (
        "gitlab-ci",
        {"ref_protected": "false"},
        "claim_not_accepted",
    ),
    "gitlab-ci: other instance": ("gitlab-ci", {"iss": "https://gitlab.example"}, "not mine"),
    "gitlab-ci: login of a user": ("gitlab-ci", {"project_path": None}, "missing_claim"),
    "spiffe: other trust domain": (
        "spiffe",
        {"sub": "spiffe://example.org.evil.example/ns/agents/sa/planner"},
        "claim_not_accepted",
    ),
    "spiffe: other server": ("spiffe", {"aud": ["spiffe://example.org/db"]}, "wrong_audience"),
    "spiffe: no end": ("spiffe", {"exp": None}, "missing_claim"),
    "spiffe: somebody's issuer": ("spiffe", {"iss": "https://idp.example"}, "not mine"),
}


@pytest.mark.requirement("93", "J14")
@pytest.mark.parametrize("name", NOT_FOR_US)
async def test_another_token_of_the_provider_is_refused(name: str, build: Build) -> None:
    sample, changes, reason = NOT_FOR_US[name]
    verifier = await build(SAMPLES[sample])

    token = sign(SAMPLES[sample], header=None, **changes)

    assert await verdict(verifier, token) == reason


@pytest.mark.requirement("93", "106", "116")
@pytest.mark.parametrize(
    ("name", "header", "reason"),
    [
        ("okta", {"typ": "application/okta-internal-at+jwt"}, "wrong_type"),
        ("keycloak", {"typ": "logout+jwt"}, "wrong_type"),
        ("spiffe", {"typ": "at+jwt"}, "wrong_type"),
        ("entra v2", {"alg": "ES256"}, "bad_algorithm"),
        ("spiffe", {"kid": "x509"}, "unknown_key"),
    ],
)
async def test_a_header_of_another_token_is_refused(
    name: str, header: dict[str, object], reason: str, build: Build
) -> None:
    """SPIFFE bundles hold keys of certificates too; Okta's org server signs for itself."""
    verifier = await build(SAMPLES[name])

    assert await verdict(verifier, sign(SAMPLES[name], header=header)) == reason


@pytest.mark.requirement("108", "J14")
@pytest.mark.parametrize("name", ["entra v2", "auth0", "keycloak", "kubernetes", "gitlab-ci"])
async def test_a_key_that_only_has_the_same_name_is_not_the_issuers(
    name: str, build: Build, signer: TokenSigner
) -> None:
    verifier = await build(SAMPLES[name])
    signer.keys = [rsa_jwk(rsa_key("another issuer"), RSA_KID)]
    another = await build(SAMPLES[name])

    assert await verdict(verifier, sign(SAMPLES[name])) == "accepted"
    assert await verdict(another, sign(SAMPLES[name])) == "bad_signature"


async def test_a_keycloak_token_that_is_bound_to_a_key_is_read(build: Build) -> None:
    sample = SAMPLES["keycloak"]
    verifier = await build(sample)

    token = sign(sample, typ="DPoP", cnf={"jkt": "thumbprint"})
    principal = await verifier.verify(token, time.time())

    assert principal is not None
    assert principal.confirmation is not None
    assert principal.confirmation.key_thumbprint == "thumbprint"


OVERAGE = {
    "groups": None,
    "_claim_names": {"groups": "src1"},
    "_claim_sources": {
        "src1": {"endpoint": f"https://graph.windows.net/{TENANT}/users/{OID}/getMemberObjects"}
    },
}


@pytest.mark.requirement("C7")
async def test_groups_of_entra_that_did_not_fit_are_unknown(build: Build) -> None:
    sample = SAMPLES["entra v2"]
    verifier = await build(sample)

    principal = await verifier.verify(sign(sample, header=None, **OVERAGE), time.time())

    assert principal is not None
    assert principal.groups is None


class Directory:
    """The lookups of an Entra issuer at a service that answers as Graph does."""

    def __init__(self, service: IssuerService, fetcher: Fetcher, flights: SingleFlight) -> None:
        self.service = service
        self.groups = [GROUP, *(f"group-{number}" for number in range(249))]
        self.path = f"/v1.0/directoryObjects/{OID}/getMemberObjects"
        service.scenes[self.path] = self.answer
        url = f"{service.url}/v1.0/directoryObjects/{{oid}}/getMemberObjects"
        credentials = {"client_id": API, "client_secret": "s", "token_url": f"{service.url}/token"}
        lookup = {"group_lookup": {"url": url, "credentials": credentials}}
        issuer = configured("entra", {"tenants": [TENANT], **lookup}, f"{service.url}/jwks")
        assert issuer.group_lookup is not None
        provider = Provider("idp", "groups", fetcher, Breaker(Clocks()))
        self.lookups = GroupLookups(
            issuer.group_lookup, provider, self.own_token, flights, Clocks()
        )

    async def own_token(self, principal: Principal) -> str:
        return f"token-for-{principal.claims['tid']}"

    def answer(self, asked: Asked) -> Scene:
        if asked.headers.get("Authorization") != f"Bearer token-for-{TENANT}":
            return Scene({"error": {"code": "InvalidAuthenticationToken"}}, 401)
        if asked.method != "POST" or asked.json != {"securityEnabledOnly": False}:
            return Scene({"error": {"code": "BadRequest"}}, 400)
        return Scene({"value": self.groups})


@pytest.fixture
async def directory(fetcher: Fetcher, flights: SingleFlight) -> AsyncIterator[Directory]:
    async with IssuerService() as service:
        yield Directory(service, fetcher, flights)


@pytest.mark.requirement("C7")
async def test_groups_of_entra_that_did_not_fit_are_looked_up_once(
    build: Build, directory: Directory
) -> None:
    sample = SAMPLES["entra v2"]
    verifier = await build(sample, directory.lookups)

    first = await verifier.verify(sign(sample, header=None, **OVERAGE), time.time())
    second = await verifier.verify(sign(sample, header=None, **OVERAGE, uti="2"), time.time())

    assert first is not None
    assert second is not None
    assert first.groups == second.groups == tuple(directory.groups)
    assert len(first.groups or ()) == 250
    assert directory.service.count(directory.path) == 1


@pytest.mark.requirement("C7")
@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
async def test_groups_of_entra_stay_unknown_while_the_directory_does_not_answer(
    status: int, build: Build, directory: Directory
) -> None:
    directory.service.scenes[directory.path] = Scene({"error": {}}, status)
    sample = SAMPLES["entra v2"]
    verifier = await build(sample, directory.lookups)

    principal = await verifier.verify(sign(sample, header=None, **OVERAGE), time.time())

    assert principal is not None
    assert principal.groups is None


async def test_groups_that_did_fit_are_not_looked_up(build: Build, directory: Directory) -> None:
    sample = SAMPLES["entra v2"]
    verifier = await build(sample, directory.lookups)

    principal = await verifier.verify(sign(sample), time.time())

    assert principal is not None
    assert principal.groups == (GROUP,)
    assert directory.service.asked == []


@pytest.mark.requirement("186")
async def test_a_claim_of_e_mail_does_not_name_a_caller_of_entra(build: Build) -> None:
    """nOAuth: an administrator of any tenant may type anybody's address into `email`."""
    sample = SAMPLES["entra v2"]
    verifier = await build(sample)

    token = sign(sample, email="root@contoso.com", upn="eve@other.example")
    principal = await verifier.verify(token, time.time())

    assert principal is not None
    assert (principal.subject, principal.email) == (OID, "eve@other.example")


async def test_an_application_of_entra_is_its_own_subject(build: Build) -> None:
    sample = SAMPLES["entra v2"]
    verifier = await build(sample)

    token = sign(sample, idtyp="app", scp=None, groups=None, name=None)
    principal = await verifier.verify(token, time.time())

    assert principal is not None
    assert (principal.subject, principal.client_id) == (OID, CLIENT)
    assert (principal.scopes, principal.roles) == (frozenset(), ("Mcp.Admin",))


async def test_a_spiffe_token_with_the_name_of_its_server_is_read(build: Build) -> None:
    """SPIRE writes `iss` where `jwt_issuer` is set."""
    sample = SAMPLES["spiffe"]
    verifier = await build(sample)

    assert await verdict(verifier, sign(sample, iss="https://spire.example.org")) == "accepted"


async def test_keys_that_are_away_are_no_reason_to_refuse(
    build: Build, signer: TokenSigner
) -> None:
    signer.status = 503
    sample = SAMPLES["keycloak"]
    verifier = await build(sample)

    with pytest.raises(IdentityUnavailable):
        await verifier.verify(sign(sample), time.time())
