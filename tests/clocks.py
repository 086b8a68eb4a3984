"""A clock that stands still until a test moves it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch


class Clock:
    """Stands for ``time.time``, which caches ask too."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        """Let some time go by."""
        self.now += seconds


@contextmanager
def stopped_clock() -> Iterator[Clock]:
    """Let a test decide what time it is."""
    clock = Clock()
    with patch("time.time", clock):
        yield clock
