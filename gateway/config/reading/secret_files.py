"""The `*_file` twin of every secret: the file holds it, the configuration only names the file."""

from collections.abc import Iterator
from pathlib import Path as FilePath

from gateway.config.annotations import ANY, secret_paths
from gateway.config.model import Config
from gateway.config.reading.nodes import Tree, Value
from gateway.config.reading.problems import Path, Problem

SECRETS: tuple[tuple[str, ...], ...] = tuple(secret_paths(Config))
_MAX_SECRET_BYTES = 64 * 1024


def read_secret_files(tree: Tree, document: dict[str, Value], folder: FilePath) -> dict[str, Value]:
    """Replace each `<secret>_file` by the secret that is in the file, without its last newline."""
    read: Value = document
    for secret in SECRETS:
        read = _replace(tree, read, secret, (), folder)
    assert isinstance(read, dict)  # noqa: S101  # a mapping stays one
    return read


def _replace(
    tree: Tree, value: Value, below: tuple[str, ...], above: Path, folder: FilePath
) -> Value:
    """Return `value` with the secrets at `below` read; `above` is where `value` stands."""
    if len(below) == 1:
        return _read_twin(tree, value, (*above, below[0]), folder)
    if not isinstance(value, dict | list):
        return value
    changed: dict[str | int, Value] = {
        part: _replace(tree, member, below[1:], (*above, part), folder)
        for part, member in _members(value, below[0])
    }
    if isinstance(value, list):
        return [changed.get(index, member) for index, member in enumerate(value)]
    return {key: changed.get(key, member) for key, member in value.items()}


def _members(
    value: dict[str, Value] | list[Value], wanted: str
) -> Iterator[tuple[str | int, Value]]:
    if isinstance(value, list):
        yield from enumerate(value) if wanted == ANY else ()
    else:
        yield from ((key, value[key]) for key in value if wanted in (ANY, key))


def _read_twin(tree: Tree, section: Value, secret: Path, folder: FilePath) -> Value:
    key = str(secret[-1])
    twin = f"{key}_file"
    if not isinstance(section, dict) or twin not in section:
        return section
    read = {name: member for name, member in section.items() if name != twin}
    where, file = (*secret[:-1], twin), section[twin]
    if key in read:
        _complain(tree, where, f"give either {key} or {twin}")
    elif isinstance(file, str):
        read[key] = _read(tree, where, folder / file)
    else:
        _complain(tree, where, "expected the path of a file")
    return read


def _read(tree: Tree, where: Path, path: FilePath) -> str | None:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_SECRET_BYTES + 1)
        if len(content) > _MAX_SECRET_BYTES:
            _complain(tree, where, f"{path}: more than {_MAX_SECRET_BYTES} bytes")
            return None
        secret = content.decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        _complain(tree, where, f"{path}: {reason}")
        return None
    tree.note_inserted(secret, f"(the content of {path})")
    return secret


def _complain(tree: Tree, where: Path, message: str) -> None:
    tree.problems.append(Problem(where, message, tree.place(where)))
