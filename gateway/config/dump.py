"""A configuration as YAML again: what `config print` and `--print-config` show."""

import yaml

from gateway.config.model import Config


def dump_config(config: Config, *, defaults: bool = False) -> str:
    """Write the full form. Secrets are never shown; `defaults` adds what nobody set."""
    document = config.model_dump(mode="json", exclude_defaults=not defaults, exclude_none=True)
    for server in document["servers"].values():
        for kind in ("allow", "auth"):
            _sort_lists(server.get(kind))
    return yaml.safe_dump(document, sort_keys=False, default_flow_style=False, width=100)


def _sort_lists(section: object) -> None:
    # Sets have no order of their own, but the same configuration prints the same way.
    if isinstance(section, dict):
        for key, value in section.items():
            if isinstance(value, list) and key != "issuers":
                section[key] = sorted(value)
