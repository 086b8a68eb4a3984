"""Threads that work for tasks: what arrives, what is given up, what is left."""

from __future__ import annotations

import asyncio
import gc
import random
import threading
import time
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
import pytest

from django_mcp.pool import Crossing, Pool


async def soon(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


async def test_values_and_errors_arrive() -> None:
    pool = Pool("arrive", 2)
    assert await pool.run(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await pool.run(lambda: 1 / 0)
    with pytest.raises(RuntimeError, match="StopIteration"):
        await pool.run(partial(next, iter(())))


async def test_every_way_to_wait_for_several_works() -> None:
    pool = Pool("several", 3)
    assert await asyncio.gather(*(pool.run(partial(int, n)) for n in range(9))) == [
        *range(9)
    ]
    assert await asyncio.wait_for(pool.run(lambda: 1), 5) == 1
    assert await asyncio.shield(pool.run(lambda: 2)) == 2
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(pool.run(partial(int, n))) for n in range(9)]
    assert [task.result() for task in tasks] == [*range(9)]


async def test_tasks_in_python_work_as_those_in_c() -> None:
    """Asyncio has both, and loops may bring their own."""
    pool, kind = Pool("python", 1), asyncio.tasks._PyTask  # type: ignore[attr-defined]
    loop = asyncio.get_running_loop()
    assert await kind(pool.run(lambda: 7), loop=loop) == 7
    release = threading.Event()
    waiting = kind(pool.run(lambda: release.wait(5)), loop=loop)
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    release.set()


async def test_who_gives_up_waits_no_longer_and_hears_nothing_more() -> None:
    pool = Pool("given up", 1)
    began, release, ended = threading.Event(), threading.Event(), threading.Event()

    def fail() -> None:
        began.set()
        release.wait(5)
        ended.set()
        raise LookupError

    task = asyncio.ensure_future(pool.run(fail))
    await soon(began.is_set)
    async with asyncio.timeout(5):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    release.set()
    await soon(lambda: ended.is_set() and pool._unfinished == 0)
    assert await pool.run(lambda: 7) == 7


async def test_who_cancelled_is_told_its_own_words() -> None:
    """By them anyio knows a cancellation for its own."""
    pool, release = Pool("words", 1), threading.Event()
    with anyio.move_on_after(0.01) as scope:
        await pool.run(partial(release.wait, 5))
    assert scope.cancelled_caught
    task = asyncio.ensure_future(pool.run(partial(release.wait, 5)))
    await asyncio.sleep(0)
    task.cancel("because")
    with pytest.raises(asyncio.CancelledError, match="because"):
        await task
    release.set()


async def test_a_function_that_hangs_keeps_nothing_of_a_call_given_up() -> None:
    pool, release, began = Pool("keeps", 1), threading.Event(), threading.Event()

    def hang() -> None:
        began.set()
        release.wait(5)

    task = asyncio.ensure_future(pool.run(hang))
    await soon(began.is_set)
    task.cancel()
    await asyncio.wait([task])
    gone = weakref.ref(task)
    del task
    await asyncio.sleep(0)
    gc.collect()
    assert gone() is None
    release.set()


async def test_without_a_thread_the_call_fails_and_nothing_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    pool = Pool("none", 2)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        async with asyncio.timeout(5):
            with pytest.raises(RuntimeError, match="new thread"):
                await pool.run(lambda: 7)
    assert await pool.run(lambda: 7) == 7
    release = threading.Event()
    busy = asyncio.ensure_future(pool.run(partial(release.wait, 5)))
    await asyncio.sleep(0)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        queued = asyncio.ensure_future(pool.run(lambda: 8))
        await asyncio.sleep(0)
    release.set()
    async with asyncio.timeout(5):
        assert await queued == 8
    await busy


async def test_a_time_limit_ends_the_waiting() -> None:
    pool, release = Pool("limit", 1), threading.Event()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await pool.run(lambda: release.wait(5))
    release.set()


async def test_giving_up_just_when_it_ends_ends_it_once() -> None:
    pool, dice = Pool("race", 4), random.Random(1)

    def work() -> int:
        time.sleep(dice.random() / 2000)
        return 7

    tasks = [asyncio.ensure_future(pool.run(work)) for _ in range(400)]
    for task in tasks:
        await asyncio.sleep(dice.random() / 4000)
        task.cancel()
    async with asyncio.timeout(5):
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(
        outcome == 7 or isinstance(outcome, asyncio.CancelledError)
        for outcome in outcomes
    )
    await soon(lambda: pool._unfinished == 0)


async def test_nothing_is_left_of_a_call_that_failed() -> None:
    """An error holds its traceback, and that must not hold the error."""
    pool = Pool("left", 1)
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await pool.run(lambda: 1 / 0)
        await pool.run(lambda: None)  # the thread has dropped the others by now
        left = [one for one in gc.get_objects() if type(one) is Crossing]
        assert len(left) <= 1  # and the last one soon
    finally:
        gc.enable()


def test_a_loop_that_has_ended_is_told_nothing() -> None:
    pool, release = Pool("ended", 1), threading.Event()

    async def leave() -> None:
        task = asyncio.ensure_future(pool.run(lambda: release.wait(5)))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

    async def later() -> Any:
        async with asyncio.timeout(5):
            return await pool.run(lambda: 7)

    asyncio.run(leave())
    release.set()
    assert asyncio.run(later()) == 7


async def test_a_call_that_was_given_up_and_hangs_holds_up_nobody() -> None:
    pool, release = Pool("hangs", 2), threading.Event()
    hanging = asyncio.ensure_future(pool.run(release.wait))
    try:
        await asyncio.sleep(0)
        hanging.cancel()
        await asyncio.wait([hanging], timeout=5)
        async with asyncio.timeout(5):
            assert await pool.run(lambda: 7) == 7
    finally:
        release.set()


async def test_a_call_that_was_given_up_before_it_began_never_begins() -> None:
    pool, release, ran = Pool("queued", 1), threading.Event(), list[int]()
    busy = asyncio.ensure_future(pool.run(lambda: release.wait(5)))
    queued = asyncio.ensure_future(pool.run(lambda: ran.append(1)))
    await asyncio.sleep(0)
    queued.cancel()
    await asyncio.wait([queued], timeout=5)
    release.set()
    async with asyncio.timeout(5):
        assert await busy
        assert await pool.run(lambda: ran) == []
