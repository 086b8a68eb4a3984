"""Django's cache, kept for as long as a thread lives.

``django.core.cache.caches`` has an instance for each context, and over ASGI
each request is a context of its own: a cache that holds connections would
connect anew for every call (https://code.djangoproject.com/ticket/35651).
Here a thread keeps its instance, as it does under WSGI, unless it is a cache
that Django closes after each request. What is cached, and for how long, is up
to those who ask.
"""

from __future__ import annotations

import threading
from typing import Any

from django.core.cache import BaseCache, caches

from django_mcp.conf import conf


class _Kept(threading.local):
    """What a thread keeps."""

    def __init__(self) -> None:
        #: ``settings.CACHES`` that the instances were made of.
        self.settings: Any = None
        self.instances: dict[str, BaseCache] = {}


_kept = _Kept()


def project_cache() -> BaseCache:
    """Return the cache of the setting ``CACHE``; only for this thread."""
    if _kept.settings is not caches.settings:
        _kept.settings, _kept.instances = caches.settings, {}
    alias = conf.now.CACHE
    kept = _kept.instances.get(alias)
    if kept is None:
        found = caches[alias]
        if type(found).close is not BaseCache.close:
            return found  # it must not outlive a request (Memcached)
        kept = _kept.instances[alias] = caches.create_connection(alias)
    return kept
