"""Turns tables of attacks into test parameters, each marked with the requirement it proves."""

from collections.abc import Sequence
from typing import Protocol

import pytest
from _pytest.mark.structures import ParameterSet


class Attack(Protocol):
    """One row of a table."""

    @property
    def requirement(self) -> str: ...
    @property
    def name(self) -> str: ...


def cases(*tables: Sequence[Attack]) -> list[ParameterSet]:
    """One parameter per row."""
    return [
        pytest.param(
            attack,
            id=f"{attack.requirement} {attack.name}"[:60],
            marks=pytest.mark.requirement(attack.requirement),
        )
        for table in tables
        for attack in table
    ]
