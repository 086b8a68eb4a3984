"""A server's lifespan: entered on first use, no ASGI lifespan needed.

The context manager lives in a task of its own, so that it is left by the
task that entered it. It is left when the ASGI server offers a lifespan and
says so, which is the only sure way (uvicorn and granian end themselves by the
signal they got); else when the event loop is wound up (``asyncio.run`` cancels
what still runs), or at exit, if the server just dropped its loop (daphne).
"""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any
from weakref import WeakKeyDictionary, ref

#: Seconds a context manager may take at exit.
AT_EXIT = 5.0


class _Running:
    """One entered lifespan, on one event loop."""

    def __init__(self) -> None:
        self.entered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.leave = asyncio.Event()
        self.task: asyncio.Task[None] | None = None


class Lifespan:
    """Enters a project's context manager once for each event loop."""

    __slots__ = ("__weakref__", "_factory", "_registered", "_running", "given")

    def __init__(
        self, factory: Callable[[], AbstractAsyncContextManager[Any]] | None
    ) -> None:
        self._factory = factory
        #: Whether there is anything to enter.
        self.given = factory is not None
        self._registered = False
        self._running: WeakKeyDictionary[asyncio.AbstractEventLoop, _Running] = (
            WeakKeyDictionary()
        )

    async def enter(self) -> Any:
        """Return what the context manager yielded, entering it if need be.

        When entering fails, so does every call that waited for it; the next
        one tries again.
        """
        if self._factory is None:
            return None
        loop = asyncio.get_running_loop()
        running = self._running.get(loop)
        if running is None:
            running = self._running[loop] = _Running()
            running.task = loop.create_task(self._run(running, self._factory))
            if not self._registered:
                self._registered = True
                atexit.register(_at_exit, ref(self))
        return await asyncio.shield(running.entered)

    async def close(self) -> None:
        """Leave the context manager, if it was entered on this loop."""
        running = self._running.pop(asyncio.get_running_loop(), None)
        if running is not None and running.task is not None:
            running.leave.set()
            await running.task

    def close_at_exit(self) -> None:
        """Run loops a little longer that a server stopped and did not close."""
        for loop in tuple(self._running):
            if loop.is_closed() or loop.is_running():
                continue
            with suppress(TimeoutError):
                loop.run_until_complete(asyncio.wait_for(self.close(), AT_EXIT))

    async def _run(
        self,
        running: _Running,
        factory: Callable[[], AbstractAsyncContextManager[Any]],
    ) -> None:
        try:
            async with factory() as value:
                running.entered.set_result(value)
                await running.leave.wait()
        except BaseException as error:
            if running.entered.done():
                raise
            self._running.pop(asyncio.get_running_loop(), None)
            running.entered.set_exception(error)


def _at_exit(seen: ref[Lifespan]) -> None:
    lifespan = seen()
    if lifespan is not None:
        lifespan.close_at_exit()
