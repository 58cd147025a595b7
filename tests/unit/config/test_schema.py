"""The JSON Schema of a configuration file."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from gateway.config.schema import build_schema, schema_text
from tests.unit.config.samples import FULL, SHORT

ROOT = Path(__file__).parents[3]


def test_the_committed_schema_is_up_to_date() -> None:
    """`mcpgw config schema > config.schema.json` makes it."""
    assert (ROOT / "config.schema.json").read_text(encoding="utf-8") == schema_text()


@pytest.mark.parametrize("text", [SHORT, FULL, (ROOT / "config.yaml").read_text(encoding="utf-8")])
def test_good_configurations_fit_the_schema(text: str) -> None:
    jsonschema.validate(yaml.safe_load(text), json.loads(schema_text()))


@pytest.mark.parametrize("line", ["lissten: a", "log: {level: loud}", "public_url: 3"])
def test_bad_ones_do_not(line: str) -> None:
    document = yaml.safe_load(SHORT) | yaml.safe_load(line)

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, build_schema())
