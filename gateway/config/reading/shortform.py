"""The short form for one server, unfolded into the full form."""

from gateway.config.reading.nodes import Tree, Value
from gateway.config.reading.problems import Path, Problem
from gateway.config.scalars import check_public_url

SERVER_NAME = "mcp"
ISSUER_NAME = "default"
LOCAL = "local"
_NO_URL = "http://localhost"
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
    _name_as_written(tree, document)
    for key in short:
        full = "issuers" if key in _OF_ISSUER else "servers"
        if full in document:
            message = f"write it below `{full}:`, or leave `{full}:` out"
            tree.problems.append(Problem((key,), message, tree.place((key,))))
        elif key == "issuer":
            _unfold_issuer(tree, unfolded, document)
        elif key == "preset":
            _put(unfolded, ("issuers", ISSUER_NAME, "preset"), document[key])
            tree.move((key,), ("issuers", ISSUER_NAME, "preset"))
        else:
            _put(unfolded, _BELONGS[key], document[key])
            tree.move((key,), _BELONGS[key])
    return unfolded


def _unfold_issuer(tree: Tree, unfolded: dict[str, Value], document: dict[str, Value]) -> None:
    issuer = document["issuer"]
    name = LOCAL if issuer == LOCAL else ISSUER_NAME
    if issuer == LOCAL:
        _put(unfolded, ("issuers", name, "local"), True)
        issuer = _own_url(document)
    _put(unfolded, ("issuers", name, "issuer"), issuer)
    tree.move(("issuer",), ("issuers", name, "issuer"))


def _own_url(document: dict[str, Value]) -> Value:
    # Without a public URL the document is refused anyway, for that one reason.
    public_url = document.get("public_url")
    try:
        return check_public_url(public_url) if isinstance(public_url, str) else _NO_URL
    except ValueError:
        return _NO_URL


def _put(document: dict[str, Value], path: Path, value: Value) -> None:
    here = document
    for part in path[:-1]:
        inner = here.setdefault(str(part), {})
        assert isinstance(inner, dict)  # noqa: S101  # made by this very function
        here = inner
    here[str(path[-1])] = value


def _name_as_written(tree: Tree, document: dict[str, Value]) -> None:
    # Also for what is missing: nobody who writes the short form knows the names of the full one.
    if "servers" not in document:
        tree.names |= {full: (key,) for key, full in _BELONGS.items()}
        if document.keys().isdisjoint(_BELONGS):
            tree.names["servers",] = ("upstream",)
    if "issuers" not in document:
        if document.keys().isdisjoint(_OF_ISSUER):
            tree.names["issuers",] = ("issuer",)
        for name in (ISSUER_NAME, LOCAL):
            tree.names |= {("issuers", name, full): (key,) for key, full in _OF_ISSUER.items()}
