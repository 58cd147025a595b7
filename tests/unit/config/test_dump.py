"""A configuration as YAML again."""

import pytest

from gateway.config.dump import dump_config
from tests.unit.config.samples import SHORT, review


def test_what_is_printed_loads_as_the_same_configuration() -> None:
    config = review(SHORT + "scopes: [b, a]\n").config
    assert config is not None

    again = review(dump_config(config)).config

    assert again == config


def test_defaults_are_shown_on_request_and_load_too() -> None:
    config = review(SHORT).config
    assert config is not None

    printed = dump_config(config, defaults=True)

    assert "first_byte: 60s" in printed
    assert review(printed).config == config


def test_a_secret_is_never_shown() -> None:
    config = review(SHORT + f"sealing_key: {'ab' * 32}\n").config
    assert config is not None

    assert "abab" not in dump_config(config)
    assert "abab" not in repr(config)
    assert "<redacted>" in dump_config(config)


@pytest.mark.parametrize("defaults", [True, False])
@pytest.mark.parametrize(
    "more", ["log: {audit_file: null}\n", "resource_name: $${env:X}\n", "listen: ':0'\n"]
)
def test_odd_values_survive_printing(more: str, defaults: bool) -> None:
    config = review(SHORT + more).config
    assert config is not None

    assert review(dump_config(config, defaults=defaults)).config == config


def test_sets_are_printed_in_order() -> None:
    words = [f"https://{letter}.example" for letter in "hgfedcba"]
    config = review(SHORT + f"allowed_origins: {words}\n").config
    assert config is not None

    printed = dump_config(config)

    assert sorted(words, key=printed.index) == sorted(words)


def test_a_preset_is_printed_as_what_it_means() -> None:
    text = SHORT.replace("issuer:", "preset: keycloak\nissuer:")
    config = review(text).config
    assert config is not None

    printed = dump_config(config)

    assert "preset" not in printed
    assert "realm_access.roles" in printed
    assert review(printed).config == config


def test_secrets_of_sections_are_never_shown() -> None:
    section = "introspection: {client_id: gateway, client_secret: hunter2}"
    issuer = f"issuers: {{corp: {{issuer: 'https://idp.example', {section}}}}}"
    server = "servers: {mcp: {upstream: 'http://a', allow: any}}"
    config = review(f"public_url: https://mcp.example.com\n{issuer}\n{server}\n").config
    assert config is not None

    printed = dump_config(config, defaults=True)

    assert "hunter2" not in printed + repr(config) + str(config.issuers["corp"].introspection)
    assert "client_secret: <redacted>" in printed
