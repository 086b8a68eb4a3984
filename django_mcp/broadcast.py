"""What workers tell each other: changes, answers and cancellations.

Over the project's channel layer where there is one; within this process
where there is none. Callers subscribe a plain function, which runs on the
event loop and must not wait. Nothing runs until somebody subscribes.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import math
import re
from collections.abc import Callable
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from django_mcp.conf import conf

logger = logging.getLogger("django_mcp")

Listener: TypeAlias = Callable[[dict[str, Any]], None]

#: Seconds between two attempts to reach a channel layer that failed.
RETRY = 1.0
#: Groups of a layer expire (channels_redis: after a day); join them again.
REJOIN = 60 * 60


def topic(kind: str, name: str) -> str:
    """Return a topic, which is also a valid name of a channel layer's group."""
    if re.fullmatch(r"[A-Za-z0-9_.-]{1,60}", name) is None:
        name = hashlib.sha256(name.encode()).hexdigest()[:40]
    return f"django_mcp.{kind}.{name}"


class Bus:
    """The subscriptions of one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._listeners: dict[str, set[Listener]] = {}
        self._channel: str | None = None
        self._task: asyncio.Task[None] | None = None

    async def subscribe(self, name: str, listener: Listener) -> None:
        """Call ``listener`` with every message on a topic."""
        first = name not in self._listeners
        self._listeners.setdefault(name, set()).add(listener)
        layer = _layer()
        if layer is None or not first:
            return
        if self._channel is None:
            self._channel = await layer.new_channel("django_mcp")
        if not await _attempt(layer.group_add(name, self._channel)):
            _keep(self.loop.create_task(self._join(layer, name, self._channel)))
        if self._task is None:
            self._task = self.loop.create_task(self._receive(layer, self._channel))

    async def unsubscribe(self, name: str, listener: Listener) -> None:
        """Stop calling ``listener``."""
        listeners = self._listeners.get(name, set())
        listeners.discard(listener)
        if listeners:
            return
        self._listeners.pop(name, None)
        layer = _layer()
        if layer is not None and self._channel is not None:
            await _attempt(layer.group_discard(name, self._channel))
        if not self._listeners and self._task is not None:
            self._task.cancel()
            self._task = self._channel = None

    def deliver(self, name: str, message: dict[str, Any]) -> None:
        """Hand a message to this loop's subscribers."""
        for listener in tuple(self._listeners.get(name, ())):
            try:
                listener(message)
            except Exception:  # (one that fails must not deafen the others)
                logger.exception("A listener of %s failed", name)

    async def _join(self, layer: Any, name: str, channel: str) -> None:
        """Join a group, however long the layer stays away."""
        while name in self._listeners:
            if await _attempt(layer.group_add(name, channel)):
                return
            await asyncio.sleep(RETRY)

    async def _receive(self, layer: Any, channel: str) -> None:
        joined = self.loop.time()
        while not _is_cancelled():
            try:
                message = await layer.receive(channel)
            except Exception:  # (a layer may raise anything; we go on)
                if _is_cancelled():
                    return
                logger.warning("The channel layer failed; trying again", exc_info=True)
                await asyncio.sleep(RETRY)
                joined = -math.inf
                message = {}
            if self.loop.time() - joined > REJOIN:
                joined = self.loop.time()
                for name in tuple(self._listeners):
                    await self._join(layer, name, channel)
            if "topic" in message:
                self.deliver(message["topic"], message["message"])


_buses: WeakKeyDictionary[asyncio.AbstractEventLoop, Bus] = WeakKeyDictionary()


def bus() -> Bus:
    """Return the bus of the running loop."""
    loop = asyncio.get_running_loop()
    found = _buses.get(loop)
    if found is None:
        found = _buses[loop] = Bus(loop)
    return found


def _all_buses() -> list[tuple[asyncio.AbstractEventLoop, Bus]]:
    """Return the buses of all loops; threads may add theirs meanwhile."""
    loops = [seen() for seen in _buses.keyrefs()]
    found = [(loop, _buses.get(loop)) for loop in loops if loop is not None]
    return [(loop, bus) for loop, bus in found if bus is not None]


async def apublish(name: str, message: dict[str, Any]) -> None:
    """Tell every worker's subscribers of a topic."""
    layer = _layer()
    if layer is None:
        _deliver_here(name, message)
        return
    event = {"type": "django_mcp.message", "topic": name, "message": message}
    await _attempt(layer.group_send(name, event))


def publish(name: str, message: dict[str, Any]) -> None:
    """See `apublish`; from synchronous code of any thread, without waiting."""
    layer = _layer()
    if layer is None:
        _deliver_here(name, message)
        return
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        loop = None
    if loop is not None:
        _background(loop, name, message)
        return
    for serving, _ in _all_buses():
        if serving.is_running():
            serving.call_soon_threadsafe(_background, serving, name, message)
            return
    async_to_sync(apublish)(name, message)


_tasks: set[asyncio.Task[None]] = set()


def _background(
    loop: asyncio.AbstractEventLoop, name: str, message: dict[str, Any]
) -> None:
    _keep(loop.create_task(apublish(name, message)))


def _keep(task: asyncio.Task[None]) -> None:
    """Hold a task that nobody waits for: a loop alone would let it vanish."""
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


def _deliver_here(name: str, message: dict[str, Any]) -> None:
    """Without a layer there is only this process, but maybe several loops."""
    for loop, found in _all_buses():
        if loop.is_running():
            loop.call_soon_threadsafe(found.deliver, name, message)


def _layer() -> Any:
    return get_channel_layer(conf.CHANNEL_LAYER)


def _is_cancelled() -> bool:
    """Was this task cancelled, and the layer kept that to itself?

    (``asyncio.wait_for`` does so on Python 3.11, and redis waits with it.)
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _attempt(operation: Any) -> bool:
    """A layer that is away must not fail the call that had something to say."""
    try:
        await operation
    except Exception:  # (redis, sockets: a layer may raise anything)
        logger.warning("The channel layer failed", exc_info=True)
        return False
    return True
