"""System checks of limits: rates that can be read, and a cache that can count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.cache import InvalidCacheBackendError, caches
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured

from django_mcp.conf import conf, is_shared
from django_mcp.server import MCPServer, all_servers
from django_mcp.throttling import counts_in_steps, throttles_from


@register(Tags.security)
def check_throttles(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """E050: the rates can be read, and the function that knows callers be called."""
    try:
        throttles_from(conf.THROTTLES)
    except ImproperlyConfigured as error:
        return [
            Error(
                f"DJANGO_MCP['THROTTLES']: {error}",
                hint='Write it as {"address": "300/min", "user": "120/min"}.',
                id="django_mcp.E050",
            )
        ]
    return []


@register(Tags.security)
def check_proxies(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """E051: the number of trusted proxies is a number."""
    proxies = conf.TRUSTED_PROXIES
    if type(proxies) is int and proxies >= 0:
        return []
    return [
        Error(
            "DJANGO_MCP['TRUSTED_PROXIES'] must be a number of proxies, or 0.",
            id="django_mcp.E051",
        )
    ]


@register(Tags.caches, deploy=True)
def check_counting_cache(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """W050: all workers count together, and no call slips through."""
    problem = _problem_of_cache() if any(map(_counts, all_servers)) else ""
    if not problem:
        return []
    return [
        Warning(
            f"The cache {problem}, so that more calls pass than the limits say.",
            hint=f"Use Redis or Memcached for CACHES[{conf.CACHE!r}].",
            id="django_mcp.W050",
        )
    ]


def _problem_of_cache() -> str:
    if not is_shared(conf.CACHE):
        return "is not shared between workers"
    try:
        cache = caches[conf.CACHE]
    except InvalidCacheBackendError:  # said by E007, or by Django
        return ""
    return "reads and writes to count, in two steps" if counts_in_steps(cache) else ""


def _counts(server: MCPServer) -> bool:
    try:
        if server.throttles or any(
            toolset.throttle for toolset in server.toolsets.values()
        ):
            return True
    except (ImproperlyConfigured, ImportError):  # said by E050, or by E005
        return False
    registry = server.registry
    shelves = (registry.tools, registry.resources, registry.templates, registry.prompts)
    return any(primitive.throttle for shelf in shelves for primitive in shelf)
