"""YAML with the place of every key and value: what is wrong can be pointed at."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from gateway.config.reading.problems import Path, Place, Problem, conceal_url_user

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?[0-9]+\.[0-9]*(?:[eE][-+]?[0-9]+)?")
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "false": False, "False": False}
_PLAIN_TAGS = frozenset({"str", "int", "float", "bool", "null", "timestamp", "merge", "value"})
_MAX_NODES = 20_000  # aliases can multiply a small file into a large one
_TELLING = 8
_LEAST_SECRET = 3  # shorter ones are words of every message, and no secrets
_MAX_NESTING = 100
_MAX_DEPTH = 32  # or contain themselves; the model is 6 deep
_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Value = object


@dataclass(slots=True)
class Tree:
    """A document as plain values; `keys` and `values` say where each path stands.

    `lost` is where a value could not be found out; `names` has what stands elsewhere in the full
    form than in the file; `inserted` maps what came from elsewhere to how the file refers to it.
    """

    value: Value = None
    keys: dict[Path, Place] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    lost: set[Path] = field(default_factory=set)
    names: dict[Path, Path] = field(default_factory=dict)
    inserted: dict[str, str] = field(default_factory=dict)

    def place(self, path: Path) -> Place:
        """Where a path stands: its key, else its value, else the nearest part above it."""
        while path:
            found = self.keys.get(path) or self.values.get(path)
            if found is not None:
                return found
            path = path[:-1]
        return Place(1, 1)

    def note_inserted(self, content: str, reference: str) -> None:
        """Remember what came from elsewhere; also each of its lines, as a message may cut them."""
        for part in (content, *content.splitlines()):
            if len(part.strip()) >= _LEAST_SECRET:
                self.inserted[part.strip()] = reference

    def concealed(self, message: str) -> str:
        """A message that names the reference instead of what it stands for, maybe a secret."""
        for content in sorted(self.inserted, key=len, reverse=True):
            reference = self.inserted[content]
            for spelled in (content, content[:1].lower() + content[1:], json.dumps(content)[1:-1]):
                message = _replaced(message, spelled, reference)
        return conceal_url_user(message)

    def move(self, old: Path, new: Path) -> None:
        """Let `new` and all below point to where `old` stands."""
        for places in (self.keys, self.values):
            for path, place in list(places.items()):
                if path[: len(old)] == old:
                    places[(*new, *path[len(old) :])] = place
        self.lost |= {(*new, *path[len(old) :]) for path in self.lost if path[: len(old)] == old}

    def written(self, path: Path) -> Path:
        """The path as it is in the file."""
        for new, old in self.names.items():
            if path[: len(new)] == new:
                return (*old, *path[len(new) :])
        return path


def _replaced(text: str, content: str, reference: str) -> str:
    if len(content) >= _TELLING:
        return text.replace(content, reference)
    # A short one may be part of any word; only as a word of its own it is what was inserted.
    return re.sub(rf"(?<![\w.-]){re.escape(content)}(?![\w.-])", lambda _: reference, text)


def parse_tree(text: str) -> Tree:
    """Read a document. What is wrong with it is in `problems`; nothing is raised."""
    tree = Tree()
    try:
        if (place := _too_deep(text)) is not None:
            tree.problems.append(Problem((), "nested too deeply", place))
            return tree
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
        tree.problems.append(Problem((), _syntax_words(error, place, text), place))
        return tree
    except yaml.YAMLError as error:
        tree.problems.append(Problem((), f"not YAML: {str(error).splitlines()[0]}", Place(1, 1)))
        return tree
    if node is not None:
        tree.value = _Reader(tree).read(node, ())
    return tree


def _syntax_words(error: yaml.MarkedYAMLError, place: Place, text: str) -> str:
    # libyaml speaks of a character that cannot start a token, and people cannot see which.
    line = (text.splitlines() or [""])[min(place.line, text.count("\n") + 1) - 1 :][:1]
    if any(each[place.column - 1 : place.column] == "\t" for each in line):
        return "a tab stands here: YAML is indented with spaces only"
    return error.problem or "not YAML"


def _too_deep(text: str) -> Place | None:
    """Where a document goes deeper than any reader of it: composing it would end the process.

    libyaml's composer calls itself for each level, on a stack that nobody guards.
    """
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _MAX_NESTING:
                mark = event.start_mark
                return Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return None


class _Reader:
    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._count = 0
        self._is_too_large = False

    def read(self, node: yaml.Node, path: Path) -> Value:
        self._count += 1
        self._tree.values.setdefault(path, _place(node))
        if self._count > _MAX_NODES or len(path) > _MAX_DEPTH:
            if not self._is_too_large:
                self._is_too_large = True
                self._complain(
                    node, path[:1], "the document is too large, or its aliases go in circles"
                )
            return None
        if isinstance(node, yaml.MappingNode):
            return dict(self._members(node, path))
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, path) if isinstance(node, yaml.ScalarNode) else None

    def _members(self, node: yaml.MappingNode, path: Path) -> Iterator[tuple[str, Value]]:
        seen: dict[str, Place] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._complain(key_node, path, "a key is plain text")
                continue
            key = str(key_node.value)
            here = (*path, key)
            if key in seen:
                self._complain(key_node, here, f"duplicate key (first on line {seen[key].line})")
                continue
            seen[key] = self._tree.keys[here] = _place(key_node)
            yield key, self.read(value_node, here)

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Value:
        text = str(node.value)
        if node.tag.removeprefix("tag:yaml.org,2002:") not in _PLAIN_TAGS:
            self._complain(node, path, f"the tag {node.tag} means nothing here")
        # Not YAML 1.1's idea of what a plain word is: `no` is a word, `012` no octal number.
        if node.style:  # quoted or a block: text, whatever it looks like
            return text
        if text in _NULL:
            return None
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        if _INTEGER.fullmatch(text):
            return int(text) if len(text) < 20 else text  # noqa: PLR2004  # more than 64 bits
        return float(text) if _FLOAT.fullmatch(text) else text

    def _complain(self, node: yaml.Node, path: Path, message: str) -> None:
        self._tree.problems.append(Problem(path, message, _place(node)))


def _place(node: yaml.Node) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)
