"""Threads that run functions for tasks of an event loop, and the way to them.

Knows nothing of Django, of settings or of calls; ``threads.py`` decides what
runs here and what a thread sees to before.
"""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


class Crossing:
    """A function on its way through a thread, and the task that waits for it.

    Future-like, as `asyncio.isfuture` has it. A ``Future`` would be told on the
    loop, and wake its task a round later; here the thread wakes the task. And
    the thread gets the function when the task has gone to sleep, so nothing
    can end too early.
    """

    __slots__ = (
        "_asyncio_future_blocking",
        "_callback",
        "_cancelled",
        "_context",
        "_ended",
        "_error",
        "_function",
        "_loop",
        "_message",
        "_pool",
        "_value",
    )

    def __init__(self, pool: Pool, function: Callable[[], Any]) -> None:
        self._pool = pool
        self._function = function
        self._loop = asyncio.get_running_loop()
        self._value: Any = None
        self._error: BaseException | None = None
        self._cancelled = False
        self._message: Any = None
        self._asyncio_future_blocking = False
        #: Whoever takes the one item, the thread or a cancellation, wakes the task.
        self._ended = [True]

    def __await__(self) -> Generator[Any, None, Any]:
        self._asyncio_future_blocking = True
        try:
            yield self
            return self.result()
        finally:
            del self  # or the traceback of its error would hold it, and it the error

    # -- what a task asks of it (asyncio/tasks.py) ---------------------------

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop of the task."""
        return self._loop

    def add_done_callback(
        self,
        callback: Callable[[Any], object],
        *,
        context: contextvars.Context | None = None,
    ) -> None:
        """Begin: the task sleeps, and ``callback`` wakes it."""
        self._callback: Callable[[Any], object] | None = callback
        self._context = context
        try:
            self._pool.take(self)
        except RuntimeError as error:  # no thread to be had, and nobody to wake it
            self._error = error
            self.wake()

    def cancel(self, msg: Any = None) -> bool:
        """Wait no longer. A function that runs goes on, and nobody hears of it."""
        if not self._end():
            return False
        self._cancelled, self._message = True, msg
        callback, context = self._waker()
        self._loop.call_soon(callback, self, context=context)
        return True

    def result(self) -> Any:
        """Return what the function returned, or raise what it raised."""
        try:
            if self._cancelled:
                # Its words tell those who cancelled that it was they (anyio).
                said = () if self._message is None else (self._message,)
                raise asyncio.CancelledError(*said)
            if self._error is not None:
                raise self._error
            return self._value
        finally:
            del self  # see `__await__`

    # -- in the thread -------------------------------------------------------

    def run(self) -> None:
        """Run the function, unless the call was given up while it waited."""
        try:
            if not self._cancelled:
                self._value = self._function()
        except StopIteration:
            # Nothing that is awaited can raise it (PEP 479).
            self._error = RuntimeError("The function raised StopIteration.")
        except BaseException as raised:  # it belongs to whoever waits for it
            self._error = raised
        finally:
            del self  # see `__await__`

    def wake(self) -> None:
        """Wake the task, if it still sleeps."""
        if self._end():
            callback, context = self._waker()
            with suppress(RuntimeError):  # that loop has ended
                self._loop.call_soon_threadsafe(callback, self, context=context)

    def _waker(self) -> tuple[Any, contextvars.Context | None]:
        """Hand out what wakes the task, and keep no hold of the task.

        A function that hangs may keep us, but not all that its call had.
        """
        found = self._callback, self._context
        self._callback = self._context = None
        return found

    def _end(self) -> bool:
        try:
            return self._ended.pop()
        except IndexError:
            return False


class Pool:
    """A few long-lived threads that run functions for event loops.

    ``ThreadPoolExecutor`` would do, at twice the price for each crossing: it
    makes a thread-safe future, and another one to await it. These threads are
    daemons: a tool that never ends must not keep a process from ending.
    """

    def __init__(self, name: str, size: int) -> None:
        self._name = name
        self._size = size
        self._work: queue.SimpleQueue[Crossing] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        #: Functions that wait or run, whether anybody waits for them or not.
        self._unfinished = 0

    async def run(self, function: Callable[[], T]) -> T:
        """Run a function in one of the threads."""
        return await Crossing(self, function)  # type: ignore[no-any-return]

    def take(self, crossing: Crossing) -> None:
        """Let one of the threads run it, as soon as one has time."""
        with self._lock:
            self._unfinished += 1
            if self._unfinished > len(self._threads) < self._size:
                try:
                    self._start()
                except RuntimeError:  # the system has no more: those we have must do
                    if not self._threads:
                        self._unfinished -= 1
                        raise
        self._work.put(crossing)

    def _start(self) -> None:
        name = f"{self._name}_{len(self._threads)}"
        thread = threading.Thread(target=self._serve, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _serve(self) -> None:
        while True:
            crossing = self._work.get()
            crossing.run()
            with self._lock:
                self._unfinished -= 1
            crossing.wake()
            del crossing
