"""From YAML to a `Config`, or to every mistake in it at once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath

import yaml

from gateway.config.checks.checks import find_conflicts, find_warnings
from gateway.config.checks.hints import find_hints
from gateway.config.model import Config
from gateway.config.reading.complete import complete
from gateway.config.reading.expand import expand
from gateway.config.reading.nodes import Tree, Value, parse_tree
from gateway.config.reading.preset import apply_presets
from gateway.config.reading.problems import Finding, Path, Problem, render
from gateway.config.reading.rest import validate_rest
from gateway.config.reading.secret_files import read_secret_files
from gateway.config.reading.shortform import unfold
from gateway.config.reading.spelling import correct_keys, correct_top_keys
from gateway.errors import ConfigError

FLAGS_NAME = "command line"


@dataclass(frozen=True, slots=True)
class Review:
    """What came of reading a configuration: `config` is None when there are problems.

    `hints` are no mistakes, only what is surely not meant.
    `rest` is what could be judged all the same, never to be run; None when that was nothing.
    """

    config: Config | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    file_name: str
    text: str
    tree: Tree = field(default_factory=Tree, repr=False)
    rest: Config | None = field(default=None, repr=False)
    hints: tuple[Problem, ...] = ()

    def refused(self, findings: Sequence[Finding]) -> "Review":
        """The same review with what was found later, by the paths of the full form."""
        if not findings:
            return self
        problems = tuple(_written(self.tree, _placed(self.tree, findings)))
        return replace(self, config=None, problems=self.problems + problems)

    def report(self) -> str:
        """Every problem with its place in the file."""
        return render(self.problems, self.file_name, self.text)


def load_config(path: FilePath, environ: Mapping[str, str]) -> Config:
    """Read a configuration file. Raises `ConfigError` with every mistake in it."""
    review = review_file(path, environ)
    if review.config is None:
        raise ConfigError(review.report())
    return review.config


def config_from_flags(*, upstream: str, issuer: str, public_url: str, allow: str) -> Config:
    """Build the configuration of a gateway that is run from flags alone.

    `allow` is written as in a file: `any`, or `{groups: [engineering]}`. Raises `ConfigError`.
    """
    who = parse_tree(allow)
    if who.problems:
        raise ConfigError(f"--allow: {who.problems[0].message}")
    flags = {
        "public_url": public_url, "upstream": upstream, "issuer": issuer, "allow": who.value
    }  # fmt: skip
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
    tree = parse_tree(text)
    document = tree.value
    if not isinstance(document, dict):
        if not tree.problems:
            tree.problems.append(Problem((), "expected keys such as `upstream:`", tree.place(())))
        return Review(None, tuple(tree.problems), (), file_name, text)
    expanded = expand(tree, environ, folder)
    assert isinstance(expanded, dict)  # noqa: S101  # a mapping expands to a mapping
    unfolded = correct_keys(tree, unfold(tree, correct_top_keys(tree, expanded)))
    full = read_secret_files(tree, apply_presets(tree, unfolded), folder)
    config = _judge(tree, full, folder.absolute())
    warnings = _placed(tree, find_warnings(config)) if config is not None else []
    problems = tuple(_written(tree, tree.problems))
    warned = tuple(replace(each, message=tree.concealed(each.message)) for each in warnings)
    if problems or config is None:
        return Review(None, problems, warned, file_name, text, tree, config)
    hints = tuple(_written(tree, _placed(tree, find_hints(config))))
    return Review(config, problems, warned, file_name, text, tree, config, hints)


def _judge(tree: Tree, document: dict[str, Value], folder: FilePath) -> Config | None:
    """Add the mistakes to `tree`. None when so little is left that nothing more can be said."""
    known = {*tree.lost, *(problem.path for problem in tree.problems)}
    config, findings = validate_rest(document, {"folder": folder}, tree.lost, known)
    tree.problems += _placed(tree, findings)
    if config is None:
        return None
    config = complete(config)
    known |= {each.path for each in findings}
    conflicts = find_conflicts(config)
    tree.problems += _placed(tree, [each for each in conflicts if not _follows(each, known)])
    return config


def _follows(finding: Finding, known: Collection[Path]) -> bool:
    """Whether a finding may be there only because of another mistake."""
    if not finding.about:
        # A part with a mistake inside is not judged as a whole: its secret could not be read, say.
        return any(path[: len(finding.path)] == finding.path for path in known)
    # The setting itself, or one entry of it.
    return finding.path in known or any(
        path[: len(each)] == each and len(path) <= len(each) + 1
        for each in finding.about
        for path in known
    )


def _written(tree: Tree, problems: Iterable[Problem]) -> list[Problem]:
    return [
        replace(each, path=tree.written(each.path), message=tree.concealed(each.message))
        for each in problems
    ]


def _placed(tree: Tree, findings: Iterable[Finding]) -> list[Problem]:
    return [
        Problem(each.path, each.message, tree.place(each.path), each.suggestion, each.hides)
        for each in findings
    ]
