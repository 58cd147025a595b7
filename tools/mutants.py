"""Small changes to a module that some test ought to notice, made in its syntax tree. Pure."""

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_SWAPPED = {"any": "all", "all": "any", "min": "max", "max": "min"}
_SWAPPED_METHODS = {"startswith": "endswith", "endswith": "startswith"}
# What only makes a text plain: without it another spelling is another text.
_PLAIN_METHODS = {"lower", "upper", "casefold", "strip", "lstrip", "rstrip", "removeprefix"}
# Types are for mypy, decorators for the class, and texts of an error for people.
_SKIPPED_FIELDS = {"annotation", "returns", "type_comment", "decorator_list", "bases", "keywords_"}
_GENERICS = {"Literal", "Callable", "Mapping", "Sequence", "Annotated", "tuple", "dict", "list"}
_BUILTIN_TYPES = {"str", "bytes", "int", "float", "bool", "dict", "list", "tuple"}
_STATEMENT_CHARS = 100

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Mutant(NamedTuple):
    """One change: `after` stands in the place of `before`, in a `statement` of `place`.

    `ordinal` tells apart what would else be called the same. `site` and `choice` find it again
    in the same text.
    """

    place: str
    statement: str
    before: str
    after: str
    ordinal: int
    line: int
    site: int
    choice: int

    @property
    def name(self) -> str:
        """What stays the same when other lines of the file change."""
        number = f" #{self.ordinal}" if self.ordinal else ""
        return f"{self.place} | {self.statement} | {self.before} -> {self.after}{number}"


@dataclass(frozen=True, slots=True)
class _Site:
    """Where a node stands: in a field of its parent, or in a list that is one."""

    node: ast.AST
    parent: ast.AST
    field: str
    index: int | None
    place: str
    statement: ast.stmt | None


def find_mutants(source: str) -> list[Mutant]:
    """Every change, in the order of the text."""
    found: list[Mutant] = []
    seen: Counter[tuple[str, ...]] = Counter()
    for number, site in enumerate(_sites(ast.parse(source))):
        statement = _shown(site.statement) if site.statement is not None else ""
        for choice, after in enumerate(_changes(site)):
            told = (site.place, statement, _shown(site.node), _shown(after))
            line = getattr(site.node, "lineno", 0)
            found.append(Mutant(*told, seen[told], line, number, choice))
            seen[told] += 1
    return found


def mutate(source: str, mutant: Mutant) -> ast.Module:
    """The tree of a module with one change."""
    tree = ast.parse(source)
    site = _sites(tree)[mutant.site]
    after = ast.copy_location(_changes(site)[mutant.choice], site.node)
    if site.index is None:
        setattr(site.parent, site.field, after)
    else:
        getattr(site.parent, site.field)[site.index] = after
    return ast.fix_missing_locations(tree)


def _shown(node: ast.AST) -> str:
    lines = ast.unparse(node).splitlines()
    return (lines[0] if lines else "")[:_STATEMENT_CHARS]


def _sites(tree: ast.Module) -> list[_Site]:
    return list(_below(tree, "module", None))


def _below(parent: ast.AST, place: str, statement: ast.stmt | None) -> Iterator[_Site]:
    for field, value in ast.iter_fields(parent):
        if field in _SKIPPED_FIELDS:
            continue
        members = value if isinstance(value, list) else [value]
        for index, node in enumerate(members):
            if not isinstance(node, ast.AST) or _is_nobodys(node):
                continue
            around = node if isinstance(node, ast.stmt) else statement
            where = index if isinstance(value, list) else None
            yield _Site(node, parent, field, where, place, around)
            inner = f"{place}.{node.name}" if isinstance(node, Function | ast.ClassDef) else place
            yield from _below(node, inner.removeprefix("module."), around)


def _is_nobodys(node: ast.AST) -> bool:
    """Whether no test is meant to look: docstrings, log lines, types, parts of a text."""
    match node:
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="logger")))):
            return True
        case ast.Assign(targets=[ast.Name(id="__slots__")]):
            return True
        case ast.Subscript(value=ast.Name(id=name)):
            return name in _GENERICS
        case _:
            pass
    return isinstance(node, ast.Import | ast.ImportFrom | ast.JoinedStr)


def _changes(site: _Site) -> Sequence[ast.AST]:
    found = [*_of_condition(site), *_of_statement(site)]
    match site.node:
        # That a condition is turned around shows as soon as it is always true, or never.
        case ast.Compare(left=left, ops=[operator], comparators=right) if not found or isinstance(
            operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE
        ):
            found.append(ast.Compare(left, [_COMPARISONS[type(operator)]()], right))
        case ast.BoolOp(op=operator, values=values):
            found.append(ast.BoolOp(_other(operator), values))
            for index in range(len(values)):
                rest = values[:index] + values[index + 1 :]
                found.append(rest[0] if len(rest) == 1 else ast.BoolOp(operator, rest))
        case ast.UnaryOp(op=ast.Not(), operand=operand) if not found:
            found.append(operand)
        case ast.BinOp(left=left, op=operator, right=right) if type(
            operator
        ) in _OPERATORS and not _is_type(right):
            found.append(ast.BinOp(left, _OPERATORS[type(operator)](), right))
        case ast.Constant(value=value):
            found += _of_constant(value, site)
        case ast.Call():
            found += _of_call(site.node)
        case ast.Lambda(args=arguments, body=body) if not _is_none(body):
            found.append(ast.Lambda(arguments, ast.Constant(None)))
        case _:
            pass
    return found


def _of_condition(site: _Site) -> list[ast.AST]:
    if isinstance(site.parent, ast.While) and site.field == "test":
        return [ast.Constant(False)]  # the other way it would not end
    conditional = isinstance(site.parent, ast.If | ast.IfExp) and site.field == "test"
    if conditional or (isinstance(site.parent, ast.comprehension) and site.field == "ifs"):
        return [ast.Constant(True), ast.Constant(False)]
    return []


def _of_statement(site: _Site) -> list[ast.AST]:
    found: list[ast.AST] = []
    match site.node:
        case ast.Return(value=value) if value is not None and not _is_none(value):
            found = [ast.Return(ast.Constant(None))]
        case ast.Raise() | ast.Delete() | ast.Expr(value=ast.Call() | ast.Await()):
            found = [ast.Pass()]
        # Without what it sets, an object is of no use to any test.
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]) if not site.place.endswith(
            "__init__"
        ):
            found = [ast.Pass()]
        case ast.AugAssign(target=target, op=operator, value=value):
            swapped = _OPERATORS.get(type(operator))
            found = [ast.Pass()] + ([ast.AugAssign(target, swapped(), value)] if swapped else [])
        case ast.Continue():
            found = [ast.Break()]
        case ast.Break():
            found = [ast.Continue()]
        case ast.ExceptHandler(type=kind, name=name, body=[first, *_]) if not isinstance(
            first, ast.Raise
        ):
            found = [ast.ExceptHandler(kind, name, [ast.Raise()])]
        case _:
            pass
    return found


def _of_constant(value: object, site: _Site) -> list[ast.AST]:
    if isinstance(value, bool):
        return [ast.Constant(not value)]
    if isinstance(value, int | float):
        return [ast.Constant(value + 1)]
    if isinstance(value, str):
        is_for_people = isinstance(site.statement, ast.Raise) and " " in value
        return [] if is_for_people else [ast.Constant(f"XX{value}XX")]
    return [ast.Constant(b"XX" + value + b"XX")] if isinstance(value, bytes) else []


def _of_call(call: ast.Call) -> list[ast.AST]:
    match call.func:
        case ast.Name(id=name) if name in _SWAPPED:
            return [ast.Call(ast.Name(_SWAPPED[name], ast.Load()), call.args, call.keywords)]
        case ast.Attribute(value=owner, attr=name) if name in _SWAPPED_METHODS:
            other = ast.Attribute(owner, _SWAPPED_METHODS[name], ast.Load())
            return [ast.Call(other, call.args, call.keywords)]
        case ast.Attribute(value=owner, attr=name) if name in _PLAIN_METHODS:
            return [owner]
        case _:
            pass
    return []


def _other(operator: ast.boolop) -> ast.boolop:
    return ast.Or() if isinstance(operator, ast.And) else ast.And()


def _is_type(node: ast.expr) -> bool:
    """Whether a name is a class's, as in `Allow | Deny`, or None."""
    if _is_none(node):
        return True
    if isinstance(node, ast.Attribute):
        return _is_type(ast.Name(node.attr))
    name = node.id if isinstance(node, ast.Name) else ""
    return name in _BUILTIN_TYPES or (name[:1].isupper() and not name.isupper())


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
