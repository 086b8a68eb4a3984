"""A call that waits: while it does, somebody looks after its client.

A plain call needs none of this. One that has been quiet for `PATIENCE`
seconds is watched: does the client leave, does its stream need a sign of
life, does another worker send word, has its time run out?
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from django_mcp import dispatch
from django_mcp.conf import conf
from django_mcp.transports import running

if TYPE_CHECKING:
    from django_mcp.transports.exchange import Exchange

#: Seconds a call may at most be quiet before its client is looked after.
PATIENCE = 0.1


class Ended(Exception):
    """We ended the call ourselves: nobody wants it, or it took too long."""


class Watch:
    """Sees something that waits to its end, or ends it."""

    __slots__ = ("_companions", "_ending", "_exchange", "_task", "_timer", "waited")

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._task = asyncio.current_task()
        self._timer: asyncio.TimerHandle | None = None
        self._companions: list[asyncio.Task[None]] = []
        self._ending = False
        #: It was waiting already when the last round was made.
        self.waited = False

    async def over(self, waiting: Awaitable[Any]) -> Any:
        """Wait, and return what was waited for.

        Raises: Ended
        """
        rounds = _rounds(self._exchange.loop)
        rounds.add(self)
        try:
            return await waiting
        except asyncio.CancelledError:
            if not self._ending or self._task is None:
                raise
            self._task.uncancel()
            raise Ended from None
        finally:
            rounds.discard(self)
            if self._timer is not None:
                self._timer.cancel()
            for task in self._companions:
                task.cancel()

    def end(self) -> None:
        """Wait no longer."""
        self._ending = True
        if self._task is not None:
            self._task.cancel()

    def grow(self) -> bool:
        """It takes long: look after the client, if it is known what it wants."""
        exchange = self._exchange
        event, loop = exchange.event, exchange.loop
        if event is None:  # still finding out who is calling
            return False
        self._companions.append(loop.create_task(self._hear_leaving()))
        if exchange.may_stream:
            self._companions.append(loop.create_task(self._keep_alive()))
        if exchange.session is not None:
            reachable = self._be_reachable(exchange.session.id)
            self._companions.append(loop.create_task(reachable))
        seconds = dispatch.timeout(exchange.server, event)
        if seconds is not None and not exchange.batched:
            self._timer = loop.call_later(seconds, exchange.stop, True)
        return True

    async def _hear_leaving(self) -> None:
        exchange = self._exchange
        while (await exchange.receive())["type"] != "http.disconnect":
            pass
        if exchange.may_stream:
            exchange.stream().gone = True
        if exchange.event is not None and not exchange.event.revision.handshake:
            # Leaving is cancelling (2026-07-28, basic/patterns/cancellation);
            # before, it was not (2025-11-25, basic/transports).
            exchange.stop()

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(conf.KEEP_ALIVE)
            if not self._exchange.answering:
                await self._exchange.stream().keep_alive()

    async def _be_reachable(self, session_id: str) -> None:
        async with running.reachable(session_id):
            await asyncio.Event().wait()


class _Rounds:
    """The calls of one loop that wait, and the one timer they share.

    A timer for each call would cost more than most calls take.
    """

    __slots__ = ("_running", "_waiting")

    def __init__(self) -> None:
        self._waiting: dict[Watch, None] = {}
        self._running = False

    def add(self, watch: Watch) -> None:
        self._waiting[watch] = None
        if not self._running:
            self._running = True
            self._wind()

    def discard(self, watch: Watch) -> None:
        self._waiting.pop(watch, None)

    def _wind(self) -> None:
        asyncio.get_running_loop().call_later(PATIENCE / 2, self._make)

    def _make(self) -> None:
        """Look after who waited last time already."""
        self._running = bool(self._waiting)
        if self._running:
            self._wind()
        for watch in tuple(self._waiting):
            if not watch.waited:
                watch.waited = True
            elif watch.grow():
                self.discard(watch)


_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, _Rounds] = WeakKeyDictionary()


def _rounds(loop: asyncio.AbstractEventLoop) -> _Rounds:
    found = _by_loop.get(loop)
    if found is None:
        found = _by_loop[loop] = _Rounds()
    return found
