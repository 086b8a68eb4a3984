"""Two workers behind one proxy: what one hears, the other knows."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.transports.servers import make_database, serving
from tests.transports.test_servers import (
    PATIENCE,
    Session,
    Stream,
    call,
    fate,
    post,
    running,
    streamed,
    text,
)
from tests.wire import note, stateless

pytestmark = pytest.mark.redis


@pytest.fixture(scope="module")
def shared() -> dict[str, Any]:
    """Settings that let two processes hear each other."""
    redis = os.environ["DJANGO_MCP_TEST_REDIS"]
    layer = {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            "hosts": [{"address": redis, "socket_timeout": None}],
            "prefix": f"workers{time.time_ns()}",
        },
    }
    cache = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": redis,
    }
    return {"CHANNEL_LAYERS": {"default": layer}, "CACHES": {"default": cache}}


@pytest.fixture(scope="module")
def workers(
    shared: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """The URLs of two workers that share settings and nothing else."""
    place: Path = tmp_path_factory.mktemp("served")
    make_database(place)
    with (
        serving("uvicorn", place, **shared) as one,
        serving("uvicorn", place, **shared) as other,
    ):
        yield one.url, other.url
    assert "django_mcp" not in one.log, one.log
    assert "django_mcp" not in other.log, other.log


@pytest.fixture(params=["/mcp", "/view"])
def urls(request: pytest.FixtureRequest, workers: tuple[str, str]) -> list[str]:
    return [url + request.param for url in workers]


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
        yield client


async def test_a_change_in_one_worker_reaches_the_streams_of_the_other(
    urls: list[str], client: httpx.AsyncClient
) -> None:
    one, other = urls
    session = await Session(client, one).open()
    wanted = {"toolsListChanged": True, "resourceSubscriptions": ["test://a"]}
    sent = stateless("subscriptions/listen", {"notifications": wanted}, "s")
    accept = session.headers | {"accept": "text/event-stream"}
    async with (
        streamed(client, one, sent) as listening,
        client.stream("GET", one, headers=accept) as response,
    ):
        own = Stream(response)
        await listening.message()
        await own.line(":")
        await post(client, other, call("change", what=f"tool_{time.monotonic_ns()}"))
        expected = "notifications/tools/list_changed"
        assert (await listening.message())["method"] == expected
        assert (await own.message())["method"] == expected
        await post(client, other, call("change", what="test://a"))
        assert (await listening.message())["params"]["uri"] == "test://a"


async def test_an_answer_to_one_worker_reaches_the_call_in_the_other(
    urls: list[str], client: httpx.AsyncClient
) -> None:
    one, other = urls
    session = await Session(client, one).open()
    async with session.stream(session.call("greet")) as stream:
        question = await stream.message()
        given = {"action": "accept", "content": {"name": "Ada"}}
        reply = {"jsonrpc": "2.0", "id": question["id"], "result": given}
        assert await session.send(reply, other) == 202
        assert text(await stream.message()) == "Hello, Ada!"


async def test_a_session_that_ended_in_one_worker_soon_ends_in_the_other(
    urls: list[str], client: httpx.AsyncClient
) -> None:
    one, other = urls
    session = await Session(client, one).open()
    sent = session.call("echo", text="hello")
    assert await session.send(sent, other) == 200
    await client.delete(one, headers=session.headers)
    begin = time.monotonic()
    while await session.send(sent, other) != 404:
        assert time.monotonic() - begin < 3
        await asyncio.sleep(0.05)


async def test_a_cancellation_reaches_the_call_in_the_other_worker(
    urls: list[str], client: httpx.AsyncClient
) -> None:
    one, other = urls
    session = await Session(client, one).open()
    name = f"cancelled {time.monotonic_ns()}"
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(session.send(session.call("hang", 7, name=name)))
        await running(client, one, name)
        # A call that has just begun is not reachable from elsewhere yet.
        await asyncio.sleep(0.3)
        cancelled = note("notifications/cancelled", {"requestId": 7})
        assert await session.send(cancelled, other) == 202
    assert await fate(client, one, name) == "cancelled"


async def test_workers_count_together_however_many_call_at_once(
    shared: dict[str, Any], tmp_path: Path, client: httpx.AsyncClient
) -> None:
    cache = {**shared["CACHES"]["default"], "KEY_PREFIX": f"workers{time.time_ns()}"}
    counting = {
        **shared,
        "CACHES": {"default": cache},
        "DJANGO_MCP": {
            "AUTHENTICATORS": ["django_mcp.auth.AllowAnonymous"],
            "THROTTLES": {"address": "20/hour"},
        },
    }
    with (
        serving("uvicorn", tmp_path, **counting) as one,
        serving("uvicorn", tmp_path, **counting) as other,
    ):
        urls = [f"{one.url}/mcp", f"{other.url}/mcp", f"{other.url}/view"]
        sent = call("echo", text="hello")
        answers = await asyncio.gather(
            *(post(client, urls[number % 3], sent) for number in range(60))
        )
    assert sorted(answer.status_code for answer in answers) == [200] * 20 + [429] * 40
    refused = [answer for answer in answers if answer.status_code == 429]
    assert all(0 < int(answer.headers["retry-after"]) <= 3600 for answer in refused)
