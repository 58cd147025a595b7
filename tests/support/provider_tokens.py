"""Access tokens in the shapes that known providers write, for the tests' own keys to sign."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.support.token_signer import (
    EC_KID,
    RSA_KID,
    TokenSigner,
    b64url,
    compact,
    ec_jwk,
    ec_key,
    rsa_jwk,
    rsa_key,
    sign_es256,
)

SERVER = "https://mcp.example.com/mcp"
TENANT = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
OTHER_TENANT = "ffffeeee-9999-cccc-1111-dddd2222eeee"
API = "11112222-bbbb-3333-cccc-4444dddd5555"
CLIENT = "00001111-aaaa-2222-bbbb-3333cccc4444"
OID = "aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb"
GROUP = "cccccccc-2222-3333-4444-dddddddddddd"
COGNITO_CLIENT = "1h57kf5cpq17m0eml12EXAMPLE"
GITHUB = "https://token.actions.githubusercontent.com"
WORKFLOW = "acme/site/.github/workflows/deploy.yml@refs/heads/main"


@dataclass(frozen=True, slots=True)
class Caller:
    """What a gateway is to make of a token."""

    subject: str
    client_id: str | None
    scopes: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """One access token: the settings it needs beside `preset`, its header and its claims.

    Times are added when it is signed.
    """

    preset: str
    settings: Mapping[str, object]
    header: Mapping[str, object]
    claims: Mapping[str, object]
    caller: Caller
    audience: str = SERVER
    kid: str = field(default=RSA_KID)


SAMPLES: dict[str, Sample] = {
    "entra v2": Sample(
        "entra",
        {"tenants": [TENANT]},
        {"typ": "JWT"},
        {
            "aud": API,
            "iss": f"https://login.microsoftonline.com/{TENANT}/v2.0",
            "aio": "AYQAe/8aAAAA",
            "azp": CLIENT,
            "azpacr": "0",
            "groups": [GROUP],
            "name": "Ada Lovelace",
            "oid": OID,
            "preferred_username": "ada@contoso.com",
            "rh": "0.AXYA",
            "roles": ["Mcp.Admin"],
            "scp": "mcp.read mcp.write",
            "sub": "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
            "tid": TENANT,
            "uti": "fqiBqXLPj0eQa82S-IYFAA",
            "ver": "2.0",
        },
        Caller(OID, CLIENT, frozenset({"mcp.read", "mcp.write"}), (GROUP,), ("Mcp.Admin",)),
        API,
    ),
    "entra v1": Sample(
        "entra",
        {"tenants": [TENANT]},
        {"typ": "JWT", "x5t": "i6lGk3FZzxRcUb2C3nEQ7syHJlY"},
        {
            "aud": f"api://{API}",
            "iss": f"https://sts.windows.net/{TENANT}/",
            "acr": "1",
            "amr": ["pwd"],
            "appid": CLIENT,
            "appidacr": "0",
            "groups": [GROUP],
            "ipaddr": "192.0.2.1",
            "name": "Ada Lovelace",
            "oid": OID,
            "scp": "mcp.read",
            "sub": "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
            "tid": TENANT,
            "unique_name": "ada@contoso.com",
            "upn": "ada@contoso.com",
            "ver": "1.0",
        },
        Caller(OID, CLIENT, frozenset({"mcp.read"}), (GROUP,)),
        f"api://{API}",
    ),
    "auth0": Sample(
        "auth0",
        {"issuer": "https://acme.eu.auth0.com/"},
        {"typ": "JWT"},
        {
            "iss": "https://acme.eu.auth0.com/",
            "sub": "auth0|6553da60a54af58e29493993",
            "aud": [SERVER, "https://acme.eu.auth0.com/userinfo"],
            "azp": "K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja",
            "scope": "openid profile mcp:read",
            "permissions": ["mcp:read"],
        },
        Caller(
            "auth0|6553da60a54af58e29493993",
            "K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja",
            frozenset({"openid", "profile", "mcp:read"}),
            roles=("mcp:read",),
        ),
    ),
    "auth0 as RFC 9068": Sample(
        "auth0",
        {"issuer": "https://acme.eu.auth0.com/"},
        {"typ": "at+jwt"},
        {
            "iss": "https://acme.eu.auth0.com/",
            "sub": "awZfdIir8YFdGZWkvCejDoUb7SjTDicx@clients",
            "aud": SERVER,
            "client_id": "awZfdIir8YFdGZWkvCejDoUb7SjTDicx",
            "jti": "kyLjQ2xwBXrjZbeSSNzgXx",
            "scope": "mcp:read",
        },
        Caller(
            "awZfdIir8YFdGZWkvCejDoUb7SjTDicx@clients",
            "awZfdIir8YFdGZWkvCejDoUb7SjTDicx",
            frozenset({"mcp:read"}),
        ),
    ),
    "okta": Sample(
        "okta",
        {"issuer": "https://acme.okta.com/oauth2/aus1abcd2efGHIJKL3m4"},
        {},
        {
            "ver": 1,
            "jti": "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMUAA",
            "iss": "https://acme.okta.com/oauth2/aus1abcd2efGHIJKL3m4",
            "aud": SERVER,
            "cid": "0oa1gth3xBCDEFGHI1d8",
            "uid": "00u1lpnt4ZYXWVUTS1d8",
            "scp": ["openid", "mcp:read"],
            "sub": "ada@example.com",
            "groups": ["engineering"],
        },
        Caller(
            "ada@example.com",
            "0oa1gth3xBCDEFGHI1d8",
            frozenset({"openid", "mcp:read"}),
            ("engineering",),
        ),
    ),
    "keycloak": Sample(
        "keycloak",
        {"issuer": "https://keycloak.example.com/realms/acme"},
        {"typ": "JWT"},
        {
            "jti": "onrtac:0c1ea8b5-2f9f-4c1c-9f3d-1a2b3c4d5e6f",
            "iss": "https://keycloak.example.com/realms/acme",
            "aud": [SERVER, "account"],
            "sub": "5f2a3c9e-8d41-4f1a-b0a7-6f0d2b7c9e11",
            "typ": "Bearer",
            "azp": "inspector",
            "sid": "b9a1f6f2-6a0f-4b57-8a0a-3f6f1f9d1c11",
            "acr": "1",
            "allowed-origins": ["https://app.example.com"],
            "realm_access": {"roles": ["mcp-admin", "offline_access"]},
            "resource_access": {"account": {"roles": ["view-profile"]}},
            "scope": "openid profile mcp:read",
            "email_verified": True,
            "preferred_username": "ada",
            "email": "ada@example.com",
            "groups": ["/engineering"],
        },
        Caller(
            "5f2a3c9e-8d41-4f1a-b0a7-6f0d2b7c9e11",
            "inspector",
            frozenset({"openid", "profile", "mcp:read"}),
            ("/engineering",),
            ("mcp-admin", "offline_access"),
        ),
    ),
    "cognito": Sample(
        "cognito",
        {"issuer": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example"},
        {},
        {
            "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
            "cognito:groups": ["engineering"],
            "iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example",
            "client_id": COGNITO_CLIENT,
            "origin_jti": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
            "event_id": "64f513be-32db-42b0-b78e-b02127b4f463",
            "token_use": "access",
            "scope": "openid mcp/read",
            "jti": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeef",
            "username": "ada",
            "version": 2,
        },
        Caller(
            "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
            COGNITO_CLIENT,
            frozenset({"openid", "mcp/read"}),
            ("engineering",),
        ),
        COGNITO_CLIENT,
    ),
    "workos": Sample(
        "workos",
        {"issuer": "https://acme.authkit.app"},
        {},
        {
            "iss": "https://acme.authkit.app",
            "aud": SERVER,
            "sub": "user_01HXYZ1234567890ABCDEFGHJK",
            "client_id": "client_01JP8BD0CZ401TDF9X54NT5ZEK",
            "org_id": "org_01HXYZ1234567890ABCDEFGHJK",
            "sid": "app_consent_01HXYZ1234567890ABCDEFGHJK",
            "role": "admin",
            "roles": ["admin", "auditor"],
            "scope": "openid profile",
            "jti": "01HXYZ1234567890ABCDEFGHJK",
        },
        Caller(
            "user_01HXYZ1234567890ABCDEFGHJK",
            "client_01JP8BD0CZ401TDF9X54NT5ZEK",
            frozenset({"openid", "profile"}),
            ("org_01HXYZ1234567890ABCDEFGHJK",),
            ("admin", "auditor"),
        ),
    ),
    "kubernetes": Sample(
        "kubernetes",
        {"ca_file": None},
        {},
        {
            "aud": [SERVER],
            "iss": "https://kubernetes.default.svc.cluster.local",
            "jti": "e51f1fbc-4733-4b85-a59f-ba80c0523874",
            "kubernetes.io": {
                "namespace": "agents",
                "node": {"name": "worker-1", "uid": "517eb86e-b863-451b-bf70-86cb61439a3a"},
                "pod": {"name": "planner-0", "uid": "0d8b260e-ef0e-45fb-be8e-ff44f97722e8"},
                "serviceaccount": {
                    "name": "planner",
                    "uid": "e6a8680e-d103-4cce-80ea-03acbbeacf7d",
                },
                "warnafter": 1717674962,
            },
            "sub": "system:serviceaccount:agents:planner",
        },
        Caller("system:serviceaccount:agents:planner", "planner-0", groups=("agents",)),
    ),
    "github-actions": Sample(
        "github-actions",
        {
            "callers": [
                {
                    "when": {"repository": "acme/site", "ref": "refs/heads/main"},
                    "subject": "site-deploy",
                    "scopes": ["mcp:read"],
                    "groups": ["robots"],
                }
            ]
        },
        {"typ": "JWT", "x5t": "eBZ_cn3sXYAd0ch4THBKHIgOwOE"},
        {
            "jti": "4a576b35-ff09-41c5-af2c-ca62dd89b76a",
            "sub": "repo:acme/site:ref:refs/heads/main",
            "aud": SERVER,
            "ref": "refs/heads/main",
            "sha": "7f93a73b8273af5d35fcd70661704c1cadc57054",
            "repository": "acme/site",
            "repository_owner": "acme",
            "repository_id": "74",
            "repository_owner_id": "65",
            "repository_visibility": "private",
            "run_id": "10",
            "actor": "ada",
            "actor_id": "12",
            "workflow": "deploy",
            "event_name": "push",
            "ref_protected": "true",
            "ref_type": "branch",
            "job_workflow_ref": WORKFLOW,
            "runner_environment": "github-hosted",
            "iss": GITHUB,
        },
        Caller("site-deploy", WORKFLOW, frozenset({"mcp:read"}), ("robots",)),
    ),
    "gitlab-ci": Sample(
        "gitlab-ci",
        {"require": {"project_path": "acme/*", "ref_protected": "true"}},
        {"typ": "JWT"},
        {
            "namespace_id": "72",
            "namespace_path": "acme",
            "project_id": "20",
            "project_path": "acme/site",
            "user_id": "1",
            "user_login": "ada",
            "user_email": "ada@example.com",
            "pipeline_id": "574",
            "pipeline_source": "push",
            "job_id": "302",
            "ref": "main",
            "ref_type": "branch",
            "ref_path": "refs/heads/main",
            "ref_protected": "true",
            "runner_id": 1,
            "runner_environment": "gitlab-hosted",
            "sha": "714a629c0b401fdce83e847fc9589983fc6f46bc",
            "ci_config_ref_uri": "gitlab.com/acme/site//.gitlab-ci.yml@refs/heads/main",
            "jti": "235b3a54-b797-45c7-ae9a-f72d7bc6ef5b",
            "iss": "https://gitlab.com",
            "sub": "project_path:acme/site:ref_type:branch:ref:main",
            "aud": SERVER,
        },
        Caller(
            "project_path:acme/site:ref_type:branch:ref:main",
            "gitlab.com/acme/site//.gitlab-ci.yml@refs/heads/main",
            groups=("acme/site",),
        ),
    ),
    "spiffe": Sample(
        "spiffe",
        {
            "issuer": "https://spire.example.org",
            "require": {"sub": "spiffe://example.org/*"},
        },
        {"alg": "ES256", "typ": "JWT"},
        {"aud": [SERVER], "sub": "spiffe://example.org/ns/agents/sa/planner"},
        Caller("spiffe://example.org/ns/agents/sa/planner", None),
        kid=EC_KID,
    ),
}


def sign(sample: Sample, *, header: Mapping[str, object] | None = None, **changes: object) -> str:
    """The token, good for five minutes, with changes; a claim set to None is left out."""
    now = int(time.time())
    times = {"iat": now, "nbf": now, "exp": now + 300}
    claims = dict(sample.claims) | times | changes
    protected = {"alg": "RS256", "kid": sample.kid} | dict(sample.header) | dict(header or {})
    parts = (
        json.dumps(protected).encode(),
        json.dumps({name: value for name, value in claims.items() if value is not None}).encode(),
    )
    if protected["alg"] == "RS256":
        return compact(*parts)
    signing_input = ".".join(map(b64url, parts))
    return f"{signing_input}.{b64url(sign_es256(ec_key(), signing_input.encode()))}"


def serve_spiffe_bundle(signer: TokenSigner) -> None:
    """Keys as in a trust bundle: no `alg`, and those of X.509-SVIDs among them."""
    keys = (ec_jwk(ec_key(), EC_KID), rsa_jwk(rsa_key("x509"), "x509"))
    for key, use in zip(keys, ("jwt-svid", "x509-svid"), strict=True):
        key["use"] = use
        del key["alg"]
    signer.keys = list(keys)
