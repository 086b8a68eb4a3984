"""A thread keeps its cache, whatever context it works in."""

from __future__ import annotations

import contextvars
import threading
from typing import Any

import pytest
from django.core.cache import InvalidCacheBackendError, caches
from django.core.cache.backends.locmem import LocMemCache

from django_mcp.caching import project_cache


class ClosingCache(LocMemCache):
    """Wants to be closed after each request, as Memcached does."""

    def close(self, **kwargs: Any) -> None:
        """See Django."""


LOCMEM = "django.core.cache.backends.locmem.LocMemCache"


def test_the_cache_is_the_same_one_in_every_context() -> None:
    assert contextvars.Context().run(project_cache) is project_cache()
    assert contextvars.Context().run(lambda: caches["default"]) is not caches["default"]


def test_another_thread_has_its_own() -> None:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(project_cache()))
    thread.start()
    thread.join()
    assert found[0] is not project_cache()
    project_cache().set("said", "here")
    assert found[0].get("said") == "here"


def test_it_is_the_one_that_the_settings_name(settings: Any) -> None:
    settings.CACHES = {
        name: {"BACKEND": LOCMEM, "LOCATION": f"caching {name}"}
        for name in ("default", "mcp")
    }
    project_cache().set("name", "default")
    settings.DJANGO_MCP = {"CACHE": "mcp"}
    assert project_cache().get("name") is None
    settings.DJANGO_MCP = {}
    assert project_cache().get("name") == "default"
    settings.CACHES = {"default": {"BACKEND": LOCMEM, "LOCATION": "caching, anew"}}
    assert project_cache().get("name") is None


def test_a_cache_that_is_closed_after_each_request_is_not_kept(settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.ClosingCache"}}
    assert contextvars.Context().run(project_cache) is not project_cache()
    assert project_cache() is caches["default"]


def test_a_cache_that_is_not_there_is_named(settings: Any) -> None:
    settings.DJANGO_MCP = {"CACHE": "nowhere"}
    with pytest.raises(InvalidCacheBackendError, match="nowhere"):
        project_cache()
