"""What is known about identity providers, as settings; and the pages that tell about it."""

import re
from pathlib import Path

import pytest
import yaml

from gateway.config.issuer import Issuer
from gateway.config.load import Review, review_text
from gateway.config.reading.preset import PRESETS
from tests.unit.config.samples import messages, review

ROOT = Path(__file__).parents[4]
FOLDER = ROOT / "gateway" / "config" / "presets"
PAGES = {
    path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "docs/providers").iterdir()
}
EXAMPLES = [
    (name, example)
    for name, text in sorted(PAGES.items())
    for example in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
]
NEEDED: dict[str, dict[str, object]] = {
    "spiffe": {"require": {"sub": "spiffe://example.org/*"}},
    "entra": {"tenants": ["t"]},
    "github-actions": {"require": {"repository": "acme/*"}},
    "gitlab-ci": {"require": {"project_path": "acme/*"}},
}


def with_issuer(**settings: object) -> Review:
    """A configuration whose one issuer has these settings."""
    document = {
        "public_url": "https://mcp.example.com",
        "issuers": {"idp": settings},
        "servers": {"mcp": {"upstream": "http://127.0.0.1:9000/mcp", "allow": "any"}},
    }
    return review(yaml.safe_dump(document))


def issuer_of(**settings: object) -> Issuer:
    """That issuer, when there is no mistake in it."""
    found = with_issuer(**settings)
    assert found.config is not None, found.report()
    return found.config.issuers["idp"]


@pytest.mark.requirement("B3")
@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_of_workloads_is_not_advertised(preset: str) -> None:
    content = yaml.safe_load((FOLDER / f"{preset}.yaml").read_text(encoding="utf-8"))

    workloads = {"github-actions", "gitlab-ci", "kubernetes", "spiffe"}
    assert (content["settings"].get("advertise") is False) == (preset in workloads)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_has_known_parts(preset: str) -> None:
    content = yaml.safe_load((FOLDER / f"{preset}.yaml").read_text(encoding="utf-8"))

    assert set(content) <= {"settings", "without_issuer", "if_given", "needs_one_of"}
    assert isinstance(content["settings"], dict)
    assert all(isinstance(each, dict) for each in content.get("if_given", {}).values())


@pytest.mark.parametrize("preset", [name for name in PRESETS if name not in {"google", "github"}])
def test_a_preset_makes_an_issuer_of_jwts(preset: str) -> None:
    settings: dict[str, object] = {
        "preset": preset,
        "issuer": "https://idp.example.com",
        **NEEDED.get(preset, {}),
    }

    issuer = issuer_of(**settings)

    assert issuer.issuer == "https://idp.example.com"
    assert issuer.jwt
    assert "exp" in issuer.required_claims
    assert issuer.audience_claim in issuer.required_claims


@pytest.mark.requirement("24")
@pytest.mark.parametrize("preset", ["github-actions", "gitlab-ci"])
def test_an_issuer_of_everybodys_jobs_needs_to_hear_whose_count(preset: str) -> None:
    """Else `allow: any` would let every repository in the world in."""
    (problem,) = with_issuer(preset=preset).problems

    assert "say whose count" in problem.message


def test_the_short_form_takes_a_preset() -> None:
    text = "public_url: https://a.example\nupstream: http://a\npreset: google\nallow: any\n"

    config = review(text).config

    assert config is not None
    assert config.issuers["default"].issuer == "https://accounts.google.com"


def test_own_settings_win_and_the_others_of_a_section_stay() -> None:
    issuer = issuer_of(
        preset="keycloak",
        issuer="https://idp.example.com/realms/a",
        algorithms=["PS256"],
        claims={"roles": ["resource_access.mcp.roles"]},
        require={"azp": "inspector"},
    )

    assert issuer.algorithms == ("PS256",)
    assert issuer.claims.roles == ("resource_access.mcp.roles",)
    assert issuer.claims.name == "preferred_username"
    assert issuer.require == {"typ": ("Bearer", "DPoP"), "azp": ("inspector",)}


def test_what_a_preset_says_can_be_taken_back() -> None:
    settings: dict[str, object] = {"ca_file": None, "jwks": {"bearer_token_file": None}}

    issuer = issuer_of(preset="kubernetes", **settings)

    assert issuer.ca_file is None
    assert issuer.jwks.bearer_token_file is None
    assert issuer.jwks.url == "https://kubernetes.default.svc/openid/v1/jwks"


def test_places_of_a_known_issuer_are_not_those_of_another() -> None:
    issuer = issuer_of(preset="entra", issuer="https://idp.example.com")

    assert issuer.discovery_url is None


def test_a_preset_may_need_more() -> None:
    assert "name the tenants" in with_issuer(preset="entra").problems[0].message
    assert (
        "whose subjects count"
        in with_issuer(preset="spiffe", issuer="https://spire.example.org").problems[0].message
    )
    assert [each.message for each in with_issuer(preset="okta").problems] == ["this key is needed"]


@pytest.mark.parametrize(
    ("preset", "message", "suggestion"),
    [
        ("octa", "no such preset; did you mean 'okta'?", "okta"),
        ("zzz", f"no such preset; there are: {', '.join(PRESETS)}", None),
        (7, f"no such preset; there are: {', '.join(PRESETS)}", None),
        (["okta"], "no such preset; did you mean 'okta'?", "okta"),
    ],
)
def test_an_unknown_preset_is_answered_with_the_known_ones(
    preset: object, message: str, suggestion: str | None
) -> None:
    (problem,) = with_issuer(preset=preset, issuer="https://idp.example.com").problems

    assert (problem.message, problem.suggestion) == (message, suggestion)
    assert problem.path == ("issuers", "idp", "preset")
    assert problem.place.line == 4


@pytest.mark.parametrize("issuers", ["[]", "7", "{idp: 7}", "{idp: [okta]}"])
def test_issuers_of_another_shape_are_left_to_the_model(issuers: str) -> None:
    text = f"public_url: https://a\nissuers: {issuers}\nservers: {{mcp: {{upstream: 'http://a'}}}}"

    assert messages(text)


def test_entra_looks_groups_up_where_the_operator_gives_credentials() -> None:
    credentials = {"client_id": "app", "client_secret": "s"}

    lookup = issuer_of(
        preset="entra", tenants=["t"], group_lookup={"credentials": credentials}
    ).group_lookup

    assert lookup is not None
    assert lookup.url.startswith("https://graph.microsoft.com/v1.0/directoryObjects/{oid}/")
    assert lookup.body == {"securityEnabledOnly": False}
    assert lookup.credentials.client_auth == "client_secret_post"
    assert lookup.credentials.token_url.endswith("/{tid}/oauth2/v2.0/token")
    assert issuer_of(preset="entra", tenants=["t"]).group_lookup is None


def test_google_is_asked_for_whom_a_token_is() -> None:
    issuer = issuer_of(preset="google")

    assert issuer.userinfo is not None
    assert (issuer.jwt, issuer.userinfo.send) == (False, "form")
    assert issuer.userinfo.url == "https://oauth2.googleapis.com/tokeninfo"
    assert issuer.userinfo.audience_claim == "aud"


def test_github_is_asked_whether_a_token_is_of_the_own_application() -> None:
    check = {"client_id": "Iv1.0", "client_secret": "s"}

    issuer = issuer_of(preset="github", userinfo={"audience_check": check})

    assert issuer.userinfo is not None
    assert issuer.userinfo.audience_check is not None
    assert issuer.userinfo.audience_check.claim == "app.client_id"
    assert "{client_id}" in issuer.userinfo.audience_check.url
    assert [each.each for each in issuer.userinfo.lookups] == [
        "{login}",
        "{organization.login}/{slug}",
    ]
    assert issuer.claims.subject == "id"


def test_github_without_that_check_is_refused() -> None:
    (problem,) = with_issuer(preset="github").problems

    assert "does not say whom the token is for" in problem.message


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_has_a_page_that_the_index_names(preset: str) -> None:
    assert f"preset: {preset}\n" in PAGES[preset]
    assert f"]({preset}.md) | `{preset}` |" in PAGES["README"]


@pytest.mark.parametrize(("page", "example"), EXAMPLES)
def test_every_example_of_a_page_is_a_good_configuration(page: str, example: str) -> None:
    found = review_text(example, ROOT, {"IDP_CLIENT_SECRET": "s"}, f"{page}.yaml")

    assert (found.problems, found.warnings) == ((), ())


def test_links_of_the_pages_lead_somewhere() -> None:
    links = [link for text in PAGES.values() for link in re.findall(r"\]\((\S+\.md)\)", text)]

    assert [link for link in links if not (ROOT / "docs/providers" / link).is_file()] == []
