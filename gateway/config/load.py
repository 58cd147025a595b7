"""From YAML to a `Config`, or to every mistake in it at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath

import yaml
from pydantic import ValidationError

from gateway.config.checks import find_conflicts, find_warnings
from gateway.config.complaints import complaint
from gateway.config.complete import complete
from gateway.config.expand import expand
from gateway.config.model import Config
from gateway.config.nodes import Tree, Value, read_tree
from gateway.config.preset import apply_presets
from gateway.config.problems import Finding, Problem, render
from gateway.config.secret_files import read_secret_files
from gateway.config.shortform import unfold
from gateway.errors import ConfigError

FLAGS_NAME = "command line"


@dataclass(frozen=True, slots=True)
class Review:
    """What came of reading a configuration: `config` is None when there are problems."""

    config: Config | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    file_name: str
    text: str

    def report(self) -> str:
        """Every problem with its place in the file."""
        return render(self.problems, self.file_name, self.text)


def load_config(path: FilePath, environ: Mapping[str, str]) -> Config:
    """Read a configuration file. Raises `ConfigError` with every mistake in it."""
    review = review_file(path, environ)
    if review.config is None:
        raise ConfigError(review.report())
    return review.config


def config_from_flags(*, upstream: str, issuer: str, public_url: str) -> Config:
    """Build the configuration of a gateway that is run from flags alone.

    Everybody with a valid token gets in: whoever types an issuer at a prompt means its users.
    Raises `ConfigError`.
    """
    flags = {"public_url": public_url, "upstream": upstream, "issuer": issuer, "allow": "any"}
    review = review_text(yaml.safe_dump(flags, sort_keys=False), FilePath.cwd(), {}, FLAGS_NAME)
    if review.config is None:
        raise ConfigError(review.report())
    return review.config


def review_file(path: FilePath, environ: Mapping[str, str]) -> Review:
    """Read a configuration file and judge it. Raises `ConfigError` when it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{path}: {error.strerror}. Write one, or name it with --config."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text") from error
    return review_text(text, path.parent, environ, str(path))


def review_text(text: str, folder: FilePath, environ: Mapping[str, str], file_name: str) -> Review:
    """Judge a configuration. Relative paths in it start from `folder`."""
    tree = read_tree(text)
    document = tree.value
    if not isinstance(document, dict):
        if not tree.problems:
            tree.problems.append(Problem((), "expected keys such as `upstream:`", tree.place(())))
        return Review(None, tuple(tree.problems), (), file_name, text)
    expanded = expand(tree, environ, folder)
    assert isinstance(expanded, dict)  # noqa: S101  # a mapping expands to a mapping
    full = read_secret_files(tree, apply_presets(tree, unfold(tree, expanded)), folder)
    config = _validate(tree, full, folder.absolute())
    if config is not None:
        tree.problems += _placed(tree, _news(tree, find_conflicts(config)))
    warnings = _placed(tree, find_warnings(config)) if config is not None else []
    accepted = None if tree.problems else config
    return Review(accepted, tuple(tree.problems), tuple(warnings), file_name, text)


def _validate(tree: Tree, document: dict[str, Value], folder: FilePath) -> Config | None:
    try:
        config = Config.model_validate(document, context={"folder": folder})
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            if detail["type"] == "too_short" and detail["input"]:
                continue  # nothing is left because the entries are bad, and each is named
            finding = complaint(detail, document)
            # What `unfold` or the reader complained about already is not said twice.
            if all(finding.path != known.path for known in tree.problems):
                tree.problems += _placed(tree, [finding])
        return None
    return complete(config)


def _news(tree: Tree, findings: list[Finding]) -> list[Finding]:
    # A part with a mistake inside is not judged as a whole: its secret could not be read, say.
    known = [problem.path for problem in tree.problems]
    return [each for each in findings if all(path[: len(each.path)] != each.path for path in known)]


def _placed(tree: Tree, findings: list[Finding]) -> list[Problem]:
    return [
        Problem(each.path, each.message, tree.place(each.path), each.suggestion)
        for each in findings
    ]
