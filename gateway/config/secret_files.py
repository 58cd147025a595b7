"""The `*_file` twin of every secret: the file holds it, the configuration only names the file."""

from pathlib import Path as FilePath

from gateway.config.nodes import Tree, Value
from gateway.config.problems import Path, Problem

SECRETS: tuple[Path, ...] = (("sealing_key",),)
_MAX_SECRET_BYTES = 64 * 1024


def read_secret_files(tree: Tree, document: dict[str, Value], folder: FilePath) -> dict[str, Value]:
    """Replace each `<secret>_file` by the secret that is in the file, without its last newline."""
    read = dict(document)
    for (secret,) in SECRETS:
        name = f"{secret}_file"
        if name not in read:
            continue
        path = read.pop(name)
        if secret in read:
            _complain(tree, name, f"give either {secret} or {name}")
        elif isinstance(path, str):
            read[str(secret)] = _read(tree, name, folder / path)
        else:
            _complain(tree, name, "expected the path of a file")
    return read


def _read(tree: Tree, name: str, path: FilePath) -> str | None:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_SECRET_BYTES).decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        _complain(tree, name, f"{path}: {reason}")
        return None


def _complain(tree: Tree, name: str, message: str) -> None:
    tree.problems.append(Problem((name,), message, tree.place((name,))))
