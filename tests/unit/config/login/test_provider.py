"""What is known about login providers, as settings; and the pages that tell about it."""

import re
from pathlib import Path

import pytest
import yaml

from gateway.config.login.provider import LoginProvider
from gateway.config.reading.preset import LOGIN_PRESETS
from tests.unit.config.samples import messages, review

ROOT = Path(__file__).parents[4]
NEEDED = {"entra": {"tenants": ["t"]}}
WITH_ISSUER = {"google", "entra", "gitlab", "github"}


def provider_of(**settings: object) -> LoginProvider:
    """The provider of a configuration with these settings."""
    found = review(text_of(**settings))
    assert found.config is not None, found.report()
    assert found.config.authorization_server is not None
    provider = found.config.authorization_server.provider
    assert provider is not None
    return provider


def text_of(**settings: object) -> str:
    document = {
        "public_url": "https://mcp.example.com",
        "issuer": "local",
        "upstream": "http://127.0.0.1:9000/mcp",
        "allow": "any",
        "authorization_server": {"provider": {"client_id": "c", "client_secret": "s", **settings}},
    }
    return yaml.safe_dump(document)


@pytest.mark.parametrize("preset", LOGIN_PRESETS)
def test_preset_makes_a_provider(preset: str) -> None:
    url = {} if preset in WITH_ISSUER else {"issuer": "https://idp.example.com"}

    provider = provider_of(preset=preset, **url, **NEEDED.get(preset, {}))

    assert provider.pkce
    assert provider.issuer.startswith("https://")
    assert provider.nonce == provider.id_token == (preset != "github")


@pytest.mark.parametrize("preset", sorted(set(LOGIN_PRESETS) - WITH_ISSUER))
def test_preset_without_an_issuer_asks_for_it(preset: str) -> None:
    assert messages(text_of(preset=preset)) == ["this key is needed"]


def test_there_are_nine() -> None:
    assert LOGIN_PRESETS == (
        "auth0", "cognito", "entra", "github", "gitlab", "google", "keycloak", "okta", "workos",
    )  # fmt: skip


def test_unknown_preset_is_answered_with_the_near_one() -> None:
    (problem,) = review(text_of(preset="octa", issuer="https://a.example")).problems

    assert problem.message == "no such preset; did you mean 'okta'?"
    assert problem.path == ("authorization_server", "provider", "preset")


def test_own_settings_win() -> None:
    provider = provider_of(preset="google", parameters={"hd": "acme.com"}, recheck="5m")

    assert provider.parameters == {
        "access_type": "offline", "prompt": "consent", "hd": "acme.com",
    }  # fmt: skip
    assert provider.recheck == 300.0


def test_one_tenant_of_entra_may_be_the_issuer() -> None:
    url = "https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0"

    provider = provider_of(preset="entra", issuer=url)

    assert (provider.issuer, provider.discovery_url, provider.tenants) == (url, None, ())


@pytest.mark.parametrize("preset", LOGIN_PRESETS)
def test_page_of_a_provider_says_how_people_log_in_there(preset: str) -> None:
    text = (ROOT / f"docs/providers/{preset}.md").read_text(encoding="utf-8")

    _, heading, section = text.partition("\n## People log in there\n")
    assert heading
    assert "/authorize/callback" in section
    assert re.search(rf"provider:\n    preset: {preset}\n", section)
    assert "refresh token" in section
