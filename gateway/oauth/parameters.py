"""The parameters of an authorization or token request: RFC 6749 §3.1, §3.2."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.errors import InvalidRequest

MAX_VALUE_CHARS = 16 * 1024  # as long as a sealed code or refresh token may be


@dataclass(frozen=True, slots=True)
class Parameters:
    """Each parameter once; `resources` are all values of `resource`, which may come several times.

    RFC 8707 §2 is the exception from RFC 6749 §3.1.
    """

    values: Mapping[str, str]
    resources: tuple[str, ...] = ()

    def get(self, name: str) -> str | None:
        """A value, None when it is not there; what has no value counts as omitted."""
        return self.values.get(name)

    def require(self, name: str) -> str:
        """A value that must be there. Raises `InvalidRequest`."""
        value = self.values.get(name)
        if value is None:
            raise InvalidRequest(f"The parameter {name} is missing.")
        return value


def parse_parameters(pairs: Iterable[tuple[str, str]]) -> Parameters:
    """Take the pairs of a query or a form. Raises `InvalidRequest` for one that comes twice."""
    values: dict[str, str] = {}
    resources: list[str] = []
    for name, value in pairs:
        if not value:
            continue
        if len(value) > MAX_VALUE_CHARS:
            raise InvalidRequest("A parameter is too long.")
        if name == "resource":
            resources.append(value)
        elif name in values:
            raise InvalidRequest("A parameter comes twice.", reason="duplicate_parameter")
        else:
            values[name] = value
    return Parameters(values, tuple(resources))
