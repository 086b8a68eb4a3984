"""Calls that wait for a thread, or run in one: one line for the whole process.

Those who run have their thread and are not asked again; an answer of a client,
what it cancels, and its streams do not stand in line, because calls that run
wait for them. In front of a project only: under the view there are Django's own
threads, one for each request.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import TypeVar

from django_mcp.conf import conf
from django_mcp.seldom import Seldom

T = TypeVar("T")

logger = logging.getLogger("django_mcp")

#: A set and no number: several loops may add and take away at the same moment.
_calls: set[object] = set()
_told = Seldom()


def is_full() -> bool:
    """Do ``MAX_WAITING`` calls wait for a thread?"""
    values = conf.now
    threads = max(1, values.THREADS)
    if len(_calls) < threads + values.MAX_WAITING:
        return False
    if _told.due():
        logger.error(
            "%d calls wait for one of %d THREADS, and more are refused",
            values.MAX_WAITING,
            threads,
        )
    return True


async def through(call: object, waiting: Awaitable[T]) -> T:
    """Let a call stand in line until a thread has done its part, or it is given up."""
    _calls.add(call)
    try:
        return await waiting
    finally:
        _calls.discard(call)
