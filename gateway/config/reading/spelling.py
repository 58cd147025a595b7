"""Keys that a section does not have: told once, and judged under the name that was meant."""

from gateway.config.annotations import section_at
from gateway.config.model import Config
from gateway.config.reading.complaints import known_keys, unknown_key
from gateway.config.reading.nodes import Tree, Value
from gateway.config.reading.problems import Path, Problem


def correct_top_keys(tree: Tree, document: dict[str, Value]) -> dict[str, Value]:
    """Correct the keys of the top level: what the short form means depends on them."""
    return _keys(tree, document, ())


def correct_keys(tree: Tree, document: dict[str, Value]) -> dict[str, Value]:
    """Return the full form with every key renamed that is near a known one, without the others.

    What was found is in the problems of the tree.
    """
    return {key: _below(tree, value, (key,)) for key, value in document.items()}


def _below(tree: Tree, value: Value, path: Path) -> Value:
    if isinstance(value, list):
        return [_below(tree, each, (*path, index)) for index, each in enumerate(value)]
    if not isinstance(value, dict):
        return value
    is_section = section_at(Config, path) is not None
    members = _keys(tree, value, path) if is_section else value
    return {key: _below(tree, member, (*path, key)) for key, member in members.items()}


def _keys(tree: Tree, members: dict[str, Value], path: Path) -> dict[str, Value]:
    known = known_keys(path)
    corrected = {}
    for key, value in members.items():
        if key in known:
            corrected[key] = value
            continue
        here = (*path, key)
        finding = unknown_key(here)
        tree.problems.append(
            Problem(here, finding.message, tree.place(here), finding.suggestion, finding.hides)
        )
        meant = finding.suggestion
        if meant is not None and meant not in members and meant not in corrected:
            corrected[meant] = value
            tree.move(here, (*path, meant))
    return corrected
