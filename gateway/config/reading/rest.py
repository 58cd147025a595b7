"""Judges what a document is without its mistakes, so that one does not hide the next."""

from collections.abc import Collection, Mapping
from pathlib import Path as FilePath

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from gateway.config.model import Config
from gateway.config.reading.complaints import complaint
from gateway.config.reading.nodes import Value
from gateway.config.reading.problems import Finding, Path

_ROUNDS = 12  # each takes mistakes out; the model is 6 deep
# For a needed value that is wrong or missing; never in a configuration that runs.
_STAND_INS: Mapping[str, Value] = {
    "public_url": "https://unknown.invalid",
    "issuers": {},
    "servers": {"unknown": {"upstream": "http://unknown.invalid"}},
    "upstream": "http://unknown.invalid",
    "url": "https://unknown.invalid",
    "token_url": "https://unknown.invalid",
    "client_id": "unknown",
    "allow": "nobody",
}


def validate_rest(
    document: dict[str, Value],
    context: Mapping[str, FilePath],
    lost: Collection[Path],
    known: Collection[Path],
) -> tuple[Config | None, list[Finding]]:
    """Return what can be built of a document, and what is wrong with it.

    `lost` is where values could not be found out, `known` where something is said already: both
    are not complained about. None when nothing is left to build.
    """
    findings: list[Finding] = []
    said = set(known)
    rest: Value = document
    for path in lost:
        rest = _without(rest, path)
    for is_first in (True, *(False,) * _ROUNDS):
        if not isinstance(rest, dict):
            break
        try:
            return Config.model_validate(rest, context=context), findings
        except ValidationError as error:
            details = error.errors(include_url=False)
        found = [complaint(detail, rest) for detail in details]
        for finding, detail in zip(found, details, strict=True):
            if not _is_said(finding, detail, said, is_first=is_first):
                findings.append(finding)
            said.add(finding.path)
            rest = _mended(rest, finding.path, is_missing=detail["type"] == "missing")
    return None, findings


def _is_said(
    finding: Finding, detail: ErrorDetails, said: Collection[Path], *, is_first: bool
) -> bool:
    if detail["type"] == "too_short" and detail["input"]:
        return True  # nothing is left because the entries are bad, and each is named
    if is_first:
        return finding.path in said
    return any(path[: len(finding.path)] == finding.path for path in said)


def _mended(document: Value, path: Path, *, is_missing: bool) -> Value:
    if not is_missing:
        return _without(document, path)
    stand_in = _STAND_INS.get(str(path[-1]))
    if path[-1] == "issuer":  # of each another one: two of the same would be a mistake
        stand_in = f"https://{path[-2]}.invalid"
    return _without(document, path[:-1]) if stand_in is None else _with(document, path, stand_in)


def _without(document: Value, path: Path) -> Value:
    """Take a part out. Of a list all goes: the places of the others must not change."""
    if not path:
        return None
    part, below = path[0], path[1:]
    if isinstance(document, dict) and part in document:
        if not below or (len(below) == 1 and isinstance(below[0], int)):
            return {key: value for key, value in document.items() if key != part}
        return {**document, part: _without(document[part], below)}
    if isinstance(document, list) and below and isinstance(part, int) and part < len(document):
        return [_without(each, below) if at == part else each for at, each in enumerate(document)]
    return document


def _with(document: Value, path: Path, value: Value) -> Value:
    if not path:
        return value
    part, below = path[0], path[1:]
    if isinstance(document, dict):
        return {**document, part: _with(document.get(part), below, value)}
    if isinstance(document, list):
        return [
            _with(each, below, value) if at == part else each for at, each in enumerate(document)
        ]
    return document
