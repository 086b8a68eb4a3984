"""The one crossing: in whose thread, with whose context, how many at once."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import Any

import pytest
from django.db import connection
from django.urls import get_script_prefix

from django_mcp.threads import ASIDE, aside, in_django_thread, in_pool

CROSSINGS = [in_pool, in_django_thread, aside]
variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")


@pytest.mark.parametrize("cross", CROSSINGS)
async def test_a_function_runs_in_another_thread(cross: Any) -> None:
    assert await cross(threading.get_ident) != threading.get_ident()
    assert await cross(pow, 2, 3) == 8


@pytest.mark.parametrize("cross", CROSSINGS)
async def test_what_is_raised_arrives(cross: Any) -> None:
    with pytest.raises(ZeroDivisionError):
        await cross(divmod, 1, 0)
    assert await cross(pow, 2, 3) == 8


@pytest.mark.parametrize("cross", [in_pool, in_django_thread])
async def test_context_variables_come_along(cross: Any) -> None:
    variable.set("here")
    assert await cross(variable.get) == "here"


async def test_the_pool_runs_several_at_once_and_no_more(settings: Any) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "THREADS": 3}
    barrier = threading.Barrier(3, timeout=5)
    await asyncio.gather(*(in_pool(barrier.wait) for _ in range(3)))
    names = await asyncio.gather(
        *(in_pool(lambda: threading.current_thread().name) for _ in range(20))
    )
    assert len(set(names)) <= 3


async def test_without_threads_of_its_own_it_is_djangos(settings: Any) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "THREADS": 0}
    assert await in_pool(threading.get_ident) == await in_django_thread(
        threading.get_ident
    )


@pytest.mark.parametrize("threads", [0, 2])
async def test_addresses_have_the_prefix_of_the_site(
    settings: Any, threads: int
) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "THREADS": threads}
    before = get_script_prefix()
    settings.FORCE_SCRIPT_NAME = "/shop"
    assert await in_pool(get_script_prefix) == "/shop/"
    settings.FORCE_SCRIPT_NAME = None
    assert await in_pool(get_script_prefix) == before


async def test_a_full_pool_does_not_stop_what_runs_aside(settings: Any) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "THREADS": 1}
    release = threading.Event()
    busy = asyncio.ensure_future(in_pool(release.wait, 5))
    try:
        async with asyncio.timeout(5):
            assert await aside(pow, 2, 3) == 8
        assert ASIDE > 0
    finally:
        release.set()
        await busy


@pytest.mark.django_db(transaction=True)
async def test_an_open_transaction_is_not_left_to_the_next_call(settings: Any) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "THREADS": 1}

    def leave_open() -> None:
        connection.set_autocommit(False)

    await in_pool(leave_open)
    assert await in_pool(connection.get_autocommit) is True
