"""The JSON Schema of a configuration file, for editors: generated, committed, tested."""

import json
from typing import Any

from gateway.config.annotations import secret_paths, section_at
from gateway.config.model import Config
from gateway.config.reading.preset import LOGIN_PRESETS, PRESETS
from gateway.config.reading.shortform import SHORT_KEYS

_SHORT_PROPERTIES = {
    "upstream": {"$ref": "#/$defs/Server/properties/upstream"},
    "path": {"$ref": "#/$defs/Server/properties/path"},
    "allow": {"$ref": "#/$defs/Server/properties/allow"},
    "allowed_origins": {"$ref": "#/$defs/Server/properties/allowed_origins"},
    "resource_name": {"$ref": "#/$defs/Server/properties/resource_name"},
    "rules": {"$ref": "#/$defs/Server/properties/rules"},
    "mode": {"$ref": "#/$defs/Server/properties/mode"},
    "contact": {"$ref": "#/$defs/Server/properties/contact"},
    "tools": {"$ref": "#/$defs/Server/properties/tools"},
    "scopes": {"$ref": "#/$defs/Auth/properties/scopes"},
    "issuer": {"type": "string", "description": "The issuer's URL, or `local`."},
    "preset": {"$ref": "#/$defs/Issuer/properties/preset"},
    "audiences": {"$ref": "#/$defs/Auth/properties/audiences"},
}


def build_schema() -> dict[str, Any]:
    """Build the schema of both the short and the full form."""
    schema = Config.model_json_schema(mode="validation")
    definitions = schema["$defs"]
    # A plain URL is enough: the model unfolds it before it looks.
    definitions["Upstream"] = {"anyOf": [{"type": "string"}, definitions["Upstream"]]}
    _add_secret_files(schema)
    definitions["Issuer"]["properties"]["preset"] = {"enum": list(PRESETS)}
    definitions["Issuer"]["required"] = []  # a preset may bring the issuer's URL
    provider = definitions["LoginProvider"]
    provider["properties"]["preset"] = {"enum": list(LOGIN_PRESETS)}
    provider["required"] = ["client_id"]  # here, too
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "MCP auth gateway configuration"
    schema["properties"] |= _SHORT_PROPERTIES
    schema["required"] = ["public_url"]
    schema["anyOf"] = [{"required": ["upstream"]}, {"required": ["servers"]}]
    missing = SHORT_KEYS - set(schema["properties"])
    if missing:
        raise KeyError(f"keys of the short form without a schema: {sorted(missing)}")
    return schema


def _add_secret_files(schema: dict[str, Any]) -> None:
    definitions = schema["$defs"]
    for path in secret_paths(Config):
        section = section_at(Config, path[:-1])
        title = section.__name__ if section is not None and len(path) > 1 else None
        members = definitions[title] if title else schema
        description = f"A file that holds {path[-1]}."
        members["properties"][f"{path[-1]}_file"] = {"type": "string", "description": description}


def schema_text() -> str:
    """The schema as it is committed."""
    return json.dumps(build_schema(), indent=2, ensure_ascii=False) + "\n"
