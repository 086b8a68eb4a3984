"""The one crossing from the event loop into synchronous code.

Two ways, chosen by the transport: a bounded pool of long-lived threads, so
that database connections persist, and Django's single thread-sensitive
thread, which sees the transaction of a ``TestCase`` and of a WSGI worker.
Nothing is started until the first crossing.
"""

import contextvars
import os
import threading
import time
from collections.abc import Awaitable, Callable
from functools import lru_cache, partial
from typing import Any, TypeAlias, TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.dispatch import receiver
from django.urls import get_script_prefix, set_script_prefix

from django_mcp.conf import conf
from django_mcp.pool import Pool

T = TypeVar("T")

#: ``await cross(function, *args)``.
Cross: TypeAlias = Callable[..., Awaitable[Any]]

#: Seconds without a call after which a thread's connections are not trusted.
MAX_IDLE = 30.0


class _Thread(threading.local):
    """What a thread knows of itself."""

    def __init__(self) -> None:
        #: Its connections to databases, in the order in which they were made.
        self.connections: dict[BaseDatabaseWrapper, None] = {}
        #: When it last looked after them.
        self.used = 0.0


_thread = _Thread()


@receiver(connection_created)
def _remember(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Note a connection of this thread: asking Django for them takes longer."""
    _thread.connections[connection] = None
    _thread.used = time.monotonic()


#: Threads for what a call does beside its function.
ASIDE = 2


@lru_cache(maxsize=8)
def _pool(name: str, size: int, process: int) -> Pool:
    """Return a pool of this process: a forked child has no threads of its parent."""
    return Pool(name, size)


def _tidy() -> None:
    """Close the connections of this thread that nobody should use again.

    With ``CONN_MAX_AGE`` set, Django's own rule. Without it Django connects
    anew for each request, because its threads come and go; ours stay, and so
    does a connection in steady use.
    """
    if not _thread.connections:
        return
    now = time.monotonic()
    idle = now - _thread.used
    _thread.used = now
    for connection in _thread.connections:
        if connection.settings_dict["CONN_MAX_AGE"] != 0:
            connection.close_if_unusable_or_obsolete()
        elif connection.connection is not None and (
            idle > MAX_IDLE or _is_broken(connection)
        ):
            connection.close()


def _is_broken(connection: BaseDatabaseWrapper) -> bool:
    """Did an error break it, or did somebody leave a transaction open?"""
    # The attribute: the method would connect first, which tests may forbid.
    if connection.autocommit != connection.settings_dict["AUTOCOMMIT"]:
        return True
    if connection.errors_occurred:
        connection.errors_occurred = not connection.is_usable()
    return connection.errors_occurred


async def in_pool(function: Callable[..., T], *args: Any) -> T:
    """Run a synchronous function in the pool, in a copy of this context."""
    size = conf.now.THREADS
    if size == 0:
        return await in_django_thread(_anew, _prefixed, function, *args)
    run = partial(contextvars.copy_context().run, _tidied, _prefixed, function, *args)
    return await _pool("django_mcp", size, os.getpid()).run(run)


async def aside(function: Callable[..., T], *args: Any) -> T:
    """Run what a running call waits for, in threads that no call occupies.

    A synchronous tool holds its thread while it reports progress; in the same
    pool, enough of them would wait for each other for ever.
    """
    run = partial(_tidied, function, *args)
    return await _pool("django_mcp_aside", ASIDE, os.getpid()).run(run)


def _tidied(function: Callable[..., T], *args: Any) -> T:
    """Run with connections that are neither stale nor broken."""
    _tidy()
    return function(*args)


def _prefixed(function: Callable[..., T], *args: Any) -> T:
    """Run where addresses have the site's prefix, as Django's handlers see to."""
    if not settings.FORCE_SCRIPT_NAME:
        return function(*args)
    before = get_script_prefix()
    set_script_prefix(settings.FORCE_SCRIPT_NAME)
    try:
        return function(*args)
    finally:
        set_script_prefix(before)


def _anew(function: Callable[..., T], *args: Any) -> T:
    """Run as a request of Django's would, which no signal announces here."""
    close_old_connections()
    return function(*args)


async def in_django_thread(function: Callable[..., T], *args: Any) -> T:
    """Run a synchronous function where Django runs its own."""
    return await sync_to_async(function, thread_sensitive=True)(*args)
