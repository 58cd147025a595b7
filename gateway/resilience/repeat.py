"""Work that is done again and again for as long as the gateway runs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import NoReturn

logger = logging.getLogger(__name__)


async def repeat(
    name: str, look: Callable[[], Awaitable[None]], pause_s: Callable[[], float]
) -> NoReturn:
    """Look, pause and look again until cancelled.

    A look that fails for a reason nobody foresaw is told of, once until one succeeds, and done
    again: its error would otherwise end the whole gateway, at each start anew.
    """
    is_failing = False
    while True:
        try:
            await look()
        except Exception:
            if not is_failing:
                logger.exception("unexpected failure; it is tried again", extra={"task": name})
            is_failing = True
        else:
            if is_failing:
                logger.info("works again", extra={"task": name})
            is_failing = False
        await asyncio.sleep(pause_s())
