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

from django_mcp import MCPServer, sessions
from django_mcp.transports import line
from tests.wire import REVISIONS, Client, Named

GONE = {"requestId": 4711}
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
    line._told.forget()
    shop = Shop(authenticators=[Named()])
    yield shop
    shop.open.set()


async def held(shop: Shop) -> None:
    async with asyncio.timeout(5):
        while not shop.held.acquire(blocking=False):
            await asyncio.sleep(0.001)


async def full() -> None:
    async with asyncio.timeout(5):
        while not line.is_full():
            await asyncio.sleep(0.001)


@asynccontextmanager
async def crowd(shop: Shop, client: Client) -> Any:
    """Occupy the thread, and let as many calls wait as may; then open the door."""
    calls = [asyncio.create_task(client.call("hold"))]
    await held(shop)
    calls += [asyncio.create_task(client.call("hold")) for _ in range(2)]
    await full()
    yield calls
    shop.open.set()
    assert {answer.text for answer in await asyncio.gather(*calls)} == {"open"}
    assert not line._calls


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


async def test_a_batch_stands_in_line_as_one(shop: Shop) -> None:
    client = await Client(shop.server.asgi, "2025-03-26").open()
    tasks = [asyncio.create_task(client.call("hold"))]
    await held(shop)
    for _ in range(2):
        calls = [client.message("tools/call", {"name": "hold"}) for _ in range(3)]
        tasks.append(asyncio.create_task(client.send(calls)))
    await full()
    assert (await client.call("hold")).status == 503
    shop.open.set()
    answers = await asyncio.gather(*tasks)
    assert [len(answer.body) for answer in answers[1:]] == [3, 3]


@pytest.fixture
def careful(shop: Shop, settings: Any) -> Iterator[Shop]:
    """A server that looks callers up in a thread."""
    careful = Shop(authenticators=[Named(blocking=True)])
    yield careful
    careful.open.set()


async def test_so_is_a_caller_who_would_be_looked_up_in_a_thread(careful: Shop) -> None:
    client = Client(careful.server.asgi)
    async with crowd(careful, client):
        answer = await client.call("look")
        assert (answer.status, answer.code) == (503, 503)
        assert answer.body["id"] is None
        for body in (b"{", b"7", b"[]"):
            assert (await client.send(None, body=body)).status == 503


async def test_what_calls_that_run_wait_for_does_not_stand_in_line(
    careful: Shop,
) -> None:
    """Else nobody could answer what was asked, or end what takes too long."""
    client = await Client(careful.server.asgi, "2025-11-25").open()
    async with crowd(careful, client) as calls:
        told = asyncio.create_task(client.tell("notifications/cancelled", GONE))
        answered = asyncio.create_task(client.reply({"id": "gone"}, {}))
        ended = asyncio.create_task(client.send(None, method="DELETE"))
        await asyncio.sleep(0.05)
        assert not any(task.done() for task in (told, answered, ended, *calls))
        careful.open.set()
        assert (await told).status == 202
        assert await answered == 202
        assert (await ended).status == 204


async def test_who_gives_up_leaves_the_line(shop: Shop) -> None:
    client = Client(shop.server.asgi)
    async with crowd(shop, client) as calls:
        assert (await client.call("hold")).status == 503
        gone = calls.pop()
        gone.cancel()
        await asyncio.wait([gone])
        calls.append(asyncio.create_task(client.call("hold")))
        await asyncio.sleep(0.05)
        assert not calls[-1].done()


async def test_a_burst_that_finds_idle_threads_waits_for_nobody(
    shop: Shop, settings: Any
) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "THREADS": 8, "MAX_WAITING": 1}
    shop.open.set()
    client = Client(shop.server.asgi)
    calls = (client.call("hold") for _ in range(9))
    assert {answer.text for answer in await asyncio.gather(*calls)} == {"open"}
    assert not line._calls


async def test_the_log_says_it_once_a_minute(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    client = Client(shop.server.asgi)
    async with crowd(shop, client):
        for _ in range(3):
            await client.call("hold")
    (told,) = (r for r in caplog.records if r.name == "django_mcp")
    assert told.levelno == logging.ERROR
    assert told.getMessage().startswith("2 calls wait for one of 1 THREADS")


async def test_under_the_view_there_is_no_pool_to_wait_for(
    shop: Shop, settings: Any
) -> None:
    settings.ROOT_URLCONF = (path("mcp", shop.server.urls),)
    async with crowd(shop, Client(shop.server.asgi)):
        answer = await Client(ASGIHandler()).call("look")
        assert answer.text == "seen"
