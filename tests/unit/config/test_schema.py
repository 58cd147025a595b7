"""The JSON Schema of a configuration file."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from gateway.config.reading.shortform import SHORT_KEYS
from gateway.config.schema import build_schema, schema_text
from tests.unit.config.samples import FULL, SHORT

ROOT = Path(__file__).parents[3]


def test_the_committed_schema_is_up_to_date() -> None:
    """`mcpgw config schema > config.schema.json` makes it."""
    assert (ROOT / "config.schema.json").read_text(encoding="utf-8") == schema_text()


@pytest.mark.parametrize("text", [SHORT, FULL, (ROOT / "config.yaml").read_text(encoding="utf-8")])
def test_good_configurations_fit_the_schema(text: str) -> None:
    jsonschema.validate(yaml.safe_load(text), json.loads(schema_text()))


ISSUER = {
    "preset": "entra",
    "tenants": ["t"],
    "claims": {"roles": "a.b", "groups": ["a", "b"]},
    "require": {"sub": "x/*"},
    "group_lookup": {
        "url": "https://a",
        "credentials": {"client_id": "c", "client_secret_file": "f", "token_url": "https://a"},
    },
}


def test_an_issuer_may_be_a_preset_and_a_secret_a_file() -> None:
    document = yaml.safe_load(FULL) | {"issuers": {"corp": ISSUER}}

    jsonschema.validate(document, build_schema())


@pytest.mark.parametrize("change", [{"preset": "octa"}, {"presets": "okta"}, {"tenants": "t"}])
def test_a_bad_issuer_does_not_fit(change: dict[str, object]) -> None:
    document = yaml.safe_load(FULL) | {"issuers": {"corp": ISSUER | change}}

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, build_schema())


def test_the_short_form_may_name_a_preset_instead_of_an_issuer() -> None:
    document = yaml.safe_load(SHORT.replace("issuer: https://idp.example.com", "preset: google"))

    jsonschema.validate(document, build_schema())


def test_every_key_of_the_short_form_has_a_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.config.schema.SHORT_KEYS", SHORT_KEYS | {"new"})

    with pytest.raises(KeyError, match="new"):
        build_schema()


@pytest.mark.parametrize("line", ["lissten: a", "log: {level: loud}", "public_url: 3"])
def test_bad_ones_do_not(line: str) -> None:
    document = yaml.safe_load(SHORT) | yaml.safe_load(line)

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, build_schema())
