"""What the log says once a minute, however often it happens."""

from __future__ import annotations

import math
import time

#: Seconds between two lines about the same trouble.
QUIET = 60.0


class Seldom:
    """One trouble, and when it was last told."""

    def __init__(self) -> None:
        self._told = -math.inf

    def due(self) -> bool:
        """Return whether to tell it now; then not again for a while."""
        now = time.monotonic()
        if now - self._told < QUIET:
            return False
        self._told = now
        return True

    def forget(self) -> None:
        """Tell it at once if it happens again."""
        self._told = -math.inf
