"""Each mistake about limits has an id."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks

from django_mcp import MCPServer
from tests.test_throttling import by_name

OPEN = {"AUTHENTICATORS": ["django_mcp.auth.AllowAnonymous"], "PROMPT_TEMPLATES": False}
LOCMEM = "django.core.cache.backends.locmem.LocMemCache"
REDIS = "django.core.cache.backends.redis.RedisCache"
FILES = "django.core.cache.backends.filebased.FileBasedCache"


async def abroad(principal: Any, address: str) -> str:
    """Would never be awaited."""
    return address


def ids(*, deploy: bool = False) -> list[str]:
    found = run_checks(include_deployment_checks=deploy, databases=[])
    ours = {f"django_mcp.{i}" for i in ("E050", "E051", "W050")}
    return sorted(message.id[-4:] for message in found if message.id in ours)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"THROTTLES": {}}, []),
        ({"THROTTLES": {"user": "9/s", "address": ["9/s", "9/min sliding"]}}, []),
        ({"THROTTLES": {"user": "1/s", "key": by_name}}, []),
        ({"THROTTLES": {"user": "1/s", "key": "tests.test_throttling.by_name"}}, []),
        ({"THROTTLES": "9/s"}, ["E050"]),
        ({"THROTTLES": {"user": "often"}}, ["E050"]),
        ({"THROTTLES": {"user": 9}}, ["E050"]),
        ({"THROTTLES": {"users": "9/s"}}, ["E050"]),
        ({"THROTTLES": {"key": "nowhere.at_all"}}, ["E050"]),
        ({"THROTTLES": {"key": 7}}, ["E050"]),
        ({"THROTTLES": {"key": f"{__name__}.abroad"}}, ["E050"]),
        ({"TRUSTED_PROXIES": 2}, []),
        ({"TRUSTED_PROXIES": -1}, ["E051"]),
        ({"TRUSTED_PROXIES": True}, ["E051"]),
        ({"TRUSTED_PROXIES": "10.0.0.0/8"}, ["E051"]),
    ],
)
def test_a_wrong_setting_is_named(
    settings: Any, given: Any, expected: list[str]
) -> None:
    settings.DJANGO_MCP = OPEN | given
    assert ids() == expected


@pytest.mark.parametrize(
    ("backend", "throttles", "expected"),
    [
        (LOCMEM, {"user": "9/s"}, ["W050"]),
        (FILES, {"user": "9/s"}, ["W050"]),
        (REDIS, {"user": "9/s"}, []),
        (LOCMEM, {}, []),
    ],
)
def test_a_cache_that_cannot_count_for_all_workers_is_named(
    settings: Any, tmp_path: Any, backend: str, throttles: Any, expected: list[str]
) -> None:
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": str(tmp_path)}}
    settings.DJANGO_MCP = OPEN | {"THROTTLES": throttles}
    assert ids(deploy=True) == expected
    assert ids() == []


def test_the_rate_of_one_tool_needs_such_a_cache_too(settings: Any) -> None:
    server = MCPServer("throttled", throttles={})
    assert ids(deploy=True) == []

    @server.tool(throttle="1/s")
    def tool() -> None: ...

    assert ids(deploy=True) == ["W050"]
    settings.DJANGO_MCP = OPEN | {"CACHE": "nowhere"}
    assert ids(deploy=True) == []


def test_broken_settings_are_told_once(settings: Any) -> None:
    settings.DJANGO_MCP = {"AUTHENTICATORS": ["no.where"], "THROTTLES": {"user": "x"}}
    assert ids(deploy=True) == ["E050"]
