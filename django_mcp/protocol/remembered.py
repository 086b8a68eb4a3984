"""What small values came to the last time: looked up, not worked out again. Pure.

Clients say the same with each message. What they say is a stranger's choice:
so nothing long is kept, and not much at all. A function that raises is asked
again.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

#: How much is kept, and how many characters or bytes each key may have.
MAX_KEPT, MAX_LENGTH = 512, 1024


class Remembered(Generic[T]):
    """A function, and its values by its arguments: strings, bytes or ``None``.

    Look into ``known`` first, which needs no call, and call it for what is not
    there. When there are too many values it begins anew.
    """

    __slots__ = ("_function", "known")

    def __init__(self, function: Callable[..., T]) -> None:
        self._function = function
        self.known: dict[tuple[str | bytes | None, ...], T] = {}

    def __call__(self, *key: str | bytes | None) -> T:
        value = self._function(*key)
        if sum(len(part) for part in key if part is not None) <= MAX_LENGTH:
            if len(self.known) >= MAX_KEPT and key not in self.known:
                self.known.clear()
            self.known[key] = value
        return value
