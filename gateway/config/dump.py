"""A configuration as YAML again: what `config print` and `--print-config` show."""

import yaml

from gateway.config.model import Config
from gateway.config.reading.nodes import Value


def dump_config(config: Config, *, defaults: bool = False) -> str:
    """Write the full form. Secrets are never shown; `defaults` adds what nobody set.

    All but the secrets loads again as the same configuration.
    """
    # With null where it was set to null: `audit_file: null` is no default.
    document: Value = config.model_dump(mode="json", exclude_defaults=True)
    if defaults:
        document = _merge(config.model_dump(mode="json", exclude_none=True), document)
    text: str = yaml.safe_dump(
        _literal(document), sort_keys=False, default_flow_style=False, width=100
    )
    return text


def _merge(below: Value, above: Value) -> Value:
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return below | {key: _merge(below.get(key), value) for key, value in above.items()}


def _literal(value: Value) -> Value:
    """Escape what looks like a reference: the text is a value already, not to be replaced again."""
    if isinstance(value, dict):
        return {key: _literal(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_literal(member) for member in value]
    return value.replace("${", "$${") if isinstance(value, str) else value
