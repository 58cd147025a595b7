"""The two times: one that tells when, one that tells how long."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clocks:
    """`wall` is Unix seconds and may jump; `monotonic` never does and measures every wait."""

    wall: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
