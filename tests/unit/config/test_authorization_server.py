"""What may be configured about the built-in authorization server."""

import pytest

from gateway.errors import ConfigError
from tests.support.config_text import load_text

BEGIN = "public_url: http://localhost:8080\nupstream: http://127.0.0.1:9000/mcp\nallow: any\n"
LOCAL = f"{BEGIN}issuer: local\n"


def complaint(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_text(text)
    return str(caught.value)


def test_it_is_off_unless_it_is_configured() -> None:
    assert load_text(LOCAL).authorization_server is None


def test_an_empty_section_is_all_that_it_needs() -> None:
    section = load_text(f"{LOCAL}authorization_server: {{}}\n").authorization_server

    assert section is not None
    assert (section.access_token, section.dynamic_registration) == (3600.0, True)
    assert section.registrations_per_address == (60, 3600.0)


def test_consent_is_remembered_only_where_it_says_so() -> None:
    (off, on) = (
        load_text(f"{LOCAL}authorization_server: {section}\n").authorization_server
        for section in ("{}", "{remember_consent: 30d}")
    )

    assert off is not None
    assert on is not None
    assert (off.remember_consent, on.remember_consent) == (None, 30 * 86400.0)


def test_tokens_that_would_count_nowhere_are_a_mistake() -> None:
    text = f"{BEGIN}issuer: https://idp.example.com\nauthorization_server: {{}}\n"

    assert "set `issuer: local`" in complaint(text)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("{access_token: 2h}", "authorization_server.access_token"),
        ("{refresh_grace: 10m}", "authorization_server.refresh_grace"),
        ("{registrations_per_address: many}", "authorization_server.registrations_per_address"),
        ("{clients: {a: {redirect_uris: ['javascript:x']}}}", "redirect_uris"),
        ("{clients: {'a b': {}}}", "clients"),
        ("{remember_consent: 5s}", "authorization_server.remember_consent"),
        ("{remember_consent: 31d}", "at most as long as refresh_token"),
        (
            "{remember_consent: 1d, provider: {issuer: 'https://i.example', client_id: a,"
            " client_secret: b}}",
            "at a provider everybody is asked",
        ),
        ("{remember_consent: true}", "authorization_server.remember_consent"),
        ("{unknown: 1}", "unknown key"),
    ],
)
def test_a_mistake_is_shown_where_it_stands(section: str, said: str) -> None:
    assert said in complaint(f"{LOCAL}authorization_server: {section}\n")


def test_a_server_must_not_sit_at_its_paths() -> None:
    text = f"{LOCAL}authorization_server: {{}}\n".replace(
        "upstream: http://127.0.0.1:9000/mcp\nallow: any\n",
        "servers: {a: {path: /token, upstream: {url: 'http://127.0.0.1:9000/mcp'}, allow: any}}\n",
    )

    assert "/token belongs to the gateway itself" in complaint(text)
