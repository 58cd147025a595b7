"""Tokens that an endpoint answers with their user: OIDC Core §5.3 and alike."""

from collections.abc import Mapping

import pytest

from gateway.config.issuer import Issuer
from gateway.errors import GatewayError, IdentityUnavailable
from gateway.identity.principal import Confirmation, Principal
from gateway.identity.provider.question import SAMPLE_TOKEN
from gateway.identity.verifiers.userinfo import UserinfoVerifier
from tests.support import userinfo_service as others
from tests.support.issuer_service import Asked, IssuerService, Scene
from tests.support.token_signer import TokenSigner
from tests.support.userinfo_service import TOKEN
from tests.unit.identity.conftest import RESOURCE, Asking

ISSUER = "https://idp.example"
NOW = 1_763_900_000.0
USER: dict[str, object] = {"sub": "ada", "aud": RESOURCE, "email": "ada@example.com"}
Section = Mapping[str, object]
FROM_AUD: Section = {"audience_claim": "aud"}
TENANTS: dict[str, object] = {"issuer": "https://idp.example/{tenantid}", "tenants": ["a"]}
ANY_AUDIENCE: Section = {"insecure_accept_any_audience": True}


def _verifier(
    asking: Asking, url: str, section: Section = FROM_AUD, **settings: object
) -> UserinfoVerifier:
    issuer = Issuer.model_validate({"issuer": ISSUER, "userinfo": section, **settings})

    async def endpoint() -> str:
        return url

    return UserinfoVerifier(issuer, [RESOURCE], asking.provider, endpoint)


async def _accepted(verifier: UserinfoVerifier) -> Principal:
    found = await verifier.verify(TOKEN, NOW)
    assert found is not None
    return found


async def _outcome(verifier: UserinfoVerifier, token: str = TOKEN) -> str:
    try:
        found = await verifier.verify(token, NOW)
    except GatewayError as error:
        return error.reason
    return "not mine" if found is None else "accepted"


def _forge(service: IssuerService, *lookups: Section, **section: object) -> Section:
    check = {
        "url": f"{service.url}/applications/{{client_id}}/token",
        "client_id": others.CLIENT_ID,
        "client_secret": others.CLIENT_SECRET,
    }
    return {"audience_check": check, "lookups": lookups} | section


def _lookup(service: IssuerService, path: str, each: str, into: str = "groups") -> Section:
    return {"url": f"{service.url}{path}", "each": each, "into": into}


async def test_the_token_is_shown_as_a_bearer_token(service: IssuerService, asking: Asking) -> None:
    url = others.serve_oidc(service, USER)

    found = await _accepted(_verifier(asking, url, {**FROM_AUD, "cache": "30s"}))

    assert (service.asked[0].method, service.asked[0].query) == ("GET", "")
    assert (found.issuer, found.subject, found.email) == (ISSUER, "ada", "ada@example.com")
    assert (found.expires_at, found.remember_s, found.scheme) == (None, 30.0, "userinfo")


async def test_a_home_grown_user_with_a_number_is_read(
    service: IssuerService, asking: Asking
) -> None:
    claims = {"subject": "id", "roles": "role"}
    verifier = _verifier(asking, others.serve_own_user(service), ANY_AUDIENCE, claims=claims)

    found = await _accepted(verifier)

    assert (found.subject, found.name, found.roles) == ("42", "Ada", ("admin",))


@pytest.mark.parametrize(
    ("user", "outcome"),
    [
        ({"id": 0}, "accepted"),
        ({"id": "42"}, "accepted"),
        ({"id": ""}, "missing_claim"),
        ({"id": True}, "missing_claim"),
        ({"id": 4.2}, "missing_claim"),
        ({"id": None}, "missing_claim"),
        ({"id": [42]}, "missing_claim"),
    ],
)
async def test_only_texts_and_whole_numbers_name_a_subject(
    service: IssuerService, asking: Asking, user: Section, outcome: str
) -> None:
    url = others.serve_own_user(service, **user)

    assert await _outcome(_verifier(asking, url, ANY_AUDIENCE, claims={"subject": "id"})) == outcome


async def test_a_number_deep_in_the_answer_names_the_subject(
    service: IssuerService, asking: Asking
) -> None:
    url = others.serve_oidc(service, {"data": {"user": {"id": 7}}})

    found = await _accepted(
        _verifier(asking, url, ANY_AUDIENCE, claims={"subject": "data.user.id"})
    )

    assert found.subject == "7"


async def test_a_tokeninfo_takes_a_form_and_writes_numbers_as_text(
    service: IssuerService, asking: Asking
) -> None:
    token = {"aud": RESOURCE, "azp": "cli", "sub": "1", "scope": "a b", "exp": "1763900100"}
    url = others.serve_tokeninfo(service, token)

    found = await _accepted(_verifier(asking, url, {**FROM_AUD, "send": "form"}))

    assert "Authorization" not in service.asked[0].headers
    assert found.scopes == {"a", "b"}
    assert (found.client_id, found.expires_at) == ("cli", NOW + 100)


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"exp": str(int(NOW) - 61)}, "expired"),
        ({"exp": int(NOW) - 61}, "expired"),
        ({"exp": NOW + 0.5}, "accepted"),
        ({"exp": "soon"}, "malformed"),
        ({"exp": "-1"}, "malformed"),
        ({"exp": "²"}, "malformed"),
        ({"exp": "9" * 5000}, "malformed"),
        ({"exp": True}, "malformed"),
        ({"nbf": str(int(NOW) + 61)}, "not_yet_valid"),
        ({"iss": ISSUER}, "accepted"),
        ({"iss": "https://evil.example"}, "wrong_issuer"),
        ({"iss": None}, "accepted"),
        ({"cnf": {"kid": "x"}}, "sender_constrained"),
    ],
)
async def test_what_the_answer_says_must_hold(
    service: IssuerService, asking: Asking, change: Section, outcome: str
) -> None:
    url = others.serve_oidc(service, {**USER, **change})

    assert await _outcome(_verifier(asking, url)) == outcome


async def test_a_token_that_is_bound_to_a_key_stays_so(
    service: IssuerService, asking: Asking
) -> None:
    url = others.serve_oidc(service, USER | {"cnf": {"jkt": "thumb"}})

    found = await _accepted(_verifier(asking, url))

    assert found.confirmation == Confirmation(key_thumbprint="thumb")


@pytest.mark.requirement("9")
@pytest.mark.parametrize(
    ("audience", "outcome"),
    [
        (RESOURCE, "accepted"),
        (["https://other.example", RESOURCE], "accepted"),
        (None, "wrong_audience"),
        ([], "wrong_audience"),
        ("https://gateway.example/mcp2", "wrong_audience"),
        (7, "malformed"),
    ],
)
async def test_the_named_audience_must_be_this_server(
    service: IssuerService, asking: Asking, audience: object, outcome: str
) -> None:
    url = others.serve_oidc(service, {"sub": "ada", "token": {"aud": audience}})

    assert await _outcome(_verifier(asking, url, {"audience_claim": "token.aud"})) == outcome


@pytest.mark.requirement("9")
@pytest.mark.parametrize(
    ("issued_to", "outcome"), [(others.CLIENT_ID, "accepted"), ("another", "wrong_audience")]
)
async def test_a_token_of_another_client_is_refused(
    service: IssuerService, asking: Asking, issued_to: str, outcome: str
) -> None:
    url = others.serve_code_forge(service, [], [])
    others.serve_token_check(service, issued_to)
    verifier = _verifier(asking, url, _forge(service), claims={"subject": "id"})

    assert await _outcome(verifier) == outcome


@pytest.mark.requirement("9", "123")
async def test_an_answer_without_any_audience_is_no_proof(
    service: IssuerService, asking: Asking
) -> None:
    url = others.serve_oidc(service, USER)

    assert await _outcome(_verifier(asking, url, {})) == "wrong_audience"
    assert await _outcome(_verifier(asking, url, ANY_AUDIENCE)) == "accepted"


@pytest.mark.requirement("123")
@pytest.mark.parametrize(
    ("named", "outcome"),
    [("ada", "accepted"), (None, "accepted"), ("eve", "claim_not_accepted")],
)
async def test_an_answer_about_another_subject_than_the_token_is_refused(
    service: IssuerService, asking: Asking, signer: TokenSigner, named: str | None, outcome: str
) -> None:
    """OIDC Core §5.3.2."""
    service.scenes["/userinfo"] = Scene(USER)
    verifier = _verifier(asking, f"{service.url}/userinfo", jwt=False)

    token = signer.token(RESOURCE, iss=ISSUER, sub=named)

    assert await _outcome(verifier, token) == outcome


async def test_a_token_that_only_looks_like_a_jwt_is_asked_about(
    service: IssuerService, asking: Asking
) -> None:
    service.scenes["/userinfo"] = Scene(USER)
    verifier = _verifier(asking, f"{service.url}/userinfo", jwt=False)

    assert await _outcome(verifier, "eyJ.not.json") == "accepted"


@pytest.mark.requirement("123")
async def test_an_answer_without_a_subject_is_refused(
    service: IssuerService, asking: Asking
) -> None:
    url = others.serve_oidc(service, {"aud": RESOURCE, "email": "ada@example.com"})

    assert await _outcome(_verifier(asking, url)) == "missing_claim"


@pytest.mark.parametrize("is_jwt", [True, False])
async def test_no_issuer_gets_to_see_a_jwt_that_is_not_for_it(
    service: IssuerService, asking: Asking, signer: TokenSigner, is_jwt: bool
) -> None:
    verifier = _verifier(asking, f"{service.url}/userinfo", jwt=is_jwt)

    token = signer.token(RESOURCE, iss=ISSUER if is_jwt else "https://other.example")

    assert await _outcome(verifier, token) == "not mine"
    assert service.asked == []


@pytest.mark.requirement("A14")
@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 431])
async def test_an_unknown_token_is_somebody_elses(
    service: IssuerService, asking: Asking, status: int
) -> None:
    def answer(asked: Asked) -> Scene:
        return Scene(USER, 401 if SAMPLE_TOKEN in asked.headers["Authorization"] else status)

    service.scenes["/userinfo"] = answer

    assert await _outcome(_verifier(asking, f"{service.url}/userinfo")) == "not mine"


@pytest.mark.requirement("122", "124")
@pytest.mark.parametrize(
    "scene",
    [
        Scene(USER, 201),
        Scene(status=204),
        Scene(USER, 302, {"Location": "/elsewhere"}),
        Scene(status=405),
        Scene(status=429),
        Scene(status=500),
        Scene([USER]),
        Scene(b"<html>log in</html>"),
        Scene(b'{"sub":"ada","sub":"eve"}'),
    ],
)
async def test_no_sensible_answer_is_no_verdict(
    service: IssuerService, asking: Asking, scene: Scene
) -> None:
    service.scenes["/userinfo"] = scene

    with pytest.raises(IdentityUnavailable):
        await _verifier(asking, f"{service.url}/userinfo").verify(TOKEN, NOW)

    assert service.count("/elsewhere") == 0


async def test_groups_come_from_every_page_of_every_lookup(
    service: IssuerService, asking: Asking
) -> None:
    teams = [("acme", "core"), ("acme", "web"), ("other", "core")]
    url = others.serve_code_forge(service, ["acme", "other", "third"], teams)
    orgs = _lookup(service, "/user/orgs", "{login}")
    members = _lookup(service, "/user/teams", "{organization.login}/{slug}")

    found = await _accepted(
        _verifier(asking, url, _forge(service, orgs, members), claims={"subject": "id"})
    )

    assert found.subject == "583231"
    assert found.groups == ("acme", "other", "third", "acme/core", "acme/web", "other/core")


async def test_what_is_looked_up_comes_after_what_the_answer_says(
    service: IssuerService, asking: Asking
) -> None:
    url = others.serve_oidc(service, USER | {"groups": ["own"], "roles": ["reader"]})
    others.serve_pages(service, "/list", ["own", "more"])
    both = [_lookup(service, "/list", "{}", into) for into in ("groups", "roles")]

    found = await _accepted(_verifier(asking, url, {**FROM_AUD, "lookups": both}))

    assert found.groups == ("own", "more")
    assert found.roles == ("reader", "own", "more")


@pytest.mark.parametrize("order", [1, -1])
async def test_a_list_that_may_not_be_seen_makes_all_groups_unknown(
    service: IssuerService, asking: Asking, order: int
) -> None:
    url = others.serve_code_forge(service, ["acme"], [])
    service.scenes["/user/teams"] = Scene(status=403)
    lookups = [_lookup(service, "/user/orgs", "{login}"), _lookup(service, "/user/teams", "{slug}")]

    found = await _accepted(
        _verifier(asking, url, _forge(service, *lookups[::order]), claims={"subject": "id"})
    )

    assert found.groups is None


@pytest.mark.requirement("122")
async def test_roles_that_cannot_be_known_are_an_outage(
    service: IssuerService, asking: Asking
) -> None:
    url = others.serve_oidc(service, USER)
    section = {**FROM_AUD, "lookups": [_lookup(service, "/missing", "{}", "roles")]}

    with pytest.raises(IdentityUnavailable):
        await _verifier(asking, url, section).verify(TOKEN, NOW)


async def test_no_lookup_is_made_for_a_token_that_is_refused(
    service: IssuerService, asking: Asking
) -> None:
    url = others.serve_oidc(service, USER | {"aud": "https://other.example"})
    others.serve_pages(service, "/list", [])
    section = {**FROM_AUD, "lookups": [_lookup(service, "/list", "{}")]}

    await _outcome(_verifier(asking, url, section))

    assert service.count("/list") == 0


@pytest.mark.parametrize(
    ("iss", "outcome"),
    [("https://idp.example/a", "accepted"), ("https://idp.example/b", "wrong_issuer")],
)
async def test_of_several_tenants_only_the_named_ones_count(
    service: IssuerService, asking: Asking, iss: str, outcome: str
) -> None:
    url = others.serve_oidc(service, USER | {"iss": iss, "tid": "a"})

    assert await _outcome(_verifier(asking, url, FROM_AUD, **TENANTS)) == outcome


async def test_an_answer_that_names_no_tenant_is_refused_where_tenants_are_named(
    service: IssuerService, asking: Asking
) -> None:
    url = others.serve_oidc(service, USER)

    assert await _outcome(_verifier(asking, url, FROM_AUD, **TENANTS)) == "wrong_issuer"


async def test_callers_are_named_by_rules(service: IssuerService, asking: Asking) -> None:
    url = others.serve_oidc(service, USER)
    rules = [{"when": {"email": "*@example.com"}, "subject": "staff"}]

    assert (await _accepted(_verifier(asking, url, callers=rules))).subject == "staff"
    refusing = _verifier(asking, url, require={"email": "*@other.example"})
    assert await _outcome(refusing) == "claim_not_accepted"


async def test_an_issuer_without_the_section_is_a_mistake(asking: Asking) -> None:
    async def endpoint() -> str:
        return ""

    with pytest.raises(ValueError, match="userinfo"):
        UserinfoVerifier(Issuer(issuer=ISSUER), [RESOURCE], asking.provider, endpoint)
