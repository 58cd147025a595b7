"""Percentiles of what was seen."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Percentiles:
    """In the unit of what was seen."""

    p50: float
    p99: float


def percentiles(seen: Sequence[float]) -> Percentiles:
    """Take the nearest rank; `seen` holds at least one value."""
    ordered = sorted(seen)
    return Percentiles(ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100])
