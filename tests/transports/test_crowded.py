"""What a client meets when too many calls wait for a thread."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.urls import path

from django_mcp import MCPServer, sessions, threads
from tests.wire import REVISIONS, Client, Named

ORIGIN = {"origin": "http://testserver"}


class Shop:
    """A server with one thread, and a tool that holds it."""

    def __init__(self, **options: Any) -> None:
        self.held, self.open = threading.Semaphore(0), threading.Event()
        self.server = MCPServer("shop", **options)
        self.server.tool(self.hold, read_only=True)
        self.server.tool(self.look, read_only=True)

    def hold(self) -> str:
        """Wait until the door opens."""
        self.held.release()
        return "open" if self.open.wait(10) else "shut"

    async def look(self) -> str:
        """Need no thread."""
        return "seen"


@pytest.fixture
def shop(settings: Any) -> Iterator[Shop]:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "THREADS": 1, "MAX_WAITING": 2}
    sessions.forget_all()
    threads._crowded.forget()
    shop = Shop(authenticators=[Named()])
    yield shop
    shop.open.set()


async def held(shop: Shop) -> None:
    async with asyncio.timeout(5):
        while not shop.held.acquire(blocking=False):
            await asyncio.sleep(0.001)


@asynccontextmanager
async def crowd(shop: Shop, client: Client) -> Any:
    """Occupy the thread, and let as many calls wait as may; then open the door."""
    calls = [asyncio.create_task(client.call("hold"))]
    await held(shop)
    calls += [asyncio.create_task(client.call("hold")) for _ in range(2)]
    async with asyncio.timeout(5):
        while not threads.is_crowded():
            await asyncio.sleep(0.001)
    yield calls
    shop.open.set()
    assert [answer.text for answer in await asyncio.gather(*calls)] == ["open"] * 3


@pytest.fixture(params=REVISIONS)
async def client(request: Any, shop: Shop) -> Client:
    client = Client(shop.server.asgi, request.param, headers=ORIGIN)
    return await client.open()


async def test_a_call_that_finds_no_thread_is_told_to_come_again(
    shop: Shop, client: Client
) -> None:
    async with crowd(shop, client):
        answer = await client.call("hold")
        assert (answer.status, answer.code) == (503, 503)
        assert answer.body["id"]
        seconds = int(answer.headers["retry-after"])
        assert answer.data == {"retryAfter": seconds}
        assert answer.headers["access-control-allow-origin"] == ORIGIN["origin"]
    assert (await client.call("hold")).text == "open"


async def test_who_needs_no_thread_is_served_all_the_same(
    shop: Shop, client: Client
) -> None:
    async with crowd(shop, client):
        assert (await client.call("look")).text == "seen"
        assert (await client.ask("tools/list")).status == 200


async def test_a_refused_call_is_over(shop: Shop) -> None:
    """Its id may be used again, and its end is no news to the session."""
    client = await Client(shop.server.asgi, "2025-11-25").open()
    async with crowd(shop, client):
        sent = client.message("tools/call", {"name": "hold"})
        assert [(await client.send(sent)).status for _ in range(2)] == [503, 503]
    assert (await client.send(sent)).text == "open"


async def test_a_batch_is_refused_whole(shop: Shop) -> None:
    client = await Client(shop.server.asgi, "2025-03-26").open()
    async with crowd(shop, client):
        pings = [client.message("ping") for _ in range(2)]
        answer = await client.send(pings)
        assert (answer.status, answer.code) == (503, 503)
        assert answer.body["id"] is None
    assert (await client.send(pings)).status == 200


async def test_so_is_a_caller_who_would_be_looked_up_in_a_thread(
    settings: Any,
) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "THREADS": 1, "MAX_WAITING": 2}
    shop = Shop(authenticators=[Named(blocking=True)])
    client = Client(shop.server.asgi)
    try:
        async with crowd(shop, client):
            answer = await client.call("look")
            assert (answer.status, answer.code) == (503, 503)
            for method in ("GET", "DELETE"):
                other = await client.send(None, method=method)
                assert other.status == 503
                assert other.headers["retry-after"]
    finally:
        shop.open.set()


async def test_the_log_says_it_once_a_minute(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    client = Client(shop.server.asgi)
    async with crowd(shop, client):
        for _ in range(3):
            await client.call("hold")
    (told,) = (r for r in caplog.records if r.name == "django_mcp")
    assert told.levelno == logging.ERROR
    assert told.getMessage().startswith("2 calls wait for a thread")


async def test_under_the_view_there_is_no_pool_to_wait_for(
    shop: Shop, settings: Any
) -> None:
    settings.ROOT_URLCONF = (path("mcp", shop.server.urls),)
    async with crowd(shop, Client(shop.server.asgi)):
        answer = await Client(ASGIHandler()).call("look")
        assert answer.text == "seen"
