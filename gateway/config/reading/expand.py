"""`${env:NAME}` and `${file:/path}` in values, after parsing, so that a value stays one value."""

import re
from collections.abc import Mapping
from pathlib import Path as FilePath

from gateway.config.reading.nodes import Tree, Value
from gateway.config.reading.problems import Path, Problem

_REFERENCE = re.compile(
    r"\$(?:\$\{|\{(?P<kind>env|file):(?P<name>[^}:]*)(?::-(?P<default>[^}]*))?\}|\{)"
)
_MAX_FILE_BYTES = 64 * 1024


def expand(tree: Tree, environ: Mapping[str, str], folder: FilePath) -> Value:
    """Return the document with every reference replaced; `$${` stands for `${`.

    What cannot be replaced becomes a problem of the tree.
    """
    return _Expander(tree, environ, folder).expand(tree.value, ())


def quote(text: str) -> str:
    """The value that stands for this text, whatever references it seems to have."""
    return text.replace("${", "$${")


class _Expander:
    def __init__(self, tree: Tree, environ: Mapping[str, str], folder: FilePath) -> None:
        self._tree = tree
        self._environ = environ
        self._folder = folder

    def expand(self, value: Value, path: Path) -> Value:
        if isinstance(value, dict):
            return {key: self.expand(member, (*path, key)) for key, member in value.items()}
        if isinstance(value, list):
            return [self.expand(item, (*path, index)) for index, item in enumerate(value)]
        if not isinstance(value, str) or "${" not in value:
            return value
        return _REFERENCE.sub(lambda match: self._replace(match, path), value)

    def _replace(self, match: re.Match[str], path: Path) -> str:
        if match[0] == "$${":
            return "${"
        if match["kind"] == "env":
            return self._variable(match["name"], match["default"], path)
        if match["kind"] == "file":
            return self._file(match["name"], path)
        return self._complain(path, "write ${env:NAME}, ${file:/path}, or $${ for a plain ${")

    def _variable(self, name: str, default: str | None, path: Path) -> str:
        value = self._environ.get(name, default)
        if value is None:
            return self._complain(path, f"the environment variable {name} is not set")
        if name in self._environ:
            self._tree.note_inserted(value, f"${{env:{name}}}")
        return value

    def _file(self, name: str, path: Path) -> str:
        try:
            with (self._folder / name).open("rb") as file:
                content = file.read(_MAX_FILE_BYTES).decode().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
            return self._complain(path, f"{name}: {reason}")
        self._tree.note_inserted(content, f"${{file:{name}}}")
        return content

    def _complain(self, path: Path, message: str) -> str:
        self._tree.problems.append(Problem(path, message, self._tree.values[path]))
        self._tree.lost.add(path)
        return ""
