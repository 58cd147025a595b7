import pytest

from gateway.config.authorization_server import AuthorizationServer as Settings
from gateway.identity.token.compact import parse_compact
from tests.support.authorization_server import Setting, running_authorization_server
from tests.support.issuer_service import Scene
from tests.support.login_pages import PersonsBrowser
from tests.support.login_provider import HandProvider

OVERAGE: dict[str, object] = {
    "_claim_names": {"groups": "src1"},
    "groups": None,
    "oid": "o-1",
    "tid": "t-1",
}


async def login(
    provider: HandProvider, browser: PersonsBrowser, **settings: object
) -> tuple[tuple[str, str], dict[str, object]]:
    """The last step, and what the access token says."""
    setting = Setting(Settings(provider=provider.settings(**settings)))
    async with running_authorization_server(setting) as site:
        client = await site.registered()
        page = await browser.consent(client.authorize_url())
        back = await browser.open(provider.callback(page.goes_to))
        step = site.steps[-1]
        if "code" not in back.answer:
            return step, {}
        _, answer = await client.exchange(back.answer["code"])
        return step, dict(parse_compact(str(answer["access_token"])).claims)


async def test_claims_are_mapped_as_in_issuers(
    browser: PersonsBrowser, provider: HandProvider
) -> None:
    provider.claims = {"oid": "o-1", "upn": "ada@acme.example", "realm": {"roles": ["admin"]}}
    claims = {"subject": "oid", "email": "upn", "email_verified": "always", "roles": "realm.roles"}

    _, said = await login(provider, browser, claims=claims)

    assert (said["sub"], said["email"], said["roles"]) == ("o-1", "ada@acme.example", ["admin"])


async def test_address_that_nobody_verified_is_not_in_tokens(
    browser: PersonsBrowser, provider: HandProvider
) -> None:
    provider.claims = {"email_verified": False}

    _, said = await login(provider, browser)

    assert "email" not in said


@pytest.mark.parametrize(
    ("typ", "step"), [("ID", ("login", "ok")), ("Bearer", ("login", "provider_id_token"))]
)
async def test_claims_may_be_required(
    browser: PersonsBrowser, provider: HandProvider, typ: str, step: tuple[str, str]
) -> None:
    provider.claims = {"typ": typ}

    last, _ = await login(provider, browser, require={"typ": "ID"})

    assert last == step


async def test_tenant_that_is_not_named_does_not_log_in(
    browser: PersonsBrowser, provider: HandProvider
) -> None:
    template = f"{provider.issuer}/{{tenantid}}"
    provider.metadata = {
        "issuer": template,
        "authorization_response_iss_parameter_supported": False,
    }
    provider.service.scenes["/discovery"] = provider.service.scenes[
        "/.well-known/openid-configuration"
    ]
    settings = {
        "issuer": template,
        "discovery_url": f"{provider.issuer}/discovery",
        "tenants": ["t-1"],
    }
    steps = []
    for tenant, claimed in (("t-1", "t-1"), ("t-2", "t-2"), ("t-1", "t-2")):
        provider.claims = {"iss": f"{provider.issuer}/{tenant}", "tid": claimed}
        setting = Setting(Settings(provider=provider.settings(**settings)))
        async with running_authorization_server(setting) as site:
            client = await site.registered()
            page = await browser.consent(client.authorize_url())
            await browser.open(provider.callback(page.goes_to, iss=None))
            steps.append(site.steps[-1])
            provider.redeemed.clear()

    assert steps == [("login", "ok"), *[("login", "provider_id_token")] * 2]


async def test_groups_that_did_not_fit_are_looked_up(
    browser: PersonsBrowser, provider: HandProvider
) -> None:
    provider.claims = OVERAGE
    provider.service.scenes |= {
        "/graph-token": Scene({"access_token": "own", "token_type": "Bearer"}),
        "/members/o-1": Scene({"value": ["g-1", "g-2"]}),
    }
    lookup = {
        "url": f"{provider.issuer}/members/{{oid}}",
        "credentials": {
            "client_id": "c",
            "client_secret": "s",
            "token_url": f"{provider.issuer}/graph-token",
        },
    }
    overage = {"groups_overage": ["_claim_names.groups"]}

    _, said = await login(provider, browser, claims=overage, group_lookup=lookup)

    assert said["groups"] == ["g-1", "g-2"]


async def test_groups_that_nobody_can_look_up_end_the_login(
    browser: PersonsBrowser, provider: HandProvider
) -> None:
    provider.claims = OVERAGE

    step, said = await login(provider, browser, claims={"groups_overage": ["_claim_names.groups"]})

    assert (step, said) == (("login", "groups_unknown"), {})
