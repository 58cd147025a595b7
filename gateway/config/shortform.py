"""The short form for one server, unfolded into the full form."""

from gateway.config.nodes import Tree, Value
from gateway.config.problems import Path, Problem

SERVER_NAME = "mcp"
ISSUER_NAME = "default"
LOCAL = "local"
# What may stand at the top level, and where it belongs in the full form.
_BELONGS: dict[str, Path] = {
    "upstream": ("servers", SERVER_NAME, "upstream"),
    "path": ("servers", SERVER_NAME, "path"),
    "allow": ("servers", SERVER_NAME, "allow"),
    "rules": ("servers", SERVER_NAME, "rules"),
    "mode": ("servers", SERVER_NAME, "mode"),
    "contact": ("servers", SERVER_NAME, "contact"),
    "tools": ("servers", SERVER_NAME, "tools"),
    "scopes": ("servers", SERVER_NAME, "auth", "scopes"),
    "audiences": ("servers", SERVER_NAME, "auth", "audiences"),
    "allowed_origins": ("servers", SERVER_NAME, "allowed_origins"),
    "resource_name": ("servers", SERVER_NAME, "resource_name"),
}
_OF_ISSUER = {"issuer": "issuer", "preset": "preset"}
SHORT_KEYS = frozenset({*_BELONGS, *_OF_ISSUER})


def unfold(tree: Tree, document: dict[str, Value]) -> dict[str, Value]:
    """Return the full form; its new paths point to where their values really stand."""
    short = [key for key in document if key in SHORT_KEYS]
    if not short:
        return document
    unfolded = {key: value for key, value in document.items() if key not in SHORT_KEYS}
    for key in short:
        full = "issuers" if key in _OF_ISSUER else "servers"
        if full in document:
            message = f"write it below `{full}:`, or leave `{full}:` out"
            tree.problems.append(Problem((key,), message, tree.place((key,))))
        elif key == "issuer":
            _unfold_issuer(tree, unfolded, document)
        elif key == "preset":
            _put(unfolded, ("issuers", ISSUER_NAME, "preset"), document[key])
            _move(tree, (key,), ("issuers", ISSUER_NAME, "preset"))
        else:
            _put(unfolded, _BELONGS[key], document[key])
            _move(tree, (key,), _BELONGS[key])
    return unfolded


def _unfold_issuer(tree: Tree, unfolded: dict[str, Value], document: dict[str, Value]) -> None:
    issuer = document["issuer"]
    name = LOCAL if issuer == LOCAL else ISSUER_NAME
    if issuer == LOCAL:
        _put(unfolded, ("issuers", name, "local"), True)
        # Without a public URL the document is refused anyway, for that one reason.
        issuer = document.get("public_url", "http://localhost")
    _put(unfolded, ("issuers", name, "issuer"), issuer)
    _move(tree, ("issuer",), ("issuers", name, "issuer"))


def _put(document: dict[str, Value], path: Path, value: Value) -> None:
    here = document
    for part in path[:-1]:
        inner = here.setdefault(str(part), {})
        assert isinstance(inner, dict)  # noqa: S101  # made by this very function
        here = inner
    here[str(path[-1])] = value


def _move(tree: Tree, old: Path, new: Path) -> None:
    for places in (tree.keys, tree.values):
        for path, place in list(places.items()):
            if path[: len(old)] == old:
                places[(*new, *path[len(old) :])] = place
