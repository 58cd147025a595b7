"""The answer to "may this caller": a value, never an exception."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allow:
    """The caller may go on."""


@dataclass(frozen=True, slots=True)
class Deny:
    """The caller may not go on.

    `missing_scopes` is everything that the operation asks for when a broader token would
    help, and empty when none would: a client must not step up for a group that it lacks.
    `reason` is a word of a closed set, for metrics and audit.
    """

    reason: str
    missing_scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can say now: what the rule asks about is not known. `reason` as for `Deny`."""

    reason: str


Decision = Allow | Deny | Unknown

ALLOWED = Allow()
