"""Log lines that a flood of their cause cannot turn into a flood of lines."""

import logging
import time
from collections.abc import Callable

PAUSE_S = 60.0


class Seldom:
    """Lets a line through once in `pause_s` and then says how many were left out (`repeated`)."""

    def __init__(
        self,
        logger: logging.Logger,
        pause_s: float = PAUSE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._logger = logger
        self._pause_s = pause_s
        self._clock = clock
        self._told: dict[str, float] = {}
        self._left_out: dict[str, int] = {}

    def warn(self, message: str, **extra: object) -> None:
        """Log a warning, unless the same message was logged a moment ago.

        `message` is one of few: it is what is remembered.
        """
        now = self._clock()
        if message in self._told and now - self._told[message] < self._pause_s:
            self._left_out[message] = self._left_out.get(message, 0) + 1
            return
        self._told[message] = now
        repeated = self._left_out.pop(message, 0)
        if repeated:
            extra["repeated"] = repeated
        self._logger.warning(message, extra=extra)
