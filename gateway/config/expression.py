"""Expressions of the Common Expression Language (CEL), by an optional library."""

from collections.abc import Callable

from gateway.config.expression_cost import TooCostly, cost_of

Evaluate = Callable[[dict[str, object]], object]


class BadExpression(ValueError):
    """The expression cannot be used; the text says what to do."""


def compile_expression(text: str) -> Evaluate:
    """Compile an expression to a function of its variables, which raises whatever goes wrong.

    Raises `BadExpression` for what is no CEL, for what could cost too much, and when the library
    is not installed.
    """
    try:
        # An extra: matchers are enough for most.
        import cel
    except ImportError as error:
        raise BadExpression(
            "CEL is not installed. Install it beside the gateway:"
            " pip install 'common-expression-language>=0.10'"
        ) from error
    try:
        program = cel.compile(text)
        cost_of(text)
    except TooCostly as error:
        raise BadExpression(str(error)) from error
    except ValueError as error:
        raise BadExpression(f"no CEL expression: {_first_line(error)}") from error
    return program.execute


def _first_line(error: ValueError) -> str:
    """What is wrong, without the listing below it."""
    text = str(error).partition("ERROR: ")[2] or str(error)
    return text.splitlines()[0].strip()
