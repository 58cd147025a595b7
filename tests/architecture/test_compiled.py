"""What mypyc, or a compiler like it, takes for something else than Python does is in no module
that is compiled: docs/decisions/021-compiled.md. What it warns of ends `make compiled`."""

import ast
from collections.abc import Iterator
from importlib import import_module
from types import NoneType
from typing import Literal, Union, get_args, get_origin, get_type_hints

from tests.architecture.sources import ROOT
from tools.compile import MODULES, module_names

# Slices of both ends that are in order, and why. A compiled slice of bytes that ends before it
# begins raises SystemError; Python says that it is empty.
IN_ORDER = {
    "gateway/http/chunked.py": {
        "data[at:end]": "`find` looked from `at` on, and found",
        "data[at:end + 1]": "`find` looked from `at` on, and found",
    },
    "gateway/http/repetition.py": {
        "data[begin:end]": "`find` looked from `begin` on, and found",
        "raw[end:found.start(at)]": "one match begins where the last has ended, or later",
    },
}
WITHOUT_EFFECT = ("len", "max", "min", ".start", ".end", ".index")
# A default of None for more than one type beside it is not set.
_TYPES_OF_AN_OPTIONAL = 2


def _paths() -> list[str]:
    return MODULES.read_text(encoding="utf-8").split()


def _nodes(path: str) -> Iterator[ast.AST]:
    return ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))


def _at(path: str, node: ast.expr | ast.stmt) -> str:
    return f"{path}:{node.lineno}: {ast.unparse(node).splitlines()[0]}"


def test_the_list_is_in_order_and_names_modules_that_exist() -> None:
    paths = _paths()

    assert paths == sorted(set(paths))
    assert not [path for path in paths if not (ROOT / path).is_file()]


def test_no_compiled_class_is_decorated_or_made_with_keywords() -> None:
    """Keywords of a class are dropped: a struct is not frozen, and forbids no unknown field.
    The class that `@dataclass(slots=True)` makes anew is thrown away."""
    classes = [(p, node) for p in _paths() for node in _nodes(p) if isinstance(node, ast.ClassDef)]

    assert not [_at(p, node) for p, node in classes if node.keywords or node.decorator_list]
    assert not [
        _at(p, node) for p, node in classes if "Struct" in " ".join(map(ast.unparse, node.bases))
    ]


def test_no_compiled_function_is_an_asynchronous_generator() -> None:
    functions = [
        (path, node)
        for path in _paths()
        for node in _nodes(path)
        if isinstance(node, ast.AsyncFunctionDef)
    ]

    assert not [
        _at(path, function)
        for path, function in functions
        if any(isinstance(node, ast.Yield) for node in ast.walk(function))
    ]


def _types_of(hint: object) -> set[object]:
    """The types of a union; literals are of the types of their values."""
    if get_origin(hint) is Literal:
        return {type(value) for value in get_args(hint)}
    if get_origin(hint) in (Union, type(int | str)):
        return set().union(*map(_types_of, get_args(hint)))
    return {hint}


def test_a_default_of_none_in_a_compiled_class_stands_beside_one_type() -> None:
    found = [
        f"{name}.{each.__name__}.{attribute}"
        for name in module_names()
        for each in vars(import_module(name)).values()
        if isinstance(each, type) and each.__module__ == name
        for attribute, hint in get_type_hints(each).items()
        if vars(each).get(attribute, "") is None
        if len(_types_of(hint) | {NoneType}) > _TYPES_OF_AN_OPTIONAL
    ]

    assert not found


def test_nothing_compiled_is_looked_for_in_a_tuple_with_a_star() -> None:
    """It breaks the compiler."""
    comparisons = [
        (p, node) for p in _paths() for node in _nodes(p) if isinstance(node, ast.Compare)
    ]

    assert not [
        _at(path, node)
        for path, node in comparisons
        for side in node.comparators
        if isinstance(side, ast.Tuple | ast.List | ast.Set)
        and any(isinstance(each, ast.Starred) for each in side.elts)
    ]


def _is_in_order(value: str, lower: ast.expr, upper: ast.expr, path: str) -> bool:
    counts = isinstance(upper, ast.BinOp) and isinstance(upper.op, ast.Add)
    if counts and ast.unparse(upper).startswith(f"{ast.unparse(lower)} + "):
        return True
    return value in IN_ORDER.get(path, {})


def test_no_compiled_slice_can_end_before_it_begins() -> None:
    """Either `[at : at + count]`, or it is listed with the reason."""
    slices = [
        (path, node, node.slice.lower, node.slice.upper)
        for path in _paths()
        for node in _nodes(path)
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice)
    ]

    assert not [
        _at(path, node)
        for path, node, lower, upper in slices
        if lower is not None and upper is not None
        if not _is_in_order(ast.unparse(node), lower, upper, path)
    ]


def test_no_end_of_a_compiled_slice_does_anything() -> None:
    """Of what is no list, tuple, str or bytes, such as a memoryview, both are computed twice."""
    ends = [
        (path, end)
        for path in _paths()
        for node in _nodes(path)
        if isinstance(node, ast.Slice)
        for end in (node.lower, node.upper)
        if end is not None
    ]

    assert not [
        _at(path, end)
        for path, end in ends
        for node in ast.walk(end)
        if isinstance(node, ast.Await | ast.NamedExpr)
        or (isinstance(node, ast.Call) and not ast.unparse(node.func).endswith(WITHOUT_EFFECT))
    ]


def _calls(function: ast.AST) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def test_no_compiled_function_calls_itself() -> None:
    """Python counts how deep it is and raises RecursionError; compiled code overruns its stack."""
    functions = [
        (path, node, prefix)
        for path in _paths()
        for parent in _nodes(path)
        for prefix in [("self." if isinstance(parent, ast.ClassDef) else "")]
        for node in ast.iter_child_nodes(parent)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]

    assert not [
        _at(path, node) for path, node, prefix in functions if prefix + node.name in _calls(node)
    ]
