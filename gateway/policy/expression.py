"""What a rule's CEL expression says about one call. Pure."""

from collections.abc import Mapping

from gateway.config.expression import compile_expression
from gateway.config.expression_cost import cost_of, sizes
from gateway.identity.principal import Principal
from gateway.mcp.arguments import Arguments


class ExpressionFailed(Exception):
    """Nobody can say whether the rule covers the call: a member is missing, types do not fit."""


class Expression:
    """A compiled expression over `args`, `tool` and `caller`."""

    def __init__(self, text: str) -> None:
        self._evaluate = compile_expression(text)
        self._cost = cost_of(text)

    def holds(self, arguments: Arguments, tool: str, principal: Principal | None) -> bool:
        """Whether it is true. Raises `ExpressionFailed` for everything but true and false.

        What could take longer than a moment is not evaluated, and has no answer either.
        """
        wanted = self._cost.arguments
        variables: dict[str, object] = {
            # Only what it looks at: the rest would be converted too.
            "args": {
                name: value for name, value in arguments.items() if wanted is None or name in wanted
            },
            "tool": tool,
            "caller": _caller(principal),
        }
        if not self._cost.is_within_limit(*sizes(variables.values())):
            raise ExpressionFailed("the call is too large for an expression that goes through it")
        try:
            answer = self._evaluate(variables)
        except Exception as error:  # the library raises built-in errors of many kinds
            raise ExpressionFailed(str(error)) from error
        if not isinstance(answer, bool):
            raise ExpressionFailed("neither true nor false")
        return answer


def _caller(principal: Principal | None) -> Mapping[str, object] | None:
    if principal is None:
        return None
    known: dict[str, object] = {
        "subject": principal.subject,
        "issuer": principal.issuer,
        "client_id": principal.client_id,
        # An address that nobody verified can be anybody's: OIDC Core §5.7.
        "email": principal.email if principal.email_verified else None,
        "scopes": sorted(principal.scopes),
        "roles": list(principal.roles),
    }
    if principal.groups is not None:  # who asks for groups that nobody knows is denied
        known["groups"] = list(principal.groups)
    return known
