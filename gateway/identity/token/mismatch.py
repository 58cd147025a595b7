"""Refusals that name what was expected and what came instead, for the operator alone. Pure."""

import json
from collections.abc import Iterable

from gateway.errors import InvalidToken
from gateway.identity.reasons import TokenReason, refused
from gateway.refusal_facts import Mismatch

MAX_CHARS = 200
_MAX_MEMBERS = 5


def mismatched(
    reason: TokenReason, what: str, expected: Iterable[str], received: object
) -> InvalidToken:
    """A fresh error for `reason`; `what` is the claim or the header member."""
    error = refused(reason)
    error.mismatch = Mismatch(what, _few(sorted(expected)), show(received))
    return error


def show(value: object) -> str:
    """A value of a token, as JSON in ASCII, so that it cannot speak to a terminal; bounded."""
    if isinstance(value, list):
        value = [*(_scalar(each) for each in value[:_MAX_MEMBERS]), *(["…"] * _is_longer(value))]
    elif isinstance(value, dict):
        value = "an object"
    else:
        value = _scalar(value)
    text = json.dumps(value)
    return text if len(text) <= MAX_CHARS else text[:MAX_CHARS] + "…"


def _is_longer(value: list[object]) -> bool:
    return len(value) > _MAX_MEMBERS


def _scalar(value: object) -> object:
    if isinstance(value, str):
        return value[:MAX_CHARS]
    return value if isinstance(value, bool | int | float | None) else "…"


def _few(values: list[str]) -> tuple[str, ...]:
    shown = [each[:MAX_CHARS] for each in values[:_MAX_MEMBERS]]
    return (*shown, "…") if len(values) > _MAX_MEMBERS else tuple(shown)
