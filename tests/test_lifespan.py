"""A server's lifespan: entered once, on first use; left by whoever can."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from django_mcp import Context, MCPServer
from django_mcp.auth import AllowAnonymous
from django_mcp.lifespan import Lifespan
from tests.wire import PATIENCE, Client


class Pool:
    """Something a project opens once, and how often it was."""

    def __init__(self, *, fails: int = 0) -> None:
        self.fails = fails
        self.entered = self.left = 0
        self.task: asyncio.Task[Any] | None = None

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[Pool]:
        if self.fails:
            self.fails -= 1
            raise ConnectionError("The pool is dry.")
        self.entered += 1
        self.task = asyncio.current_task()
        try:
            await asyncio.sleep(0)
            yield self
        finally:
            assert self.task is asyncio.current_task()
            self.left += 1


def served(pool: Pool) -> MCPServer:
    server = MCPServer("pool", authenticators=[AllowAnonymous()], lifespan=pool)

    @server.tool
    async def held(context: Context) -> bool:
        return context.lifespan is pool

    @server.tool(atomic=False)
    def held_by_a_thread(context: Context) -> bool:
        return context.lifespan is pool

    return server


class Server:
    """What an ASGI server says over the length of its life."""

    def __init__(self, app: Any) -> None:
        self._in: asyncio.Queue[Any] = asyncio.Queue()
        self._out: asyncio.Queue[Any] = asyncio.Queue()
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}}
        self._task = asyncio.create_task(app(scope, self._in.get, self._out.put))

    async def say(self, what: str) -> str:
        await self._in.put({"type": f"lifespan.{what}"})
        async with asyncio.timeout(PATIENCE):
            answer: str = (await self._out.get())["type"]
        return answer

    async def ended(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self._task


async def test_a_server_without_one_has_nothing_to_enter() -> None:
    lifespan = Lifespan(None)
    assert not lifespan.given
    assert await lifespan.enter() is None
    await lifespan.close()


async def test_it_is_entered_by_the_first_call_and_held_by_all() -> None:
    pool = Pool()
    server = served(pool)
    assert pool.entered == 0
    client = Client(server.asgi)
    for tool in ("held", "held_by_a_thread", "held"):
        assert (await client.call(tool)).text == "true"
    assert (pool.entered, pool.left) == (1, 0)
    await server.lifespan.close()
    assert (pool.entered, pool.left) == (1, 1)


async def test_calls_at_the_same_time_enter_it_once() -> None:
    pool = Pool()
    server = served(pool)
    calls = [Client(server.asgi).call("held") for _ in range(10)]
    assert {answer.text for answer in await asyncio.gather(*calls)} == {"true"}
    assert pool.entered == 1
    await server.lifespan.close()


async def test_a_caller_who_leaves_takes_it_from_nobody() -> None:
    lifespan = Lifespan(pool := Pool())
    first = asyncio.create_task(lifespan.enter())
    second = asyncio.create_task(lifespan.enter())
    await asyncio.sleep(0)
    first.cancel()
    assert await second is pool
    await lifespan.close()
    assert (pool.entered, pool.left) == (1, 1)


async def test_the_server_may_offer_to_close_it() -> None:
    pool = Pool()
    app = served(pool).asgi
    server = Server(app)
    assert await server.say("startup") == "lifespan.startup.complete"
    assert pool.entered == 0
    await Client(app).call("held")
    assert await server.say("shutdown") == "lifespan.shutdown.complete"
    await server.ended()
    assert (pool.entered, pool.left) == (1, 1)


async def test_what_was_never_entered_is_not_left() -> None:
    pool = Pool()
    server = Server(served(pool).asgi)
    await server.say("startup")
    assert await server.say("shutdown") == "lifespan.shutdown.complete"
    assert (pool.entered, pool.left) == (0, 0)


async def test_one_that_fails_answers_503_and_is_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pool = Pool(fails=2)
    server = served(pool)
    client = Client(server.asgi)
    with caplog.at_level(logging.ERROR, "django_mcp"):
        for _ in range(2):
            answer = await client.call("held")
            assert answer.status == 503
            assert "dry" not in answer.text
    assert caplog.text.count("The pool is dry.") >= 2
    assert (await client.call("held")).text == "true"
    await server.lifespan.close()


async def test_it_may_be_entered_again_after_it_was_closed() -> None:
    lifespan = Lifespan(pool := Pool())
    for times in (1, 2):
        assert await lifespan.enter() is pool
        await lifespan.close()
        assert (pool.entered, pool.left) == (times, times)


def test_it_is_left_when_the_loop_is_wound_up() -> None:
    lifespan = Lifespan(pool := Pool())
    asyncio.run(lifespan.enter())
    assert (pool.entered, pool.left) == (1, 1)


def test_each_loop_has_its_own() -> None:
    lifespan = Lifespan(pool := Pool())
    asyncio.run(lifespan.enter())
    asyncio.run(lifespan.enter())
    assert (pool.entered, pool.left) == (2, 2)


def test_a_loop_that_was_stopped_but_not_closed_is_run_once_more_at_exit() -> None:
    lifespan = Lifespan(pool := Pool())
    loop = asyncio.new_event_loop()
    loop.run_until_complete(lifespan.enter())
    assert (pool.entered, pool.left) == (1, 0)
    lifespan.close_at_exit()
    lifespan.close_at_exit()
    assert (pool.entered, pool.left) == (1, 1)
    loop.close()
