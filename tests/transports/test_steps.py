"""A coroutine's first step, and the rest of it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from django_mcp.transports.steps import Rest


async def awaited(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Take the first step here, and await what is left."""
    return await Rest(coroutine, coroutine.send(None))


async def test_the_rest_runs_to_the_end() -> None:
    seen = []

    async def work() -> None:
        for number in range(3):
            await asyncio.sleep(0)
            seen.append(number)

    await awaited(work())
    assert seen == [0, 1, 2]


async def test_the_rest_gets_what_it_waited_for() -> None:
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.set_result, "answer")
    seen = []

    async def work() -> str:
        seen.append(await future)
        return "done"

    assert await awaited(work()) == "done"
    assert seen == ["answer"]


async def test_an_error_of_the_rest_is_raised() -> None:
    async def work() -> None:
        await asyncio.sleep(0)
        raise LookupError("late")

    with pytest.raises(LookupError, match="late"):
        await awaited(work())


async def test_a_cancellation_reaches_the_rest_which_may_clean_up() -> None:
    cleaned = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append(True)

    task = asyncio.ensure_future(awaited(work()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cleaned


async def test_timeouts_belong_to_the_task_that_awaits_the_rest() -> None:
    async def work() -> None:
        await asyncio.sleep(0)
        async with asyncio.timeout(0.01):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await awaited(work())
