"""Which settings weaken the gateway: each has a name that begins with `insecure_`."""

from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from gateway.config.model import Config


def insecure_settings(config: Config) -> tuple[str, ...]:
    """List the weakening settings that are in use, by their path in the configuration."""
    return tuple(_enabled(config, ""))


def _enabled(value: object, path: str) -> Iterator[str]:
    match value:
        case BaseModel():
            members: Mapping[str, object] = dict(value)
        case Mapping():
            members = {str(name): inner for name, inner in value.items()}
        case _:
            return
    for name, inner in members.items():
        if name.startswith("insecure_") and inner:
            yield path + name
        else:
            yield from _enabled(inner, f"{path}{name}.")
