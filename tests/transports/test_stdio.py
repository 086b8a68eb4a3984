"""A conversation over two pipes, in this process: calls, changes, questions."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User

from django_mcp import Context, MCPServer, Resource, Tool
from django_mcp.auth.base import Principal
from django_mcp.transports.stdio import MemoryNotes
from tests.wire import (
    PATIENCE,
    Pipe,
    initialize,
    message,
    note,
    stateless,
    stdio_client,
)

HANDSHAKE = "2025-11-25"


class Work:
    """A server whose tools can be held, and which remembers what they did."""

    def __init__(self) -> None:
        self.server = MCPServer("work")
        self.gate = asyncio.Event()
        self.two = asyncio.Event()
        self.begun: list[str] = []
        self.cancelled: list[str] = []
        self.most = self.now = 0
        self.server.tool(self.held)
        self.server.tool(self.echo)
        self.server.tool(self.count)
        self.server.tool(self.late, timeout=0.05)
        self.server.tool(self.greet, atomic=False)

    async def held(self, name: str) -> str:
        """Wait for the gate."""
        self.begun.append(name)
        self.now += 1
        if len(self.begun) == 2:
            self.two.set()
        self.most = max(self.most, self.now)
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled.append(name)
            raise
        finally:
            self.now -= 1
        return name

    async def echo(self, text: str) -> str:
        """Say it back."""
        return text

    async def count(self, context: Context) -> str:
        """Tell of two steps."""
        await context.aprogress(1, 2)
        await asyncio.sleep(0.03)
        await context.aprogress(2, 2)
        return "Counted."

    async def late(self, context: Context) -> str:
        """Never end."""
        await asyncio.Event().wait()
        return ""

    def greet(self, context: Context) -> str:
        """Ask."""
        return "yes" if context.confirm("Really?") else "no"


@pytest.fixture
async def work() -> Work:
    return Work()


def call(name: str, id: Any = 1, /, **arguments: Any) -> dict[str, Any]:
    return stateless("tools/call", {"name": name, "arguments": arguments}, id)


def text(answer: Any) -> str:
    return str(answer["result"]["content"][0]["text"])


async def opened(pipe: Pipe, **capabilities: Any) -> None:
    await pipe.ask(initialize(HANDSHAKE, capabilities), HANDSHAKE)
    pipe.send(note("notifications/initialized"))


# -- calls -----------------------------------------------------------------------


async def test_an_id_that_is_being_served_is_refused(work: Work) -> None:
    async with stdio_client(work.server) as pipe:
        pipe.send(call("held", 1, name="first"))
        pipe.send(call("echo", 1, text="second"))
        refused = await pipe.receive()
        assert "already" in refused["error"]["message"]
        assert (
            text(await pipe.ask(call("echo", "1", text="another id"))) == "another id"
        )
        work.gate.set()
        assert text(await pipe.receive()) == "first"
        assert text(await pipe.ask(call("echo", 1, text="now"))) == "now"


async def test_progress_comes_before_the_result(work: Work) -> None:
    async with stdio_client(work.server) as pipe:
        params = {"name": "count", "arguments": {}}
        pipe.send(stateless("tools/call", params, progressToken=7))
        told = [await pipe.receive() for _ in range(3)]
        assert [m.get("params", {}).get("progress") for m in told] == [1, 2, None]
        assert text(told[-1]) == "Counted."


async def test_a_call_that_takes_too_long_is_given_up(work: Work) -> None:
    async with stdio_client(work.server) as pipe:
        answer = await pipe.ask(call("late"))
        assert answer["result"]["isError"]
        assert "too long" in text(answer)


@pytest.mark.parametrize("era", ["stateless", "handshake"])
async def test_a_cancelled_call_ends_and_is_not_answered(work: Work, era: str) -> None:
    async with stdio_client(work.server) as pipe:
        if era == "handshake":
            await opened(pipe)
        params = {"name": "held", "arguments": {"name": "a"}}
        make = stateless if era == "stateless" else message
        pipe.send(make("tools/call", params, 1))
        params = {"name": "echo", "arguments": {"text": "x"}}
        revision = "2026-07-28" if era == "stateless" else HANDSHAKE
        await pipe.ask(make("tools/call", params, 2), revision)
        assert work.begun == ["a"]
        pipe.send(note("notifications/cancelled", {"requestId": 1}))
        answer = await pipe.ask(make("tools/call", params, 3), revision)
        assert answer["id"] == 3
        assert work.cancelled == ["a"]


async def test_a_call_cancelled_before_it_begins_leaves_no_trace(work: Work) -> None:
    async with stdio_client(work.server) as pipe:
        for id in range(3):
            pipe.send(call("held", id, name=str(id)))
            pipe.send(note("notifications/cancelled", {"requestId": id}))
        assert text(await pipe.ask(call("echo", 0, text="again"))) == "again"
        assert work.begun == work.cancelled


async def test_too_many_calls_wait_for_their_turn(work: Work, settings: Any) -> None:
    settings.DJANGO_MCP = {"MAX_CALLS": 2}
    async with stdio_client(work.server) as pipe:
        for id in range(30):
            pipe.send(call("held", id, name=str(id)))
        async with asyncio.timeout(PATIENCE):
            await work.two.wait()
        work.gate.set()
        answers = [await pipe.receive() for _ in range(30)]
        assert {text(answer) for answer in answers} == set(map(str, range(30)))
        assert work.most <= 2


async def test_a_batch_gets_one_line_of_answers(work: Work) -> None:
    async with stdio_client(work.server) as pipe:
        await pipe.ask(initialize("2025-03-26"), "2025-03-26")
        echo = {"name": "echo", "arguments": {"text": "a"}}
        pipe.send(
            [
                message("tools/call", echo, 1),
                note("notifications/cancelled", {"requestId": 9}),
                message("ping", None, 2),
            ]
        )
        answers: Any = await pipe.receive()
        assert [answer["id"] for answer in answers] == [1, 2]


# -- who is calling ----------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
async def test_a_permission_given_meanwhile_counts(work: Work, settings: Any) -> None:
    settings.DJANGO_MCP = {"THREADS": 0}
    work.server.tool(lambda: "Yes.", name="guarded", permission="auth.view_user")
    user = await User.objects.acreate(username="alice")
    async with stdio_client(work.server, Principal(user=user)) as pipe:
        assert "error" in await pipe.ask(call("guarded"))
        permission = await Permission.objects.aget(codename="view_user")
        await user.user_permissions.aadd(permission)
        assert text(await pipe.ask(call("guarded"))) == "Yes."


# -- asking --------------------------------------------------------------------------


async def test_a_question_is_asked_and_answered(work: Work) -> None:
    async with stdio_client(work.server) as pipe:
        await opened(pipe, elicitation={})
        pipe.send(message("tools/call", {"name": "greet", "arguments": {}}))
        question = await pipe.receive()
        assert question["method"] == "elicitation/create"
        result = {"action": "accept", "content": {"confirm": True}}
        reply = {"jsonrpc": "2.0", "id": question["id"], "result": result}
        pipe.send(reply)
        assert text(await pipe.receive()) == "yes"


# -- changes -------------------------------------------------------------------------


async def test_each_subscription_hears_what_it_asked_for(work: Work) -> None:
    async with stdio_client(work.server) as pipe:
        tools = {"notifications": {"toolsListChanged": True}}
        work.server.add(Resource(name="a", uri="test://a", read=lambda context: ""))
        resource = {"notifications": {"resourceSubscriptions": ["test://a"]}}
        pipe.send(stateless("subscriptions/listen", tools, "tools"))
        pipe.send(stateless("subscriptions/listen", resource, 2))
        assert {(await pipe.receive())["method"] for _ in range(2)} == {
            "notifications/subscriptions/acknowledged"
        }
        work.server.add(Tool(name="new", call=lambda context, arguments: 1))
        heard = await pipe.receive()
        assert heard["method"] == "notifications/tools/list_changed"
        key = "io.modelcontextprotocol/subscriptionId"
        assert heard["params"]["_meta"][key] == "tools"
        await work.server.anotify_resource_updated("test://b")
        await work.server.anotify_resource_updated("test://a")
        heard = await pipe.receive()
        assert heard["params"]["uri"] == "test://a"
        assert heard["params"]["_meta"][key] == 2
        pipe.send(note("notifications/cancelled", {"requestId": 2}))
        assert text(await pipe.ask(call("echo", text="x"))) == "x"
        await work.server.anotify_resource_updated("test://a")
        assert text(await pipe.ask(call("echo", text="silence"))) == "silence"


async def test_a_subscription_for_nonsense_is_refused(work: Work) -> None:
    async with stdio_client(work.server) as pipe:
        sent = stateless("subscriptions/listen", {"notifications": 7})
        assert (await pipe.ask(sent))["error"]["code"] == -32602


async def test_a_session_hears_of_lists_and_of_its_resources(work: Work) -> None:
    work.server.resource("test://a", lambda: "a", name="a")
    async with stdio_client(work.server) as pipe:
        await opened(pipe)
        sent = message("resources/subscribe", {"uri": "test://a"})
        assert (await pipe.ask(sent, HANDSHAKE))["result"] == {}
        work.server.add(Tool(name="new", call=lambda context, arguments: 1))
        heard = await pipe.receive()
        assert heard["method"] == "notifications/tools/list_changed"
        await work.server.anotify_resource_updated("test://a")
        assert (await pipe.receive())["params"] == {"uri": "test://a"}


def test_notes_keep_what_is_not_given() -> None:
    notes = MemoryNotes()
    notes.write(log_level="error")
    notes.write(added=frozenset({"test://a"}))
    assert notes.log_level == "error"
    assert notes.uris == {"test://a"}


@pytest.mark.parametrize("mode", ["sync", "async"])
async def test_a_tool_that_exits_ends_its_call_and_nothing_else(
    work: Work, mode: str
) -> None:
    def leave() -> None:
        raise SystemExit(3)

    async def aleave() -> None:
        raise SystemExit(3)

    work.server.tool(leave if mode == "sync" else aleave, name="leave", atomic=False)
    async with stdio_client(work.server) as pipe:
        assert "error" in await pipe.ask(call("leave"))
        assert text(await pipe.ask(call("echo", text="still there"))) == "still there"
