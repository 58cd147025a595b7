"""Allowances that replicas share: the generic cell rate algorithm of ITU-T I.371, in one store."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Cell:
    """What is to be used of one allowance: `count` of `times` in each `period_s` seconds.

    `owner` groups the cells of one caller, so that a cluster keeps them together.
    """

    owner: str
    name: str
    times: int
    period_s: float
    count: int = 1


@runtime_checkable
class SharedRates(Protocol):
    """A store that keeps allowances for all replicas."""

    async def take_all(self, cells: Sequence[Cell]) -> tuple[int, float] | None:
        """Use all of them, or none: then the first that is used up, and the seconds to wait.

        Raises `StoreUnavailable`.
        """
        ...
