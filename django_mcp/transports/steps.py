"""Run a coroutine to its first wait, and the rest of it later.

A call that never waits is over after the first step, and nothing that looks
after waiting calls has to be set up for it.
"""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from types import CoroutineType, GeneratorType
from typing import Any

#: What goes on later: a coroutine, or one that speaks a language of its own.
AWAITED: tuple[type[Any], ...] = (CoroutineType, GeneratorType)


class Rest:
    """What is left of a coroutine that began to wait; await it.

    ``waiting`` is what the coroutine yielded to the event loop; it is handed
    on as ``yield from`` would (PEP 380).
    """

    __slots__ = ("_coroutine", "_waiting")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], waiting: Any) -> None:
        self._coroutine = coroutine
        self._waiting = waiting

    def __await__(self) -> Generator[Any, Any, Any]:
        coroutine, waiting = self._coroutine, self._waiting
        while True:
            value = error = None
            try:
                value = yield waiting
            except BaseException as raised:  # a cancellation: the coroutine's to see
                error = raised
            try:
                waiting = coroutine.throw(error) if error else coroutine.send(value)
            except StopIteration as ended:
                return ended.value
