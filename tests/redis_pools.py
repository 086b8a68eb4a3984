"""A pool of Redis connections that are counted, and closed when a test ends.

Django leaves both to the garbage collector.
"""

from __future__ import annotations

import os
from typing import Any, ClassVar

from redis import ConnectionPool

CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": os.environ.get("DJANGO_MCP_TEST_REDIS", ""),
        "OPTIONS": {"pool_class": "tests.redis_pools.CountedPool"},
    }
}


class CountedPool(ConnectionPool):
    """For ``OPTIONS["pool_class"]`` of a cache."""

    all: ClassVar[list[CountedPool]] = []
    #: Connections made since `hang_up`.
    connected: ClassVar[int] = 0

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        CountedPool.all.append(self)

    def make_connection(self) -> Any:
        """See redis."""
        CountedPool.connected += 1
        return super().make_connection()


def hang_up() -> None:
    """Close what all threads opened."""
    for pool in CountedPool.all:
        pool.disconnect()
    CountedPool.all.clear()
    CountedPool.connected = 0
