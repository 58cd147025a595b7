"""Presets: what is known about an identity provider, as plain settings that a file can change."""

import difflib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import yaml

from gateway.config.reading.nodes import Tree, Value
from gateway.config.reading.problems import Path, Problem


def _names_in(folder: str) -> tuple[str, ...]:
    listed = (files("gateway.config") / folder).iterdir()
    return tuple(sorted(each.name.removesuffix(".yaml") for each in listed))


_ISSUERS, _LOGINS = "presets", "login/presets"
PRESETS = _names_in(_ISSUERS)
LOGIN_PRESETS = _names_in(_LOGINS)


def apply_presets(tree: Tree, document: dict[str, Value]) -> dict[str, Value]:
    """Replace each `preset` of an issuer and of the login provider by its settings.

    What the section itself says wins.
    """
    applied = dict(document)
    issuers, server = document.get("issuers"), document.get("authorization_server")
    if isinstance(issuers, dict):
        applied["issuers"] = {
            name: _apply(tree, ("issuers", name), each, _ISSUERS) for name, each in issuers.items()
        }
    if isinstance(server, dict) and "provider" in server:
        path = ("authorization_server", "provider")
        provider = _apply(tree, path, server["provider"], _LOGINS)
        applied["authorization_server"] = {**server, "provider": provider}
    return applied


def _apply(tree: Tree, section: Path, issuer: Value, folder: str) -> Value:
    if not isinstance(issuer, dict) or "preset" not in issuer:
        return issuer
    own = {key: value for key, value in issuer.items() if key != "preset"}
    preset, presets = issuer["preset"], PRESETS if folder == _ISSUERS else LOGIN_PRESETS
    path = (*section, "preset")
    if preset not in presets:
        near = difflib.get_close_matches(str(preset), presets, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(presets)}"
        problem = Problem(
            path, f"no such preset; {hint}", tree.place(path), near[0] if near else None
        )
        tree.problems.append(problem)
        return own
    known = _read(folder, str(preset))
    needed = known.get("needs_one_of")
    if needed is not None and own.keys().isdisjoint(_names(needed["keys"])):
        tree.problems.append(Problem(path, str(needed["because"]), tree.place(path)))
    return _merge(known, own)


def _names(value: Value) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def _merge(preset: Mapping[str, dict[str, Value]], own: dict[str, Value]) -> Value:
    if "issuer" not in own:
        own = preset.get("without_issuer", {}) | own
    for path, settings in preset.get("if_given", {}).items():
        assert isinstance(settings, dict)  # noqa: S101  # tested for every preset
        own = _put_below(own, path.split("."), settings)
    return _overlay(preset["settings"], own)


def _put_below(
    own: dict[str, Value], path: list[str], settings: dict[str, Value]
) -> dict[str, Value]:
    """Lay `settings` under the section at `path`, when there is one."""
    inner = own.get(path[0])
    if not isinstance(inner, dict):
        return own
    if len(path) > 1:
        return {**own, path[0]: _put_below(inner, path[1:], settings)}
    return {**own, path[0]: _overlay(settings, inner)}


def _overlay(below: Value, above: Value) -> Value:
    """Maps are merged member by member; of everything else the upper one counts."""
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    merged = {key: _overlay(below[key], value) for key, value in above.items() if key in below}
    return {**below, **above, **merged}


@cache
def _read(folder: str, name: str) -> dict[str, dict[str, Value]]:
    file = files("gateway.config") / folder / f"{name}.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert isinstance(content, dict)  # noqa: S101  # tested for every preset
    return content
