"""The answer to "may this caller": a value, never an exception."""

from collections.abc import Iterable
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


def all_hold(decisions: Iterable[Decision]) -> Decision:
    """Allow when all do.

    A denial that no scope can mend comes before one that a scope can: it would be no use to
    send somebody for a scope who is not meant to be here. What is unknown comes last.
    """
    scopes: frozenset[str] = frozenset()
    unknown: Unknown | None = None
    for decision in decisions:
        if isinstance(decision, Deny):
            if not decision.missing_scopes:
                return decision
            scopes |= decision.missing_scopes
        elif isinstance(decision, Unknown):
            unknown = unknown or decision
    if scopes:
        return Deny("scope_missing", scopes)
    return unknown or ALLOWED


def any_holds(decisions: Iterable[Decision]) -> Decision:
    """Allow when one does; else what is unknown, then the fewest scopes that would help."""
    unknown: Unknown | None = None
    denied: Deny | None = None
    for decision in decisions:
        match decision:
            case Allow():
                return decision
            case Unknown():
                unknown = unknown or decision
            case Deny():
                denied = decision if denied is None else _easier(denied, decision)
    return unknown or denied or Deny("not_allowed")


def _easier(first: Deny, second: Deny) -> Deny:
    if not second.missing_scopes:
        return first
    if not first.missing_scopes or len(second.missing_scopes) < len(first.missing_scopes):
        return second
    return first
