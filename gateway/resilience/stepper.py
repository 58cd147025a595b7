"""Runs a coroutine without a task for as long as it waits for nothing but a `Pending`.

A task costs a turn of the event loop at its start and one for each wait, some 10 µs for a request
that waits once, for its upstream. Where a coroutine waits for anything else it goes on in a task.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context
from types import coroutine as generator_based
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")
logger = logging.getLogger(__name__)


class Pending(Generic[T]):
    """A value that is to come. Setting it runs whoever waits, at once and to the next wait.

    One waiter only. A task that waits for it takes it for a future (`asyncio.isfuture`), and is
    woken by the loop as by any other.
    """

    __slots__ = ("_asyncio_future_blocking", "_error", "_is_done", "_loop", "_value", "_waiter")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._asyncio_future_blocking = False
        self._error: BaseException | None = None
        self._is_done = False
        self._loop = loop
        self._value: T | None = None
        self._waiter: Callable[[Pending[T]], object] | None = None

    def __await__(self) -> Generator["Pending[T]", None, T]:
        if not self._is_done:
            self._asyncio_future_blocking = True
            yield self
        return self.result()

    def done(self) -> bool:
        """Whether there is a value or an error."""
        return self._is_done

    def cancelled(self) -> bool:
        """Whether the wait was cancelled."""
        return isinstance(self._error, asyncio.CancelledError)

    def result(self) -> T:
        """The value; raises the error that was set instead."""
        if self._error is not None:
            raise self._error
        return cast(T, self._value)

    def exception(self) -> BaseException | None:
        """The error that was set; raises it when that is a cancellation."""
        if self.cancelled():
            raise cast(BaseException, self._error)
        return self._error

    def set_result(self, value: T) -> None:
        """Give the value."""
        self._value = value
        self._finish()

    def set_exception(self, error: BaseException) -> None:
        """Give an error in its place."""
        self._error = error
        self._finish()

    def cancel(self, msg: object = None) -> bool:
        """Cancel whoever waits; False when that is over."""
        if self._is_done:
            return False
        self.set_exception(asyncio.CancelledError() if msg is None else asyncio.CancelledError(msg))
        return True

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """The loop that tasks which wait for this run on."""
        return self._loop

    def call_back(self, waiter: Callable[["Pending[T]"], object]) -> None:
        """Have `waiter` called at once when this is done."""
        self._asyncio_future_blocking = False
        self._waiter = waiter

    def add_done_callback(
        self, waiter: Callable[["Pending[T]"], object], *, context: Context | None = None
    ) -> None:
        """Have `waiter` called by the loop when this is done; for tasks."""
        loop = self._loop
        if self._is_done:
            loop.call_soon(waiter, self, context=context)
        else:
            self._waiter = lambda done: loop.call_soon(waiter, done, context=context)

    def remove_done_callback(self, waiter: object) -> int:
        """Call nobody; for `asyncio.wait`, which was cancelled."""
        self._waiter = None
        return 1

    def _finish(self) -> None:
        self._is_done = True
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            waiter(self)


class Stepper:
    """One coroutine under way. Its tasks, if it needs any, are those of `group`.

    The coroutine handles its own errors: one that it does not is logged, since it concerns neither
    `group` nor whoever set what it waited for. `on_end` is called once, whatever became of it.
    """

    __slots__ = (
        "_coroutine",
        "_group",
        "_has_begun_task",
        "_is_cancelled",
        "_on_end",
        "_task",
        "_waits_for",
    )

    def __init__(
        self,
        coroutine: Coroutine[Any, Any, None],
        group: asyncio.TaskGroup,
        on_end: Callable[[], None],
    ) -> None:
        self._coroutine = coroutine
        self._group = group
        self._on_end = on_end
        self._has_begun_task = self._is_cancelled = False
        self._task: asyncio.Task[None] | None = None
        self._waits_for: Pending[Any] | None = None

    def step(self, _: object = None) -> None:
        """Go on to the next wait, or to the end."""
        self._waits_for = None
        try:
            waits_for = self._coroutine.send(None)
        except (StopIteration, asyncio.CancelledError):
            pass
        except Exception:
            logger.exception("unexpected failure")
        else:
            self._wait(waits_for)
            return
        self._on_end()

    def cancel(self) -> None:
        """Cancel the coroutine where it waits, or at its next wait."""
        if self._waits_for is not None:
            self._waits_for.cancel()
        elif self._task is not None and self._has_begun_task:
            self._task.cancel()
        else:
            self._is_cancelled = True

    def _wait(self, waits_for: object) -> None:
        if type(waits_for) is not Pending:
            self._task = self._group.create_task(self._go_on(waits_for))
            return
        self._waits_for = waits_for
        waits_for.call_back(self.step)
        if self._is_cancelled:
            self._is_cancelled = False  # what it cleans up may wait
            waits_for.cancel()

    async def _go_on(self, waits_for: object) -> None:
        self._has_begun_task = True
        if self._is_cancelled and self._task is not None:
            # Not before: a task that is cancelled before it begins never runs the coroutine's end.
            self._task.cancel()
        try:
            await _resume(self._coroutine, waits_for)
        except asyncio.CancelledError:
            pass  # the coroutine's own; nobody waits for this task
        except Exception:
            logger.exception("unexpected failure")
        self._on_end()


@generator_based
def _resume(coroutine: Coroutine[Any, Any, None], waits_for: object) -> Generator[Any, Any, None]:
    while True:
        try:
            value = yield waits_for
        except BaseException as error:  # noqa: BLE001  # a cancellation is the coroutine's too
            step: Callable[[Any], object] = coroutine.throw
            argument: object = error
        else:
            step, argument = coroutine.send, value
        try:
            waits_for = step(argument)
        except StopIteration:
            return


class _Turn:
    """One turn of the loop: what a bare `yield` is to a task."""

    __slots__ = ()

    def __await__(self) -> Generator[None, None, None]:
        yield


async def enter_task() -> None:
    """Go on in a task. Whatever uses `asyncio.timeout` or `asyncio.current_task` needs one."""
    await _Turn()
