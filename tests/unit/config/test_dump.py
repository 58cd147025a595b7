"""A configuration as YAML again."""

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
