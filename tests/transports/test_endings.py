"""What ends a call, and what must not reach its answer any more.

Beside ``test_wire.py``, on a server of its own.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

from django_mcp import Context, MCPServer
from django_mcp.protocol.messages import LOG_LEVEL_KEY
from tests.wire import PATIENCE, Client, Named, note

LOUD = {LOG_LEVEL_KEY: "debug"}


class Held:
    """A server whose tool runs in a thread until it is let go."""

    def __init__(self) -> None:
        self.server = MCPServer("held", authenticators=[Named()])
        self.began, self.go_on = threading.Event(), threading.Event()
        self.ended = threading.Event()
        self.server.tool(self.late, timeout=0.05, read_only=True)
        self.server.tool(self.wait, read_only=True)

    def late(self, context: Context) -> str:
        """Take too long, and talk afterwards."""
        self.go_on.wait(PATIENCE)
        context.log("error", "too late")
        self.ended.set()
        return "never"

    async def wait(self) -> str:
        """Run until cancelled."""
        self.began.set()
        await asyncio.Event().wait()
        return "never"


@pytest.fixture
async def held() -> AsyncIterator[Held]:
    held = Held()
    yield held
    held.go_on.set()


async def test_a_thread_that_outlives_its_call_says_nothing_more(held: Held) -> None:
    client = Client(held.server.asgi)
    sent = client.message("tools/call", {"name": "late", "_meta": LOUD})
    async with client.visit(sent) as visit:
        answer = await client.answer(visit, sent)
        assert not answer.is_stream
        assert answer.result["isError"]
        held.go_on.set()
        assert await asyncio.to_thread(held.ended.wait, PATIENCE)


async def test_a_call_may_be_cancelled_twice(held: Held) -> None:
    client = await Client(held.server.asgi, "2025-11-25").open()
    sent = client.message("tools/call", {"name": "wait"})
    async with client.visit(sent) as visit:
        assert await asyncio.to_thread(held.began.wait, PATIENCE)
        cancelled = note("notifications/cancelled", {"requestId": sent["id"]})
        await client.send(cancelled)
        await visit.begin()
        await client.send(cancelled)
        assert (await client.answer(visit, sent)).body is None
        await visit.finished()


async def test_a_call_on_another_loop_can_be_cancelled(held: Held) -> None:
    client = await Client(held.server.asgi, "2025-11-25").open()
    sent = client.message("tools/call", {"name": "wait"})
    answers: list[Any] = []

    async def elsewhere() -> None:
        async with client.visit(sent) as visit:
            answers.append(await client.answer(visit, sent))

    # In debug mode a loop refuses what does not come from its own thread.
    thread = threading.Thread(target=lambda: asyncio.run(elsewhere(), debug=True))
    thread.start()
    assert await asyncio.to_thread(held.began.wait, PATIENCE)
    cancelled = note("notifications/cancelled", {"requestId": sent["id"]})
    assert (await client.send(cancelled)).status == 202
    await asyncio.to_thread(thread.join, PATIENCE)
    assert [answer.body for answer in answers] == [None]


async def test_in_a_batch_each_call_has_its_own_time(held: Held) -> None:
    @held.server.tool(read_only=True)
    async def steady() -> str:
        """Take longer than its neighbour may."""
        await asyncio.sleep(0.2)
        return "done"

    old = Client(held.server.asgi, "2025-03-26")
    await old.open()
    calls = [
        old.message("tools/call", {"name": name}) for name in ("late", "steady", "late")
    ]
    answer = await old.send(calls)
    late, done, later = (reply["result"] for reply in answer.body)
    assert done["content"][0]["text"] == "done"
    for result in (late, later):
        assert result["isError"]
        assert "too long" in result["content"][0]["text"]


async def test_a_resource_and_a_prompt_have_their_time_too(held: Held) -> None:
    def hang() -> str:
        held.go_on.wait(PATIENCE)
        return "never"

    held.server.resource("held://hang", hang, timeout=0.05)
    held.server.resource("held://{name}/hang", lambda name: hang(), timeout=0.05)
    held.server.prompt(hang, name="hang", timeout=0.05)
    client = Client(held.server.asgi)
    for method, params in (
        ("resources/read", {"uri": "held://hang"}),
        ("resources/read", {"uri": "held://this/hang"}),
        ("prompts/get", {"name": "hang"}),
    ):
        answer = await client.send(client.message(method, params))
        assert "too long" in answer.body["error"]["message"]
